package backup_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/backup"
	"turtus/services/postgres"
	"turtus/services/postgres/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

// place is a server that doesn't run: a database and a data folder.
type place struct {
	*testing.T
	backup.Source
	conn *pgx.Conn
}

func newPlace(t *testing.T, address string) *place {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	p := &place{T: t, Source: backup.Source{DatabaseURL: address, DataDir: dir, Dir: filepath.Join(dir, "backups"), Version: "test"}}
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	p.conn = conn
	return p
}

func (p *place) exec(sql string, args ...any) {
	p.Helper()
	_, err := p.conn.Exec(p.Context(), sql, args...)
	require.NoError(p, err)
}

func (p *place) count(sql string) (n int) {
	p.Helper()
	require.NoError(p, p.conn.QueryRow(p.Context(), sql).Scan(&n))
	return n
}

func (p *place) put(name, text string) {
	p.Helper()
	path := filepath.Join(p.DataDir, name)
	require.NoError(p, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(p, os.WriteFile(path, []byte(text), 0o600))
}

const awkward = "tab\there, line\nbreak, back\\slash, \\N, “ä”, 🐢"

// lived is a place with a bit of everything.
func lived(t *testing.T) *place {
	t.Helper()
	p := newPlace(t, pgtest.URL(t))
	ada, room := uuid.New(), uuid.New()
	p.exec(`INSERT INTO people (id, kind, username, display_name, avatar_color, password_hash) VALUES ($1, 'account', 'ada', 'Ada', 'blue', 'hash')`, ada)
	p.exec(`INSERT INTO avatars (person_id, content_type, picture) VALUES ($1, 'image/png', $2)`, ada, []byte{0, 1, '\\', '\n', 0xff})
	p.exec(`INSERT INTO rooms (id, slug, title, privacy, owner_id) VALUES ($1, 'movies', 'Movies', 'private', $2)`, room, ada)
	p.exec(`INSERT INTO members (room_id, person_id, role) VALUES ($1, $2, 'owner')`, room, ada)
	p.exec(`INSERT INTO messages (id, room_id, seq, author_id, author_name, key, text) VALUES ($1, $2, 1, $3, 'Ada', 'k', $4)`, uuid.New(), room, ada, awkward)
	p.exec(`INSERT INTO audit (action) SELECT 'x' FROM generate_series(1, 7)`)
	p.put("secrets/relay", "a secret")
	p.put("certs/deep/account.key", "a key")
	p.put("secrets/relay.new", "one in the making")
	p.put("turtus.lock", "1")
	p.put("database.url", "nowhere")
	p.put("postgres/data/PG_VERSION", "15")
	p.put("backups/old.tar.gz", "an old one")
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer syscall.Close(socket)
	require.NoError(t, syscall.Bind(socket, &syscall.SockaddrUnix{Name: filepath.Join(p.DataDir, "secrets/socket")}))
	return p
}

func (p *place) backUp() string {
	p.Helper()
	path := filepath.Join(p.T.TempDir(), "b.tar.gz")
	_, size, err := backup.Create(p.Context(), p.Source, path)
	require.NoError(p, err)
	info, err := os.Stat(path)
	require.NoError(p, err)
	require.Equal(p, size, info.Size())
	require.Equal(p, os.FileMode(0o600), info.Mode(), "it holds keys")
	return path
}

func (p *place) restore(path string, force bool) (backup.Restored, error) {
	p.Helper()
	f, err := os.Open(path)
	require.NoError(p, err)
	defer f.Close()
	m, err := backup.Check(f)
	require.NoError(p, err)
	return backup.Restore(p.Context(), f, m, p.Source, force)
}

func TestARestoreOntoAnEmptyBoxHasEverythingAgain(t *testing.T) {
	from := lived(t)
	path := from.backUp()
	for name, address := range map[string]string{"with no tables": pgtest.EmptyURL(t), "that a server has prepared": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			to := newPlace(t, address)
			r, err := to.restore(path, false)
			require.NoError(t, err)
			require.Empty(t, r.Before)
			require.Empty(t, r.LeftOut)

			var text, username, role string
			var picture []byte
			require.NoError(t, to.conn.QueryRow(t.Context(), `SELECT m.text, p.username, a.picture, b.role FROM messages m JOIN people p ON p.id = m.author_id
				JOIN avatars a ON a.person_id = p.id JOIN members b ON b.person_id = p.id`).Scan(&text, &username, &picture, &role))
			require.Equal(t, awkward, text)
			require.Equal(t, []any{"ada", []byte{0, 1, '\\', '\n', 0xff}, "owner"}, []any{username, picture, role})
			require.Equal(t, 7, to.count("SELECT count(*) FROM audit"))
			to.exec(`INSERT INTO audit (action) VALUES ('later')`)
			require.Equal(t, 8, to.count("SELECT max(id) FROM audit"), "numbers go on where they were")
			to.exec(`DELETE FROM people`)
			require.Zero(t, to.count("SELECT count(*) FROM rooms"), "the keys between tables are back")
			version, err := postgres.SchemaVersion(t.Context(), to.conn)
			require.NoError(t, err)
			require.Equal(t, postgres.NewestSchema(), version)

			var found []string
			require.NoError(t, filepath.Walk(to.DataDir, func(path string, info os.FileInfo, err error) error {
				require.NoError(t, err)
				if info.Mode().IsRegular() {
					name, _ := filepath.Rel(to.DataDir, path)
					found = append(found, name)
					require.Equal(t, os.FileMode(0o600), info.Mode(), name)
				}
				return nil
			}))
			require.Equal(t, []string{"certs/deep/account.key", "secrets/relay"}, found)
			secret, err := os.ReadFile(filepath.Join(to.DataDir, "secrets/relay"))
			require.NoError(t, err)
			require.Equal(t, "a secret", string(secret))
		})
	}
}

