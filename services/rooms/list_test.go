package rooms

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// planned keeps how PostgreSQL goes about each query.
type planned struct {
	db.DBTX
	t     *testing.T
	plans map[string]string // by the query's name
}

func (p planned) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := p.DBTX.Query(ctx, "EXPLAIN "+sql, args...)
	require.NoError(p.t, err)
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(p.t, err)
	name, _, _ := strings.Cut(strings.TrimPrefix(sql, "-- name: "), " ")
	p.plans[name] = strings.Join(plan, "\n")
	return p.DBTX.Query(ctx, sql, args...)
}

func TestThePublicListReadsRoomsInTheOrderOfAnIndex(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	_, err := h.pool.Exec(ctx, `INSERT INTO rooms (id, slug, title, privacy, owner_id, used_at)
		SELECT gen_random_uuid(), 'room-' || n, 'Room ' || n, 'public', $1, $2::timestamptz + n * interval '1 second' FROM generate_series(1, 3000) n`, owner.ID.UUID(), h.now())
	require.NoError(t, err)
	_, err = h.pool.Exec(ctx, "ANALYZE rooms, browsers, members, favourites, people")
	require.NoError(t, err)
	seen := planned{h.pool, t, map[string]string{}}
	s := New(Options{Pool: h.pool, Now: h.clock.now})
	s.q = db.New(seen)
	page, err := s.List(ctx, owner, Public, "", "", 30)
	require.NoError(t, err)
	require.Len(t, page.Rooms, 30)
	require.NotContains(t, seen.plans["ListPublicRooms"], "Sort")
	require.Contains(t, seen.plans["ListPublicRooms"], "Index Scan using rooms_")
}

func TestPagesOfThePublicListGoFromRoomsThatRunToThoseThatDoNot(t *testing.T) {
	h := newHouse(t)
	var made []string
	for i := range 5 {
		if i%3 == 0 {
			h.clock.pass(time.Second)
		}
		r := h.room(t, h.account(t), wire.PrivacyPublic)
		made = append(made, r.Slug)
		if i%2 == 0 {
			require.NoError(t, h.q.InsertBrowser(ctx, db.InsertBrowserParams{ID: uuid.New(), RoomID: r.ID.UUID(), Launcher: "test", StartedAt: h.now()}))
		}
	}
	for _, size := range []int{1, 2, 3, 5} {
		var order []string
		for cursor := ""; ; {
			page, err := h.List(ctx, h.account(t), Public, "", cursor, size)
			require.NoError(t, err)
			for _, r := range page.Rooms {
				order = append(order, r.Slug)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		require.ElementsMatch(t, made, order, "each once, in pages of %d", size)
		require.ElementsMatch(t, []string{made[0], made[2], made[4]}, order[:3], "those that run come first")
	}
}
