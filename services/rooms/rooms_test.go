package rooms

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/postgres/pgtest"
	"turtus/services/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

var ctx = context.Background()

// clock is set by the test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

type house struct {
	*Service
	clock  *clock
	people *accounts.Service
	keys   *accounts.Keys
	n      int
}

func newHouse(t *testing.T) *house {
	t.Helper()
	c := &clock{t: time.Now().Truncate(time.Microsecond)}
	keys, err := accounts.OpenKeys(t.TempDir(), c.now)
	require.NoError(t, err)
	pool, hasher := pgtest.New(t), accounts.NewHasher(accounts.HashCost{MemoryKiB: 8, Iterations: 1, Parallelism: 1}, 4)
	return &house{
		Service: New(Options{Pool: pool, Hasher: hasher, MaxRoomsPerPerson: 3, Now: c.now}), clock: c, keys: keys,
		people: accounts.New(accounts.Options{Pool: pool, Keys: keys, Hasher: hasher, Now: c.now}),
	}
}

func (h *house) account(t *testing.T) accounts.Person {
	t.Helper()
	h.n++
	p, err := h.people.AdminCreate(ctx, accounts.SignUp{Username: fmt.Sprintf("person%d", h.n), Password: "a long password"}, false)
	require.NoError(t, err)
	return p
}

func (h *house) guest(t *testing.T) accounts.Person {
	t.Helper()
	var p accounts.Person
	require.NoError(t, db.InTx(ctx, h.pool, func(q *db.Queries) (err error) {
		p, err = accounts.InsertGuest(ctx, q, "Guest", h.now())
		return err
	}))
	return p
}

func (h *house) room(t *testing.T, owner accounts.Person, privacy wire.Privacy) Room {
	t.Helper()
	r, err := h.Create(ctx, owner, NewRoom{Title: "Film night", Privacy: privacy})
	require.NoError(t, err)
	return r
}

// seat gives somebody a role in a room.
func (h *house) seat(t *testing.T, r Room, p accounts.Person, role wire.Role) {
	t.Helper()
	require.NoError(t, h.q.InsertMember(ctx, db.InsertMemberParams{RoomID: r.ID.UUID(), PersonID: p.ID.UUID(), Role: string(role), JoinedAt: h.now()}))
}

func requireCode(t *testing.T, code wire.ErrorCode, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, wire.CodeOf(err), err.Error())
}

func atOnce(n int, f func(i int) error) []wire.ErrorCode {
	codes := make([]wire.ErrorCode, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if err := f(i); err != nil {
				codes[i] = wire.CodeOf(err)
			}
		})
	}
	group.Wait()
	return codes
}

func count(codes []wire.ErrorCode, code wire.ErrorCode) (n int) {
	for _, c := range codes {
		if c == code {
			n++
		}
	}
	return n
}

func TestARoomIsFoundByItsIdAndByItsReadableAddress(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r, err := h.Create(ctx, owner, NewRoom{Title: " Ciné-club:\ndéjà vu! ", Privacy: wire.PrivacyPublic, StartURL: "https://example.org/?q=1"})
	require.NoError(t, err)
	require.Equal(t, "cine-club-deja-vu", r.Slug)
	require.Equal(t, "Ciné-club: déjà vu!", r.Title)
	require.Equal(t, wire.RoleOwner, r.Role)
	require.Equal(t, owner.Public(), r.Owner)
	for _, ref := range []string{r.Slug, r.ID.String()} {
		found, err := h.Get(ctx, ref, owner)
		require.NoError(t, err)
		require.Equal(t, r, found)
	}
	for _, ref := range []string{"no-such-room", NewID().String(), "", "A B", "\x00", strings.Repeat("a", 64)} {
		_, err := h.Get(ctx, ref, owner)
		requireCode(t, wire.ErrorCodeNotFound, err)
	}
	nobodys, err := h.ByID(ctx, r.ID)
	require.NoError(t, err)
	require.Empty(t, nobodys.Role)
}

func TestATitleBecomesAnAddress(t *testing.T) {
	for title, slug := range map[string]string{
		"Friday movies":         "friday-movies",
		"It's Ada’s 1st!":       "its-adas-1st",
		"Straße nach Øresund":   "strasse-nach-oresund",
		"映画の夜":                  "room",
		"映画 2":                  "2-room",
		"🍿":                     "room",
		"x":                     "x-room",
		strings.Repeat("a", 80): strings.Repeat("a", 41),
		"one two three four five six seven eight nine ten": "one-two-three-four-five-six-seven-eight",
	} {
		require.Equal(t, slug, slugOf(title), title)
		require.NoError(t, checkSlug(slug))
		require.NoError(t, checkSlug(withSuffix(slug)))
	}
}