func TestNoBackupHoldsBackups(t *testing.T) {
	for name, where := range map[string]func(p *place) string{
		"in the data folder itself": func(p *place) string { return p.DataDir },
		"in a folder in it":         func(p *place) string { return filepath.Join(p.DataDir, "kept") },
		"by another path": func(p *place) string {
			link := filepath.Join(p.T.TempDir(), "link")
			require.NoError(p, os.Symlink(p.DataDir, link))
			return filepath.Join(link, "kept")
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, pgtest.URL(t))
			p.Dir = where(p)
			p.put("secrets/relay", "a secret")
			p.put("kept/anything", "of the folder")
			var entries []string
			for i := range 3 {
				m, _, err := backup.Create(t.Context(), p.Source, filepath.Join(p.Dir, backup.Name(time.Unix(int64(i), 0))))
				require.NoError(t, err)
				entries = nil
				for _, e := range m.Entries {
					if strings.HasPrefix(e.Name, "data/") {
						entries = append(entries, e.Name)
					}
				}
			}
			want := []string{"data/secrets/relay"}
			if p.Dir == p.DataDir {
				want = []string{"data/kept/anything", "data/secrets/relay"}
			}
			require.Equal(t, want, entries)
		})
	}
}

func TestABackupOfAnEarlierSchemaIsBroughtUp(t *testing.T) {
	from := newPlace(t, pgtest.EmptyURL(t))
	require.NoError(t, postgres.Rebuild(t.Context(), from.conn.Config(), 1))
	ada := uuid.New()
	from.exec(`INSERT INTO people (id, kind, username, display_name, avatar_color, password_hash) VALUES ($1, 'account', 'ada', 'Ada', 'blue', 'hash')`, ada)
	from.exec(`INSERT INTO rooms (id, slug, title, privacy, owner_id) VALUES ($1, 'open', 'Open', 'public', $2)`, uuid.New(), ada)
	from.exec(`INSERT INTO members SELECT rooms.id, people.id, 'guest' FROM rooms, people`)
	path := from.backUp()

	to := newPlace(t, pgtest.URL(t))
	_, err := to.restore(path, false)
	require.NoError(t, err)
	require.Equal(t, 1, to.count("SELECT count(*) FROM members WHERE role = 'member'"), "the third migration has met the rows of the first")
	require.Equal(t, 1, to.count("SELECT count(*) FROM rooms WHERE screen_width IS NULL"))
}

