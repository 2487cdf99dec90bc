package postgres_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"turtus/services/postgres/migrations"
	"turtus/services/postgres/pgtest"
)

func TestADatabaseOfTheFirstReleaseIsBroughtUpWithItsRoomsAndMembers(t *testing.T) {
	ctx := context.Background()
	pool := open(t, pgtest.EmptyURL(t))
	database := stdlib.OpenDB(*pool.Config().ConnConfig)
	t.Cleanup(func() { require.NoError(t, database.Close()) })
	provider, err := goose.NewProvider(goose.DialectPostgres, database, migrations.FS, goose.WithDisableGlobalRegistry(true))
	require.NoError(t, err)
	_, err = provider.UpTo(ctx, 1)
	require.NoError(t, err)

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

	_, err = provider.Up(ctx)
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