func TestRoomsOfOneTitleGetAddressesOfTheirOwn(t *testing.T) {
	h := newHouse(t)
	var mu sync.Mutex
	slugs := map[string]bool{}
	people := []accounts.Person{h.account(t), h.account(t), h.account(t), h.account(t)}
	results := atOnce(4, func(i int) error {
		r, err := h.Create(ctx, people[i], NewRoom{Title: "Film night", Privacy: wire.PrivacyPublic})
		mu.Lock()
		defer mu.Unlock()
		slugs[r.Slug] = true
		return err
	})
	require.Equal(t, 4, count(results, ""))
	require.Len(t, slugs, 4)
	require.True(t, slugs["film-night"])
}

func TestAnUnlistedRoomsAddressCantBeGuessed(t *testing.T) {
	h := newHouse(t)
	r := h.room(t, h.account(t), "")
	require.Equal(t, wire.PrivacyUnlisted, r.Privacy)
	require.Regexp(t, `^film-night-[a-z0-9]{6}$`, r.Slug)
}

func TestBadFieldsOfARoomAreNamed(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	for field, n := range map[string]NewRoom{
		"title":    {Title: " \u200b\x00"},
		"slug":     {Title: "x", Slug: "Not--good"},
		"privacy":  {Title: "x", Privacy: "secret"},
		"password": {Title: "x", Password: strings.Repeat("p", 201)},
		"startUrl": {Title: "x", StartURL: "file:///etc/passwd"},
	} {
		_, err := h.Create(ctx, owner, n)
		requireCode(t, wire.ErrorCodeInvalidField, err)
		require.Contains(t, err.Error(), field)
	}
	for field, screen := range map[string]wire.Screen{
		"screen.width":     {Width: 1281, Height: 720, FrameRate: 30},
		"screen.height":    {Width: 1280, Height: 1082, FrameRate: 30},
		"screen.frameRate": {Width: 1280, Height: 720, FrameRate: 61},
	} {
		_, err := h.Create(ctx, owner, NewRoom{Title: "x", Screen: &screen})
		requireCode(t, wire.ErrorCodeInvalidField, err)
		require.Contains(t, err.Error(), field)
	}
	_, err := h.Create(ctx, owner, NewRoom{Title: strings.Repeat("é", 81)})
	requireCode(t, wire.ErrorCodeInvalidField, err)
	_, err = h.Create(ctx, owner, NewRoom{Title: "x", Slug: uuid.NewString()})
	requireCode(t, wire.ErrorCodeInvalidField, err)
	_, err = h.Create(ctx, owner, NewRoom{Title: "x", StartURL: "https://user:secret@example.org"})
	requireCode(t, wire.ErrorCodeInvalidField, err)
}

func TestARoomWhereNobodyChoseAScreenFollowsTheServer(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	own := wire.Screen{Width: 640, Height: 480, FrameRate: 5}
	chosen, err := h.Create(ctx, owner, NewRoom{Title: "Small", Screen: &own})
	require.NoError(t, err)
	open := h.room(t, owner, wire.PrivacyPublic)
	require.Equal(t, wire.Screen{Width: 1280, Height: 720, FrameRate: 30}, open.Screen)

	larger := wire.Screen{Width: 1920, Height: 1080, FrameRate: 60}
	restarted := New(Options{Pool: h.pool, Screen: larger})
	for id, want := range map[ID]wire.Screen{chosen.ID: own, open.ID: larger} {
		room, err := restarted.ByID(ctx, id)
		require.NoError(t, err)
		require.Equal(t, want, room.Screen)
	}
	page, err := restarted.List(ctx, owner, Mine, "", "", 10)
	require.NoError(t, err)
	require.ElementsMatch(t, []wire.Screen{own, larger}, []wire.Screen{page.Rooms[0].Screen, page.Rooms[1].Screen})

	back, err := restarted.Update(ctx, chosen.Slug, owner, Change{Screen: wire.ScreenChange{Set: true}})
	require.NoError(t, err)
	require.Equal(t, larger, back.Screen)
	follows, err := h.ByID(ctx, chosen.ID)
	require.NoError(t, err)
	require.Equal(t, open.Screen, follows.Screen, "nothing of the old choice is kept")
}

func TestATakenAddressIsRefused(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r, err := h.Create(ctx, owner, NewRoom{Title: "A", Slug: "movies"})
	require.NoError(t, err)
	require.Equal(t, "movies", r.Slug)
	_, err = h.Create(ctx, owner, NewRoom{Title: "B", Slug: "movies"})
	requireCode(t, wire.ErrorCodeSlugTaken, err)
	other := h.room(t, owner, wire.PrivacyPublic)
	_, err = h.Update(ctx, other.Slug, owner, Change{Slug: new("movies")})
	requireCode(t, wire.ErrorCodeSlugTaken, err)
}

