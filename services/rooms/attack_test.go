package rooms

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// What each of them does to the others; the invariants below hold whatever comes of it.
func (h *house) attack(by accounts.Person, r Room, target accounts.Person, links map[wire.Role]Invitation, rnd *rand.Rand) error {
	var err error
	switch rnd.IntN(9) {
	case 0:
		_, _, err = h.Ban(ctx, r.Slug, by, target.ID, "", false)
	case 1:
		_, err = h.Remove(ctx, r.Slug, by, target.ID)
	case 2:
		_, _, err = h.Mute(ctx, r.Slug, by, target.ID, changeTo(Muted{Chat: rnd.IntN(2) == 0, Call: rnd.IntN(2) == 0}))
	case 3:
		roles := []wire.Role{wire.RoleModerator, wire.RoleMember, wire.RoleGuest}
		_, _, err = h.SetRole(ctx, r.Slug, by, target.ID, roles[rnd.IntN(len(roles))])
	case 4:
		_, err = h.HandOver(ctx, r.Slug, by, target.ID)
	case 5, 6:
		_, _, err = h.AcceptInvite(ctx, links[[]wire.Role{wire.RoleModerator, wire.RoleMember, wire.RoleGuest}[rnd.IntN(3)]].Code, by, home)
	case 7:
		_, err = h.SetLocks(ctx, r.Slug, by, LockChange{Control: new(rnd.IntN(2) == 0)}, nil)
	case 8:
		var list []Ban
		if list, _, err = h.Bans(ctx, r.Slug, by, "", 5); err == nil && len(list) > 0 {
			err = h.LiftBan(ctx, r.Slug, by, list[rnd.IntN(len(list))].ID)
		}
	}
	return err
}

func TestOwnerAndModeratorsAgainstEachOther(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	owner := people[wire.RoleOwner]
	second := h.account(t)
	h.seat(t, r, second, wire.RoleModerator)
	everybody := []accounts.Person{owner, people[wire.RoleModerator], second, people[wire.RoleMember], people[wire.RoleGuest]}
	links := map[wire.Role]Invitation{}
	for _, role := range []wire.Role{wire.RoleGuest, wire.RoleMember, wire.RoleModerator} {
		links[role] = h.invite(t, r, owner, NewInvite{Role: role})
	}
	var group sync.WaitGroup
	faults := make(chan error, 10_000)
	for i, by := range everybody {
		for tab := range 2 {
			group.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(i), uint64(tab)))
				for range 40 {
					target := everybody[rnd.IntN(len(everybody))]
					err := h.attack(by, r, target, links, rnd)
					// A refusal has a code; a deadlock that no retry has mended, or a broken constraint, has none.
					if _, coded := errors.AsType[*wire.Error](err); err != nil && (!coded || wire.CodeOf(err) == wire.ErrorCodeUnavailable) {
						faults <- fmt.Errorf("%s: %w", by.DisplayName, err)
					}
				}
			})
		}
	}
	group.Wait()
	close(faults)
	for err := range faults {
		require.NoError(t, err)
	}
	h.requireSound(t, r)
}

// requireSound says what holds of a room after whatever was done to it.
func (h *house) requireSound(t *testing.T, r Room) {
	t.Helper()
	none := func(what, query string) {
		t.Helper()
		var n int
		require.NoError(t, h.pool.QueryRow(ctx, query, r.ID.UUID()).Scan(&n))
		require.Zero(t, n, what)
	}
	var owners int
	require.NoError(t, h.pool.QueryRow(ctx, "SELECT count(*) FROM members WHERE room_id = $1 AND role = 'owner'", r.ID.UUID()).Scan(&owners))
	require.Equal(t, 1, owners, "always exactly one owner")
	none("the owner of the room is its owner", "SELECT count(*) FROM rooms WHERE id = $1 AND owner_id <> (SELECT person_id FROM members WHERE room_id = rooms.id AND role = 'owner')")
	none("nobody banned is a member", "SELECT count(*) FROM bans JOIN members USING (room_id, person_id) WHERE room_id = $1")
	none("nobody bans or mutes the owner", "SELECT count(*) FROM rooms WHERE id = $1 AND (owner_id IN (SELECT person_id FROM bans WHERE room_id = rooms.id) OR owner_id IN (SELECT person_id FROM mutes WHERE room_id = rooms.id))")
	none("guests own nothing", "SELECT count(*) FROM rooms JOIN people ON people.id = owner_id WHERE rooms.id = $1 AND people.kind = 'guest'")
	none("nobody removes the owner", "SELECT count(*) FROM audit WHERE room_id = $1 AND action IN ('member.banned', 'member.removed') AND detail->>'role' = 'owner'")
	// A moderator is removed by an owner alone: by who made the room, or somebody it was handed to before.
	none("nobody acts above their rank", `
		SELECT count(*) FROM audit a WHERE a.room_id = $1 AND a.action IN ('member.banned', 'member.removed') AND a.detail->>'role' = 'moderator'
			AND a.person_id::text <> a.detail->>'member'
			AND a.person_id::text IS DISTINCT FROM coalesce(
				(SELECT b.detail->>'owner' FROM audit b WHERE b.room_id = a.room_id AND b.action = 'room.owner' AND b.id < a.id ORDER BY b.id DESC LIMIT 1),
				(SELECT c.person_id::text FROM audit c WHERE c.room_id = a.room_id AND c.action = 'room.created'))`)
}

func TestADecisionAndALinkForTheSameMemberDoNotWaitForEachOther(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	member := people[wire.RoleMember]
	tx, err := h.pool.Begin(ctx) // a link that is being accepted holds its person, and waits for the member
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = db.New(tx).LockPerson(ctx, member.ID.UUID())
	require.NoError(t, err)
	_, _, err = h.SetRole(ctx, r.Slug, people[wire.RoleOwner], member.ID, wire.RoleGuest)
	require.NoError(t, err, "who decides holds the member, and does not wait for the person")
}
