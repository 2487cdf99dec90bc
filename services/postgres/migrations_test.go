package postgres_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"turtus/services/postgres/migrations"
	"turtus/services/postgres/pgtest"
)

// upTo is a database of an earlier version.
func upTo(t *testing.T, version int64) (*pgxpool.Pool, *goose.Provider) {
	t.Helper()
	pool := open(t, pgtest.EmptyURL(t))
	database := stdlib.OpenDB(*pool.Config().ConnConfig)
	t.Cleanup(func() { require.NoError(t, database.Close()) })
	provider, err := goose.NewProvider(goose.DialectPostgres, database, migrations.FS, goose.WithDisableGlobalRegistry(true))
	require.NoError(t, err)
	_, err = provider.UpTo(context.Background(), version)
	require.NoError(t, err)
	return pool, provider
}

// A version says which migrations a database and a backup of it have, so that none comes in below another: who lands second takes the next number.
func TestMigrationsAreNumberedOneAfterTheOther(t *testing.T) {
	names, err := fs.Glob(migrations.FS, "*.sql")
	require.NoError(t, err)
	for i, name := range names {
		version, err := goose.NumericComponent(name)
		require.NoError(t, err)
		require.EqualValues(t, i+1, version, name)
	}
}

func TestADatabaseOfTheFirstReleaseIsBroughtUpWithItsRoomsAndMembers(t *testing.T) {
	ctx := context.Background()
	pool, provider := upTo(t, 1)
	room, locked, open, account, guest := uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()
	run := func(statement string, args ...any) {
		t.Helper()
		_, err := pool.Exec(ctx, statement, args...)
		require.NoError(t, err)
	}
	run(`INSERT INTO people (id, kind, username, display_name, avatar_color, password_hash) VALUES
		($1, 'account', 'ada', 'Ada', 'blue', 'hash'), ($2, 'guest', NULL, 'Grace', 'red', NULL)`, account, guest)
	run(`INSERT INTO rooms (id, slug, title, privacy, password_hash, owner_id) VALUES
		($1, 'films', 'Films', 'private', NULL, $4), ($2, 'locked', 'Locked', 'public', 'hash', $4), ($3, 'open', 'Open', 'unlisted', NULL, $4)`,
		room, locked, open, account)
	for _, id := range []uuid.UUID{room, locked, open} {
		run("INSERT INTO members (room_id, person_id, role) VALUES ($1, $2, 'guest'), ($1, $3, 'guest')", id, account, guest)
	}

	_, err := provider.Up(ctx)
	require.NoError(t, err)
	role := func(room, person uuid.UUID) (role string) {
		require.NoError(t, pool.QueryRow(ctx, "SELECT role FROM members WHERE room_id = $1 AND person_id = $2", room, person).Scan(&role))
		return role
	}
	require.Equal(t, "member", role(open, account), "any account may enter")
	require.Equal(t, "guest", role(open, guest))
	for _, shut := range []uuid.UUID{room, locked} {
		require.Equal(t, "guest", role(shut, account))
		require.Equal(t, "guest", role(shut, guest))
	}
	var chosen int
	require.NoError(t, pool.QueryRow(ctx, "SELECT num_nonnulls(screen_width, screen_height, screen_frame_rate) FROM rooms WHERE id = $1", room).Scan(&chosen))
	require.Zero(t, chosen, "nobody has chosen a screen for it")
	_, err = pool.Exec(ctx, "UPDATE rooms SET screen_width = 1280")
	require.ErrorContains(t, err, "rooms_screen", "all three or none")

	_, err = provider.DownTo(ctx, 1)
	require.NoError(t, err)
}