func TestNobodyOwnsMoreRoomsThanAllowedAlsoNotAtOnce(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	results := atOnce(6, func(int) error {
		_, err := h.Create(ctx, owner, NewRoom{Title: "Film night"})
		return err
	})
	require.Equal(t, 3, count(results, ""))
	require.Equal(t, 3, count(results, wire.ErrorCodeTooManyRooms))
	_, err := h.Create(ctx, h.guest(t), NewRoom{Title: "Film night"})
	requireCode(t, wire.ErrorCodeGuestNotAllowed, err)
}

func TestOnlyWhoMayManageChangesARoom(t *testing.T) {
	h := newHouse(t)
	owner, moderator := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	_, err := h.Update(ctx, r.Slug, moderator, Change{Title: new("Mine")})
	requireCode(t, wire.ErrorCodeRoomMembersOnly, err)
	h.seat(t, r, moderator, wire.RoleModerator)
	_, err = h.Update(ctx, r.Slug, moderator, Change{Title: new("Mine")})
	requireCode(t, wire.ErrorCodeForbidden, err)

	changed, err := h.Update(ctx, r.Slug, owner, Change{Title: new("Series night"), Slug: new("series"), Privacy: new(wire.PrivacyPrivate), Password: new("pw")})
	require.NoError(t, err)
	require.Equal(t, "Series night", changed.Title)
	require.Equal(t, "series", changed.Slug)
	require.True(t, changed.HasPassword)
	same, err := h.Update(ctx, "series", owner, Change{})
	require.NoError(t, err)
	require.Equal(t, changed, same, "what is not given stays")
	open, err := h.Update(ctx, "series", owner, Change{Password: new("")})
	require.NoError(t, err)
	require.False(t, open.HasPassword)
}

func TestOnlyOwnerAndAdministratorDeleteARoom(t *testing.T) {
	h := newHouse(t)
	administrator, owner, moderator := h.account(t), h.account(t), h.account(t)
	require.True(t, administrator.Administrator)
	r := h.room(t, owner, wire.PrivacyPrivate)
	h.seat(t, r, moderator, wire.RoleModerator)
	requireCode(t, wire.ErrorCodeForbidden, h.Delete(ctx, r.ID, moderator))
	for _, by := range []accounts.Person{h.account(t), h.guest(t)} {
		_, there := h.MayDelete(ctx, r.Slug, by)
		_, none := h.MayDelete(ctx, "no-such-room", by)
		require.Equal(t, none, there, "a stranger does not learn that there is a private room")
	}
	require.NoError(t, h.Delete(ctx, r.ID, administrator))
	requireCode(t, wire.ErrorCodeNotFound, h.Delete(ctx, r.ID, owner))
}

func TestPrivacyDecidesWhoComesIn(t *testing.T) {
	h := newHouse(t)
	owner, stranger, guest := h.account(t), h.account(t), h.guest(t)
	for _, c := range []struct {
		privacy         wire.Privacy
		stranger, guest wire.ErrorCode
	}{
		{wire.PrivacyPublic, "", wire.ErrorCodeGuestNotAllowed},
		{wire.PrivacyUnlisted, "", wire.ErrorCodeGuestNotAllowed},
		{wire.PrivacyPrivate, wire.ErrorCodeNotFound, wire.ErrorCodeNotFound}, // they do not learn that there is one
	} {
		r := h.room(t, owner, c.privacy)
		for who, want := range map[*accounts.Person]wire.ErrorCode{&stranger: c.stranger, &guest: c.guest} {
			_, err := h.Get(ctx, r.Slug, *who)
			joined, joinErr := h.Join(ctx, r.Slug, *who, nil)
			if want != "" {
				requireCode(t, want, err)
				requireCode(t, want, joinErr)
				continue
			}
			require.NoError(t, err)
			require.NoError(t, joinErr)
			require.Equal(t, wire.RoleMember, joined.Role)
		}
		h.seat(t, r, guest, wire.RoleGuest)
		joined, err := h.Join(ctx, r.Slug, guest, nil)
		require.NoError(t, err)
		require.Equal(t, wire.RoleGuest, joined.Role)
	}
}

