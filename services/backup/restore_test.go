package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/backup"
	"turtus/services/postgres"
	"turtus/services/postgres/pgtest"
)

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
