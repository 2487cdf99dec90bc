package audit

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/postgres/db"
	"turtus/services/postgres/pgtest"
	"turtus/services/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

var ctx = context.Background()

func TestTheAuditIsOnlyAddedTo(t *testing.T) {
	pool := pgtest.New(t)
	q := db.New(pool)
	now := time.Now()
	require.NoError(t, Write(ctx, q, Line{At: now.Add(-time.Hour), Action: "room.deleted"}))
	require.NoError(t, Write(ctx, q, Line{At: now, Action: "room.created"}))
	for _, statement := range []string{"UPDATE audit SET action = 'nothing'", "DELETE FROM audit", "TRUNCATE audit"} {
		_, err := pool.Exec(ctx, statement)
		require.ErrorContains(t, err, "only added to", statement)
	}
	gone, err := q.DeleteAuditBefore(ctx, now)
	require.NoError(t, err)
	require.EqualValues(t, 1, gone)
	_, err = pool.Exec(ctx, "DELETE FROM audit")
	require.ErrorContains(t, err, "only added to", "what is too old goes by that one statement alone")
}

func TestLinesAreFoundByPersonRoomActionTimeAndName(t *testing.T) {
	pool := pgtest.New(t)
	q := db.New(pool)
	ada, gone, room := uuid.New(), uuid.New(), uuid.New()
	_, err := q.InsertPerson(ctx, db.InsertPersonParams{
		ID: ada, Kind: "account", Username: wire.Ptr("ada"), DisplayName: "Ada L.", AvatarColor: "blue", PasswordHash: wire.Ptr("x"), CreatedAt: time.Now(),
	})
	require.NoError(t, err)
	begin := time.Now().Truncate(time.Second)
	for i, l := range []Line{
		{Person: ada, Action: "room.created", Room: room},
		{Person: gone, Target: ada, Action: "member.removed", Room: room, Detail: map[string]any{"role": "member"}},
		{Person: gone, Action: "session.started"},
	} {
		l.At = begin.Add(time.Duration(i) * time.Minute)
		require.NoError(t, Write(ctx, q, l))
	}
	for name, c := range map[string]struct {
		query Query
		found []string
	}{
		"all":         {Query{}, []string{"session.started", "member.removed", "room.created"}},
		"person":      {Query{Person: &ada}, []string{"member.removed", "room.created"}},
		"room":        {Query{Room: &room}, []string{"member.removed", "room.created"}},
		"action":      {Query{Action: "member.removed"}, []string{"member.removed"}},
		"begin of it": {Query{Action: "room"}, []string{"room.created"}},
		"half a word": {Query{Action: "roo"}, nil},
		"since":       {Query{Since: wire.Ptr(begin.Add(time.Minute))}, []string{"session.started", "member.removed"}},
		"until":       {Query{Until: wire.Ptr(begin.Add(time.Minute))}, []string{"room.created"}},
		"name":        {Query{Search: "ADA l"}, []string{"member.removed", "room.created"}},
		"nothing":     {Query{Search: "%"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for before := int64(0); ; {
				c.query.Before, c.query.Limit = before, 1
				lines, next, err := Search(ctx, pool, c.query)
				require.NoError(t, err)
				for _, l := range lines {
					got = append(got, l.Action)
				}
				if before = next; next == 0 {
					break
				}
			}
			require.Equal(t, c.found, got)
		})
	}
	lines, _, err := Search(ctx, pool, Query{Action: "member", Limit: 1})
	require.NoError(t, err)
	require.Equal(t, "Ada L.", *lines[0].Target.DisplayName)
	require.Nil(t, lines[0].Person.DisplayName, "of who is gone the id is left")
	require.Equal(t, "member", lines[0].Detail["role"])
	require.Nil(t, lines[0].Room.Title)
}