func TestATableOfManyPartsComesBackWhole(t *testing.T) {
	from := lived(t)
	from.exec(`INSERT INTO audit (action, detail) SELECT 'x', jsonb_build_object('n', n, 't', repeat(md5(n::text), 40)) FROM generate_series(1, 8000) n`)
	sum := "SELECT count(*) + sum((detail->>'n')::bigint) FROM audit WHERE detail ? 'n'"
	want := from.count(sum)
	path := from.backUp()
	to := newPlace(t, pgtest.EmptyURL(t))
	r, err := to.restore(path, false)
	require.NoError(t, err)
	several := false
	for _, table := range r.Database.Tables {
		several = several || table.Parts > 1
	}
	require.True(t, several)
	require.Equal(t, want, to.count(sum))
}

func TestWhatIsThereIsOnlyReplacedByForceAndAfterABackupOfIt(t *testing.T) {
	path := lived(t).backUp()
	to := lived(t)
	to.exec(`UPDATE people SET username = 'grace'`)
	_, err := to.restore(path, false)
	require.ErrorIs(t, err, backup.ErrNotEmpty)
	require.Equal(t, 1, to.count("SELECT count(*) FROM people WHERE username = 'grace'"))

	r, err := to.restore(path, true)
	require.NoError(t, err)
	require.Equal(t, 1, to.count("SELECT count(*) FROM people WHERE username = 'ada'"))
	_, err = to.restore(r.Before, true)
	require.NoError(t, err)
	require.Equal(t, 1, to.count("SELECT count(*) FROM people WHERE username = 'grace'"))
}

func TestARestoreWaitsForNoServer(t *testing.T) {
	path := lived(t).backUp()
	to := newPlace(t, pgtest.URL(t))
	pool, err := postgres.Open(t.Context(), to.DatabaseURL, postgres.Options{})
	require.NoError(t, err)
	_, err = to.restore(path, false)
	require.ErrorIs(t, err, backup.ErrServerRuns)
	pool.Close()
	require.Eventually(t, func() bool { // PostgreSQL's process of a connection ends a moment after it
		_, err = to.restore(path, false)
		return err == nil
	}, time.Minute, 20*time.Millisecond, err)
}

func TestABrokenRestoreIsSeenAndDoneAgain(t *testing.T) {
	path := lived(t).backUp()
	to := newPlace(t, pgtest.URL(t))
	ctx, cancel := context.WithCancel(t.Context())
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	m, err := backup.Check(f)
	require.NoError(t, err)
	require.NoError(t, backup.Unfinished(to.DataDir))
	// The file ends between the two times that it is read.
	_, err = backup.Restore(ctx, &cutting{ReadSeeker: f, left: 200}, m, to.Source, false)
	cancel()
	require.Error(t, err)
	require.ErrorContains(t, backup.Unfinished(to.DataDir), "turtus restore")
	_, err = to.restore(path, false)
	require.NoError(t, err)
	require.NoError(t, backup.Unfinished(to.DataDir))
	require.Equal(t, 1, to.count("SELECT count(*) FROM messages"))
}

// cutting ends after left bytes.
type cutting struct {
	io.ReadSeeker
	left int
}

func (c *cutting) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.ReadSeeker.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// repack changes the entries of a backup, with a right gzip and tar around them.
func repack(t *testing.T, whole []byte, change func(name string, content []byte) (string, []byte)) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(whole))
	require.NoError(t, err)
	in := tar.NewReader(z)
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	out := tar.NewWriter(packed)
	for {
		header, err := in.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		content, err := io.ReadAll(in)
		require.NoError(t, err)
		name, content := change(header.Name, content)
		if name == "" {
			continue
		}
		require.NoError(t, out.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(content))}))
		_, err = out.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
	require.NoError(t, packed.Close())
	return b.Bytes()
}

