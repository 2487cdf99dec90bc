package httpapi

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	virtual "turtus/services/browsers"
	"turtus/services/notices"
	"turtus/services/postgres/pgtest"
	"turtus/services/rooms"
	"turtus/services/wire"
	"turtus/services/wire/contract"
)

func TestTheAdministratorsOperationsAreTheirsAlone(t *testing.T) {
	h := newHouse(t)
	admin, person := h.signedUp(t, "ada"), h.signedUp(t, "bob")
	room := admin.room(wire.NewRoom{Title: "Mine"})
	guest := h.visitor(t)
	invite := into[wire.Invite](admin.do("POST", "/rooms/"+room.Slug+"/invites", wire.NewInvite{}).is(201))
	guest.token = into[wire.AcceptedInvite](guest.do("POST", "/invites/"+invite.Code+"/accept", wire.InviteAcceptance{DisplayName: wire.Ptr("Guest")}).is(200)).Session.AccessToken
	seen := 0
	for path, item := range contract.Spec().Paths.Map() {
		for method, operation := range item.Operations() {
			require.Equal(t, strings.HasPrefix(path, "/admin/"), len(operation.Tags) == 1 && operation.Tags[0] == tagAdmin, path)
			if !strings.HasPrefix(path, "/admin/") {
				continue
			}
			seen++
			at := strings.NewReplacer("{personId}", uuid.NewString(), "{browserId}", uuid.NewString(), "{codeId}", uuid.NewString()).Replace(path)
			for _, c := range []*client{person, guest} {
				c.do(method, at, "{}").fails(403, wire.ErrorCodeForbidden)
			}
			h.visitor(t).do(method, at, "{}").fails(401, wire.ErrorCodeUnauthenticated)
		}
	}
	require.Greater(t, seen, 10)
	me := into[wire.Person](person.do("GET", "/users/me", nil))
	admin.do("PATCH", "/admin/people/"+me.Id.String(), wire.PersonChange{Administrator: wire.Ptr(true)}).is(200)
	person.do("GET", "/admin/people", nil).is(200)
	admin.do("PATCH", "/admin/people/"+me.Id.String(), wire.PersonChange{Administrator: wire.Ptr(false)}).is(200)
	person.do("GET", "/admin/people", nil).fails(403, wire.ErrorCodeForbidden)
}

func TestAnAdministratorDisablesSomebodyAndLetsThemInAgain(t *testing.T) {
	h := newHouse(t)
	admin, bob := h.signedUp(t, "ada"), h.signedUp(t, "bob")
	me := into[wire.Person](bob.do("GET", "/users/me", nil))
	at := "/admin/people/" + me.Id.String()
	h.hub.take()
	changed := into[wire.ManagedPerson](admin.do("PATCH", at, wire.PersonChange{Disabled: wire.Ptr(true)}).is(200))
	require.NotNil(t, changed.DisabledAt)
	require.Equal(t, []string{"person disabled", "session ended"}, h.hub.take(), "pages are told why before they are told that they are signed out")
	bob.do("GET", "/users/me", nil).fails(401, wire.ErrorCodeUnauthenticated)
	bob.do("POST", "/sessions/refresh", nil).fails(401, wire.ErrorCodeSessionExpired)
	bob.do("POST", "/sessions", wire.Credentials{Username: "bob", Password: password}).fails(403, wire.ErrorCodeAccountDisabled)
	listed := into[wire.PeoplePage](admin.do("GET", "/admin/people?standing=disabled", nil).is(200))
	require.Len(t, listed.People, 1)
	require.Equal(t, me.Id, listed.People[0].Person.Id)
	admin.do("PATCH", at, wire.PersonChange{Disabled: wire.Ptr(false)}).is(200)
	bob.do("POST", "/sessions", wire.Credentials{Username: "bob", Password: password}).is(201)
	own := into[wire.Person](admin.do("GET", "/users/me", nil))
	admin.do("PATCH", "/admin/people/"+own.Id.String(), wire.PersonChange{Disabled: wire.Ptr(true)}).fails(409, wire.ErrorCodeLastAdministrator)
	admin.do("PATCH", "/admin/people/"+uuid.NewString(), wire.PersonChange{}).fails(404, wire.ErrorCodeNotFound)

	lines := into[wire.AuditPage](admin.do("GET", "/admin/audit?person="+me.Id.String()+"&action=person", nil).is(200)).Lines
	require.Equal(t, "person.enabled", lines[0].Action)
	require.Equal(t, "ada", *lines[0].Person.Username)
	require.Equal(t, me.Id, lines[0].Target.Id)
}

