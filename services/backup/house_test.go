package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/backup"
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