func TestARoomsPasswordIsAskedOfThoseWhoAreNoMembers(t *testing.T) {
	h := newHouse(t)
	owner, stranger := h.account(t), h.account(t)
	r, err := h.Create(ctx, owner, NewRoom{Title: "Film night", Password: "popcorn", StartURL: "https://example.org"})
	require.NoError(t, err)
	seen, err := h.Get(ctx, r.Slug, stranger)
	require.NoError(t, err)
	require.True(t, seen.HasPassword)
	require.Empty(t, seen.StartURL)

	_, err = h.Join(ctx, r.Slug, stranger, nil)
	requireCode(t, wire.ErrorCodeRoomPasswordNeeded, err)
	_, err = h.Join(ctx, r.Slug, stranger, new("nachos"))
	requireCode(t, wire.ErrorCodeRoomPasswordWrong, err)
	_, err = h.Authorize(ctx, r.Slug, stranger, 0)
	requireCode(t, wire.ErrorCodeRoomMembersOnly, err)
	joined, err := h.Join(ctx, r.Slug, stranger, new("popcorn"))
	require.NoError(t, err)
	require.Equal(t, "https://example.org", joined.StartURL)
	_, err = h.Join(ctx, r.Slug, stranger, nil)
	require.NoError(t, err, "a member needs none")
	_, err = h.Join(ctx, r.Slug, owner, new("nachos"))
	require.NoError(t, err)
}

func TestListsComeInPagesTheLastUsedFirst(t *testing.T) {
	h := newHouse(t)
	h.SetMaxRooms(100)
	owner, other := h.account(t), h.account(t)
	var slugs []string
	for i := range 5 {
		h.clock.pass(time.Minute)
		r, err := h.Create(ctx, owner, NewRoom{Title: "Room", Slug: fmt.Sprintf("room-%d", i), Privacy: wire.PrivacyPublic})
		require.NoError(t, err)
		slugs = append(slugs, r.Slug)
	}
	hidden := h.room(t, owner, wire.PrivacyUnlisted)
	h.clock.pass(2 * time.Minute)
	_, err := h.Join(ctx, slugs[0], other, nil)
	require.NoError(t, err)

	list := func(by accounts.Person, scope Scope, limit int) (found []string) {
		for cursor := ""; ; {
			page, err := h.List(ctx, by, scope, "", cursor, limit)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Rooms), limit)
			for _, r := range page.Rooms {
				found = append(found, r.Slug)
			}
			if cursor = page.Next; cursor == "" {
				return found
			}
		}
	}
	public := []string{slugs[0], slugs[4], slugs[3], slugs[2], slugs[1]}
	require.Equal(t, public, list(other, Public, 2))
	require.Equal(t, public, list(other, Public, 5))
	require.Equal(t, []string{slugs[0]}, list(other, Mine, 2))
	require.Contains(t, list(owner, Mine, 4), hidden.Slug)
	guest := h.guest(t)
	h.seat(t, hidden, guest, wire.RoleGuest)
	require.Empty(t, list(guest, Public, 5), "they could not enter them")
	require.Equal(t, []string{hidden.Slug}, list(guest, Mine, 5))
	for _, cursor := range []string{"garbage", "AAAA", strings.Repeat("_", 32)} {
		_, err := h.List(ctx, owner, Public, "", cursor, 5)
		requireCode(t, wire.ErrorCodeInvalidField, err)
	}
}

func TestEachRoleMayWhatTheLowerOneMayAndMore(t *testing.T) {
	of := UsualPolicy.Of
	roles := []wire.Role{"", wire.RoleGuest, wire.RoleMember, wire.RoleModerator, wire.RoleOwner}
	for i, role := range roles[1:] {
		require.True(t, of(role).Has(of(roles[i])))
		require.NotEqual(t, of(role), of(roles[i]))
		require.Greater(t, rank(role), rank(roles[i]))
	}
	require.Equal(t, []wire.Permission{"control", "navigate", "voice", "video", "chat", "react"}, of(wire.RoleGuest).Names())
	require.Len(t, of(wire.RoleOwner).Names(), len(names))
	require.Equal(t, []wire.Permission{}, Permissions(0).Names())
	require.False(t, of("superuser").Has(Control))
}

func TestAServerThatRelaysAllCallsLeavesNoRoomAChoice(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	relayed := New(Options{Pool: h.pool, RelayOnly: true})
	for _, own := range []bool{true, false} {
		_, err := h.Update(t.Context(), r.Slug, owner, Change{RelayOnly: &own})
		require.NoError(t, err)
		there, err := relayed.Get(t.Context(), r.Slug, owner)
		require.NoError(t, err)
		require.Equal(t, []bool{true, true}, []bool{there.Wire().RelayOnly, there.Wire().RelayForced})
		here, err := h.Get(t.Context(), r.Slug, owner)
		require.NoError(t, err)
		require.Equal(t, []bool{own, false}, []bool{here.Wire().RelayOnly, here.Wire().RelayForced})
	}
}

func TestCallsGoByTheRelayAloneWhereThereIsOne(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	without := New(Options{Pool: h.pool, NoRelay: true})
	_, err := without.Update(t.Context(), r.Slug, owner, Change{RelayOnly: new(true)})
	requireCode(t, wire.ErrorCodeInvalidField, err)
	_, err = without.Update(t.Context(), r.Slug, owner, Change{RelayOnly: new(false)})
	require.NoError(t, err)
}