func TestAResetLinkIsToldOnceAndWorksOnce(t *testing.T) {
	h := newHouse(t)
	admin, bob := h.signedUp(t, "ada"), h.signedUp(t, "bob")
	me := into[wire.Person](bob.do("GET", "/users/me", nil))
	reset := into[wire.PasswordReset](admin.do("POST", "/admin/people/"+me.Id.String()+"/password-reset", nil).is(201))
	_, token, found := strings.Cut(reset.Url, "/reset#token=")
	require.True(t, found)
	fresh := h.visitor(t)
	in := into[wire.Session](fresh.do("POST", "/password-resets", wire.PasswordResetUse{Token: token, NewPassword: "another password"}).is(201))
	require.Equal(t, me.Id, in.Person.Id)
	fresh.do("POST", "/sessions/refresh", nil).is(200)
	bob.do("GET", "/users/me", nil).fails(401, wire.ErrorCodeUnauthenticated)
	fresh.do("POST", "/password-resets", wire.PasswordResetUse{Token: token, NewPassword: "another password"}).fails(403, wire.ErrorCodeResetLinkWrong)
	require.NotContains(t, h.logged(), token)
	require.NotContains(t, string(admin.do("GET", "/admin/audit", nil).is(200).body), token)
}

func TestSignUpsAreClosedOpenedAndByInviteWhileTheServerRuns(t *testing.T) {
	h := newHouse(t)
	admin := h.signedUp(t, "ada")
	stranger := h.visitor(t)
	choose := func(s wire.SignUps) {
		before := into[wire.ServerSettings](admin.do("GET", "/admin/settings", nil).is(200))
		chosen := before.Chosen
		chosen.SignUps = &s
		after := into[wire.ServerSettings](admin.do("PUT", "/admin/settings", wire.SettingsChange{Revision: before.Revision, Chosen: chosen}).is(200))
		require.Equal(t, s, after.Values.SignUps)
		require.Equal(t, s, into[wire.Server](stranger.do("GET", "/server", nil)).SignUps)
		admin.do("PUT", "/admin/settings", wire.SettingsChange{Revision: before.Revision}).fails(409, wire.ErrorCodeSettingsChanged)
	}
	choose(wire.SignUpsClosed)
	stranger.do("POST", "/users", wire.NewUser{Username: "eve", Password: password}).fails(403, wire.ErrorCodeSignUpsClosed)
	choose(wire.SignUpsInvite)
	stranger.do("POST", "/users", wire.NewUser{Username: "eve", Password: password}).fails(403, wire.ErrorCodeSignUpCodeNeeded)
	stranger.do("POST", "/users", wire.NewUser{Username: "eve", Password: password, Code: wire.Ptr("nonsense")}).fails(403, wire.ErrorCodeSignUpCodeWrong)
	code := into[wire.SignUpCode](admin.do("POST", "/admin/sign-up-codes", wire.NewSignUpCode{Note: wire.Ptr("for Eve"), MaxUses: wire.Ptr(1), ExpiresIn: wire.Ptr(3600)}).is(201))
	require.Contains(t, code.Url, "/sign-up#code="+code.Code)
	require.Len(t, into[wire.SignUpCodePage](admin.do("GET", "/admin/sign-up-codes?search=EVE", nil).is(200)).Codes, 1)
	stranger.do("POST", "/users", wire.NewUser{Username: "eve", Password: password, Code: &code.Code}).is(201)
	require.Empty(t, into[wire.SignUpCodePage](admin.do("GET", "/admin/sign-up-codes", nil).is(200)).Codes)
	other := into[wire.SignUpCode](admin.do("POST", "/admin/sign-up-codes", wire.NewSignUpCode{}).is(201))
	admin.do("DELETE", "/admin/sign-up-codes/"+other.Id.String(), nil).is(204)
	admin.do("DELETE", "/admin/sign-up-codes/"+other.Id.String(), nil).fails(404, wire.ErrorCodeNotFound)
	choose(wire.SignUpsOpen)
	h.signedUp(t, "mallory")
	require.NotContains(t, h.logged(), code.Code)

	changes := into[wire.AuditPage](admin.do("GET", "/admin/audit?action=settings.changed", nil).is(200)).Lines
	require.Len(t, changes, 3)
	require.Equal(t, map[string]any{"signUps": "closed"}, changes[1].Detail["from"])
	require.Equal(t, map[string]any{"signUps": "invite"}, changes[1].Detail["to"])
}