func TestAFileThatIsNoWholeBackupIsRefusedWithASentence(t *testing.T) {
	p := lived(t)
	whole, err := os.ReadFile(p.backUp())
	require.NoError(t, err)
	_, err = backup.Check(bytes.NewReader(whole))
	require.NoError(t, err)

	same := func(name string, content []byte) (string, []byte) { return name, content }
	_, err = backup.Check(bytes.NewReader(repack(t, whole, same)))
	require.NoError(t, err, "packed anew it is still one")
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0x40
	noise := make([]byte, 5000)
	_, _ = rand.Read(noise)
	var foreign bytes.Buffer
	z := gzip.NewWriter(&foreign)
	_, _ = z.Write(noise)
	require.NoError(t, z.Close())
	on := func(prefix string, f func(name string, content []byte) (string, []byte)) []byte {
		return repack(t, whole, func(name string, content []byte) (string, []byte) {
			if strings.HasPrefix(name, prefix) {
				return f(name, content)
			}
			return name, content
		})
	}
	head := func(change func(h map[string]any)) []byte {
		return on("turtus-backup.json", func(name string, content []byte) (string, []byte) {
			var h map[string]any
			require.NoError(t, json.Unmarshal(content, &h))
			change(h)
			content, err := json.Marshal(h)
			require.NoError(t, err)
			return name, content
		})
	}
	for name, c := range map[string]struct {
		content []byte
		want    error
	}{
		"empty":            {nil, backup.ErrNotABackup},
		"text":             {[]byte("a letter"), backup.ErrNotABackup},
		"noise":            {noise, backup.ErrNotABackup},
		"gzip of noise":    {foreign.Bytes(), backup.ErrNotABackup},
		"another's tar":    {on("turtus-backup.json", func(string, []byte) (string, []byte) { return "", nil }), backup.ErrNotABackup},
		"another's head":   {head(func(h map[string]any) { h["program"] = "other" }), backup.ErrNotABackup},
		"a newer format":   {head(func(h map[string]any) { h["format"] = 2; h["version"] = "v9" }), backup.ErrTooNew},
		"a flipped bit":    {flipped, backup.ErrDamaged},
		"cut in half":      {whole[:len(whole)/2], backup.ErrDamaged},
		"the end is cut":   {whole[:len(whole)-4], backup.ErrDamaged},
		"something behind": {append(bytes.Clone(whole), "tail"...), backup.ErrDamaged},
		"no manifest":      {on("manifest.json", func(string, []byte) (string, []byte) { return "", nil }), backup.ErrDamaged},
		"another secret": {on("data/secrets/relay", func(name string, content []byte) (string, []byte) {
			return name, bytes.ToUpper(content)
		}), backup.ErrDamaged},
		"a file less": {on("data/secrets/relay", func(string, []byte) (string, []byte) { return "", nil }), backup.ErrDamaged},
		"a way out":   {escaping(t, whole), backup.ErrDamaged},
	} {
		_, err := backup.Check(bytes.NewReader(c.content))
		require.ErrorIs(t, err, c.want, name)
		require.Greater(t, len(strings.Fields(err.Error())), 8, "%s: says what to do: %s", name, err)
	}

	newer := repack(t, whole, func(name string, content []byte) (string, []byte) {
		return name, bytes.Replace(content, fmt.Appendf(nil, `"schema": %d`, postgres.NewestSchema()), []byte(`"schema": 9999`), 1)
	})
	path := filepath.Join(t.TempDir(), "newer")
	require.NoError(t, os.WriteFile(path, newer, 0o600))
	_, err = newPlace(t, pgtest.EmptyURL(t)).restore(path, false)
	require.ErrorIs(t, err, backup.ErrTooNew)
}