func TestADatabaseOfTheReleaseBeforeKeepsWhatItHas(t *testing.T) {
	ctx := context.Background()
	pool, provider := upTo(t, 7)
	run := func(statement string, args ...any) {
		t.Helper()
		_, err := pool.Exec(ctx, statement, args...)
		require.NoError(t, err)
	}
	ada, grace, room := uuid.New(), uuid.New(), uuid.New()
	run(`INSERT INTO people (id, kind, username, display_name, avatar_color, password_hash, administrator) VALUES
		($1, 'account', 'ada', 'Ada', 'blue', 'hash', true), ($2, 'guest', NULL, 'Grace', 'red', NULL, false)`, ada, grace)
	run("INSERT INTO rooms (id, slug, title, privacy, owner_id, last_seq) VALUES ($1, 'films', 'Films', 'private', $2, 1)", room, ada)
	run("INSERT INTO members (room_id, person_id, role) VALUES ($1, $2, 'owner'), ($1, $3, 'guest')", room, ada, grace)
	run("INSERT INTO messages (id, room_id, seq, author_id, author_name, key, text) VALUES ($1, $2, 1, $3, 'Grace', 'n', 'hello')", uuid.New(), room, grace)
	run("INSERT INTO lowered (room_id, person_id, invited, joins, at) VALUES ($1, $2, '', 'guest', now())", room, grace)
	run(`INSERT INTO audit (person_id, room_id, action, detail) VALUES
		($1, $2, 'member.role', jsonb_build_object('member', $3::text)), ($1, $2, 'room.owner', jsonb_build_object('owner', $3::text)), ($1, $2, 'room.created', '{}')`,
		ada, room, grace.String())

	_, err := provider.Up(ctx)
	require.NoError(t, err)
	var whole, open bool
	require.NoError(t, pool.QueryRow(ctx, `SELECT count(*) = 1, bool_and(whisper_to IS NULL AND NOT announcement AND mentioned = '{}') FROM messages`).Scan(&whole, &open))
	require.True(t, whole && open, "what all could read, all can")
	require.NoError(t, pool.QueryRow(ctx, `SELECT count(*) = 1, bool_and(num_nonnulls(entry, size) = 0 AND NOT (locked OR control_locked OR relay_only) AND slow_mode = 0) FROM rooms`).
		Scan(&whole, &open))
	require.True(t, whole && open, "a room is as it was")
	var members, targets int
	require.NoError(t, pool.QueryRow(ctx, "SELECT count(*), (SELECT count(*) FROM audit WHERE target_id = $1) FROM members", grace).Scan(&members, &targets))
	require.Equal(t, []int{2, 2}, []int{members, targets})

	_, err = provider.DownTo(ctx, 7)
	require.NoError(t, err)
	_, err = provider.Up(ctx)
	require.NoError(t, err, "there and back again")
}

// Nothing but a limit keeps these lists short, on a server where thousands of guests have been.
func TestTheAdministratorsListsAreReadInTheirOrder(t *testing.T) {
	ctx := context.Background()
	pool := pgtest.New(t)
	_, err := pool.Exec(ctx, `INSERT INTO people (id, kind, display_name, avatar_color, created_at)
		SELECT gen_random_uuid(), 'guest', 'Guest', 'red', now() - n * interval '1 minute' FROM generate_series(1, 3000) n`)
	require.NoError(t, err)
	_, err = pool.Exec(ctx, `INSERT INTO rooms (id, slug, title, privacy, owner_id, used_at)
		SELECT gen_random_uuid(), id::text, 'Room', 'private', id, created_at FROM people`)
	require.NoError(t, err)
	_, err = pool.Exec(ctx, "ANALYZE people, rooms")
	require.NoError(t, err)
	for index, query := range map[string]string{
		"people_newest": "SELECT * FROM people WHERE (created_at, id) < (now(), '" + uuid.Nil.String() + "') ORDER BY created_at DESC, id DESC LIMIT 50",
		"rooms_newest":  "SELECT * FROM rooms JOIN people ON people.id = owner_id WHERE (used_at, rooms.id) < (now(), '" + uuid.Nil.String() + "') ORDER BY used_at DESC, rooms.id DESC LIMIT 50",
	} {
		rows, err := pool.Query(ctx, "EXPLAIN "+query)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		plan := strings.Join(lines, "\n")
		require.Contains(t, plan, index, plan)
		require.NotContains(t, plan, "Sort", plan)
	}
}