func TestANoticeIsShownInRoomsAndToVisitorsUntilItIsTakenBack(t *testing.T) {
	h := newHouse(t)
	admin := h.signedUp(t, "ada")
	h.hub.take()
	admin.do("PUT", "/admin/notice", wire.NewNotice{Text: "first"}).is(200)
	warning := wire.NoticeLevelWarning
	shown := into[wire.Notice](admin.do("PUT", "/admin/notice", wire.NewNotice{Text: " The  server\nrestarts. ", Level: &warning, ExpiresIn: wire.Ptr(3600)}).is(200))
	require.Equal(t, "The server restarts.", shown.Text)
	require.NotNil(t, shown.ExpiresAt)
	require.Equal(t, []string{"notice first", "notice The server restarts."}, h.hub.take())
	require.Equal(t, shown, *into[wire.Server](h.visitor(t).do("GET", "/server", nil)).Notice)
	require.Equal(t, []string{"text"}, admin.do("PUT", "/admin/notice", wire.NewNotice{Text: "\u200b"}).fields())
	for range 2 {
		admin.do("DELETE", "/admin/notice", nil).is(204)
	}
	require.Equal(t, []string{"no notice", "no notice"}, h.hub.take())
	require.Nil(t, into[wire.Server](h.visitor(t).do("GET", "/server", nil)).Notice)
}

func TestANoticeEndsWithItsTime(t *testing.T) {
	now, pool := time.Now(), pgtest.New(t)
	h := newHouse(t, func(o *Options) { o.Notices = notices.New(pool, func() time.Time { return now }) })
	h.signedUp(t, "ada").do("PUT", "/admin/notice", wire.NewNotice{Text: "Soon over.", ExpiresIn: wire.Ptr(60)}).is(200)
	now = now.Add(59 * time.Second)
	require.NotNil(t, into[wire.Server](h.visitor(t).do("GET", "/server", nil)).Notice)
	now = now.Add(2 * time.Second)
	require.Nil(t, into[wire.Server](h.visitor(t).do("GET", "/server", nil)).Notice)
}