// escaping is a backup, right in itself, with a file that would land outside of the data folder.
func escaping(t *testing.T, whole []byte) []byte {
	rename := func(text []byte) []byte {
		return bytes.ReplaceAll(text, []byte("data/secrets/relay"), []byte("data/../../escaped"))
	}
	return repack(t, whole, func(name string, content []byte) (string, []byte) {
		if name == "manifest.json" {
			content = rename(content)
		}
		return string(rename([]byte(name))), content
	})
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	p := lived(t)
	dir := t.TempDir()
	s := p.Source
	s.DatabaseURL = gone(t, s.DatabaseURL)
	_, _, err := backup.Create(t.Context(), s, filepath.Join(dir, "b"))
	require.Error(t, err)
	_, _, err = backup.Create(t.Context(), p.Source, filepath.Join(dir, "b"))
	require.NoError(t, err)
	_, _, err = backup.Create(t.Context(), p.Source, filepath.Join(dir, "b"))
	require.ErrorContains(t, err, "exists already")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)

	_, err = backup.Write(t.Context(), p.Source, full{})
	require.ErrorIs(t, err, syscall.ENOSPC)
}

// gone names a database that does not exist.
func gone(t *testing.T, address string) string {
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.Path += "_gone"
	return u.String()
}

// full is a disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestTheNewestNightlyBackupsStayAndThoseByHandToo(t *testing.T) {
	p := newPlace(t, pgtest.URL(t))
	dir := p.Dir
	require.NoError(t, os.MkdirAll(dir, 0o700))
	for day := 1; day <= 5; day++ {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("nightly-202611%02dT030000Z.tar.gz", day)), []byte("x"), 0o600))
	}
	byHand := filepath.Join(dir, backup.Name(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)))
	others := []string{byHand, filepath.Join(dir, "nightly-mine.tar.gz"), filepath.Join(dir, "before-restore-20200101T000000Z.tar.gz")}
	for _, path := range others {
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
	}
	now := time.Date(2026, 11, 6, 3, 0, 30, 0, time.UTC)
	dead := filepath.Join(dir, ".unfinished-1")
	require.NoError(t, os.WriteFile(dead, nil, 0o600))
	require.NoError(t, os.Chtimes(dead, now.AddDate(0, 0, -2), now.AddDate(0, 0, -2)))

	s := p.Source
	s.Now = func() time.Time { return now }
	n := &backup.Nightly{Source: s, Hour: 3, Keep: 3, Log: slog.New(slog.DiscardHandler)}
	n.Once(t.Context())
	_, err := n.Failed()
	require.NoError(t, err)
	require.NoFileExists(t, dead)
	for _, path := range others {
		require.FileExists(t, path)
	}
	list, err := backup.List(dir)
	require.NoError(t, err)
	var names []string
	for _, k := range list {
		names = append(names, filepath.Base(k.Path))
	}
	require.Equal(t, []string{filepath.Base(byHand), "nightly-20261104T030000Z.tar.gz", "nightly-20261105T030000Z.tar.gz", "nightly-20261106T030030Z.tar.gz"}, names)
	f, err := os.Open(list[3].Path)
	require.NoError(t, err)
	defer f.Close()
	_, err = backup.Check(f)
	require.NoError(t, err)

	n.Source.DatabaseURL = gone(t, n.Source.DatabaseURL)
	now = now.AddDate(0, 0, 1)
	n.Once(t.Context())
	_, err = n.Failed()
	require.Error(t, err)
	after, err := backup.List(dir)
	require.NoError(t, err)
	require.Equal(t, list, after, "a failure removes nothing")
}

func TestAFullDiskIsSaidAndKeepsTheOlderBackups(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Skip("cannot mount a small disk here: ", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	older := filepath.Join(dir, "nightly-20261101T030000Z.tar.gz")
	require.NoError(t, os.WriteFile(older, []byte("x"), 0o600))
	p := lived(t)
	noise := make([]byte, 1<<20)
	_, _ = rand.Read(noise)
	p.put("avatars", string(noise))
	s := p.Source
	s.Dir = dir
	n := &backup.Nightly{Source: s, Hour: 3, Keep: 1, Log: slog.New(slog.DiscardHandler)}
	n.Once(t.Context())
	_, err := n.Failed()
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorContains(t, err, "TURTUS_BACKUP_DIR")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.FileExists(t, older)
}