func TestAnAdministratorSeesAllBrowsersAndKillsOne(t *testing.T) {
	h := newHouse(t)
	admin := h.signedUp(t, "ada")
	own := into[wire.Person](admin.do("GET", "/users/me", nil))
	room := admin.room(wire.NewRoom{Title: "Film night"})
	at := time.Now()
	for i := range 3 {
		h.browsers.all = append(h.browsers.all, virtual.Managed{
			ID: uuid.New(), Room: rooms.ID(room.Id), State: wire.BrowserStateReady, StartedAt: at.Add(time.Duration(i) * time.Second), Memory: 500 << 20, CPU: 1.5, Measured: true, Rated: i > 0,
			StartedBy: &wire.PublicPerson{Id: own.Id, DisplayName: "ada", AvatarColor: wire.AvatarColorBlue},
		})
	}
	h.browsers.all = append(h.browsers.all, virtual.Managed{ID: uuid.New(), State: wire.BrowserStateReady, StartedAt: at})
	h.hub.people = 7
	page := into[wire.ManagedBrowserPage](admin.do("GET", "/admin/browsers?limit=2&search=film", nil).is(200))
	require.Len(t, page.Browsers, 2)
	require.Nil(t, page.Browsers[0].Cpu, "looked at once")
	require.InDelta(t, 1.5, *page.Browsers[1].Cpu, 0.01)
	require.Equal(t, "Film night", *page.Browsers[1].Room.Title)
	require.Equal(t, 7, page.Browsers[1].People)
	page = into[wire.ManagedBrowserPage](admin.do("GET", "/admin/browsers?cursor="+*page.Next, nil).is(200))
	require.Len(t, page.Browsers, 2)
	require.Nil(t, page.Next)
	require.True(t, *page.Browsers[1].Waits)
	require.Nil(t, page.Browsers[1].Room)

	killed := page.Browsers[0].Id
	admin.do("DELETE", "/admin/browsers/"+killed.String(), nil).is(204)
	admin.do("DELETE", "/admin/browsers/"+killed.String(), nil).fails(409, wire.ErrorCodeBrowserNotRunning)
	lines := into[wire.AuditPage](admin.do("GET", "/admin/audit?room="+room.Id.String()+"&action=browser.killed", nil).is(200)).Lines
	require.Len(t, lines, 1)
	require.Equal(t, "Film night", *lines[0].Room.Title)
	require.Equal(t, own.Id, lines[0].Target.Id)

	h.browsers.unmeasured = errors.New("the engine says no")
	page = into[wire.ManagedBrowserPage](admin.do("GET", "/admin/browsers", nil).is(200))
	require.NotNil(t, page.Trouble)
	require.NotContains(t, *page.Trouble, "engine says no")
	require.Contains(t, h.logged(), "engine says no")
}

func TestAllRoomsAreListedAndFound(t *testing.T) {
	h := newHouse(t)
	admin, bob := h.signedUp(t, "ada"), h.signedUp(t, "bob")
	for i := range 3 {
		bob.room(wire.NewRoom{Title: fmt.Sprintf("Secret %d", i), Privacy: wire.Ptr(wire.PrivacyPrivate)})
	}
	page := into[wire.ManagedRoomPage](admin.do("GET", "/admin/rooms?limit=2&search=BOB", nil).is(200))
	require.Len(t, page.Rooms, 2)
	require.Equal(t, 1, page.Rooms[0].Members)
	rest := into[wire.ManagedRoomPage](admin.do("GET", "/admin/rooms?limit=2&search=BOB&cursor="+*page.Next, nil).is(200))
	require.Len(t, rest.Rooms, 1)
	require.Nil(t, rest.Next)
	admin.do("DELETE", "/rooms/"+rest.Rooms[0].Id.String(), nil).is(204)
	require.Len(t, into[wire.ManagedRoomPage](admin.do("GET", "/admin/rooms?search=secret", nil)).Rooms, 2)
	require.Equal(t, []string{"cursor"}, admin.do("GET", "/admin/rooms?cursor=nonsense", nil).fields())
	require.Equal(t, []string{"cursor"}, admin.do("GET", "/admin/audit?cursor=nonsense", nil).fields())
	require.Empty(t, into[wire.ManagedRoomPage](admin.do("GET", "/admin/rooms?search=%00none", nil).is(200)).Rooms)
}

func TestTheOverviewSaysHowMuchThereIs(t *testing.T) {
	h := newHouse(t)
	admin := h.signedUp(t, "ada")
	h.hub.people = 3
	require.Equal(t, 3, into[wire.Overview](admin.do("GET", "/admin/overview", nil).is(200)).Now.People)
}
