package httpapi

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func (c *client) room(n wire.NewRoom) wire.Room {
	c.t.Helper()
	return into[wire.Room](c.do("POST", "/rooms", n).is(201))
}

func TestAFilmNightOverHTTP(t *testing.T) {
	h := newHouse(t)
	h.hub.people = 2
	owner := h.signedUp(t, "ada")
	room := owner.room(wire.NewRoom{Title: "Film night", Privacy: wire.Ptr(wire.PrivacyPrivate), StartUrl: new("https://example.org")})
	require.Equal(t, "film-night", room.Slug)
	require.Equal(t, wire.RoleOwner, *room.Role)
	require.Equal(t, 2, room.People)
	at := "/rooms/" + room.Slug

	invite := into[wire.Invite](owner.do("POST", at+"/invites", wire.NewInvite{ExpiresIn: new(3600), MaxUses: new(5)}).is(201))
	require.Equal(t, h.url+"/i/"+invite.Code, invite.Url)
	require.Equal(t, wire.RoleGuest, invite.Role)

	friend := h.visitor(t)
	preview := into[wire.InvitePreview](friend.do("GET", "/invites/"+invite.Code, nil).is(200))
	require.Equal(t, "Film night", preview.Room.Title)
	friend.do("POST", "/invites/"+invite.Code+"/accept", wire.InviteAcceptance{}).fails(422, wire.ErrorCodeDisplayNameNeeded)
	a := friend.do("POST", "/invites/"+invite.Code+"/accept", wire.InviteAcceptance{DisplayName: new("Grace")}).is(200)
	require.Contains(t, a.header.Get("Set-Cookie"), "turtus_refresh=")
	accepted := into[wire.AcceptedInvite](a)
	friend.token = accepted.Session.AccessToken
	require.Equal(t, wire.PersonKindGuest, accepted.Session.Person.Kind)

	join := into[wire.Join](friend.do("POST", "/rooms/"+room.Id.String()+"/join", wire.JoinRequest{}).is(200))
	require.Equal(t, wire.RoleGuest, join.Role)
	require.Contains(t, join.Permissions, wire.PermissionControl)
	require.WithinDuration(t, time.Now().Add(5*time.Minute), join.ExpiresAt, time.Minute)

	said := into[wire.ChatMessage](friend.do("POST", at+"/messages", wire.ChatSend{Key: "k1", Text: "hello"}).is(201))
	again := into[wire.ChatMessage](friend.do("POST", at+"/messages", wire.ChatSend{Key: "k1", Text: "hello"}).is(201))
	require.Equal(t, said, again)
	require.Equal(t, []string{"message hello repeated=false", "message hello repeated=true"}, h.hub.take(), "the hub is told of a retry too, and knows that it has it")
	friend.do("POST", at+"/messages", wire.ChatSend{Key: "k1", Text: "else"}).fails(409, wire.ErrorCodeKeyReused)
	page := into[wire.MessagePage](owner.do("GET", at+"/messages?limit=1", nil).is(200))
	require.Equal(t, "hello", page.Messages[0].Text)
	require.Nil(t, page.Messages[0].Key, "told to the sender alone")
	require.Equal(t, "k1", *into[wire.MessagePage](friend.do("GET", at+"/messages", nil)).Messages[0].Key)

	friend.do("PATCH", at+"/messages/1", wire.MessageChange{Text: "hello!"}).is(200)
	owner.do("PATCH", at+"/messages/1", wire.MessageChange{Text: "mine"}).fails(403, wire.ErrorCodeForbidden)
	require.Equal(t, "hello!", into[wire.MessagePage](owner.do("GET", at+"/messages?changedAfter=0", nil).is(200)).Messages[0].Text)
	require.Empty(t, into[wire.MessagePage](owner.do("GET", at+"/messages?changedAfter=1", nil).is(200)).Messages)
	require.NotNil(t, into[wire.ChatMessage](owner.do("DELETE", at+"/messages/1", nil).is(200)).DeletedAt)
	require.Equal(t, []string{`message changed "hello!"`, `message changed ""`}, h.hub.take())
	owner.do("DELETE", at+"/messages/9", nil).fails(404, wire.ErrorCodeNotFound)

	claimed := into[wire.Person](friend.do("POST", "/users/me/claim", wire.AccountClaim{Username: "grace", Password: password}).is(200))
	require.Equal(t, accepted.Session.Person.Id, claimed.Id)
	require.Equal(t, []string{"person updated Grace"}, h.hub.take())
	require.Equal(t, wire.RoleGuest, *into[wire.Room](friend.do("GET", at, nil).is(200)).Role)
	require.Equal(t, wire.PersonKindAccount, into[wire.Person](friend.do("GET", "/users/me", nil)).Kind)

	changed := into[wire.Room](owner.do("PATCH", at, wire.RoomChange{Title: new("Series night")}).is(200))
	require.Equal(t, "Series night", changed.Title)
	friend.do("PATCH", at, wire.RoomChange{Title: new("Mine")}).fails(403, wire.ErrorCodeForbidden)
	friend.do("DELETE", at, nil).fails(403, wire.ErrorCodeForbidden)
	require.Equal(t, "Series night", into[wire.Room](friend.do("GET", at, nil).is(200)).Title)
	require.Len(t, into[wire.RoomPage](friend.do("GET", "/rooms", nil).is(200)).Rooms, 1)
	require.Empty(t, into[wire.RoomPage](friend.do("GET", "/rooms?scope=public", nil).is(200)).Rooms)

	require.Len(t, into[wire.InviteList](owner.do("GET", at+"/invites", nil).is(200)).Invites, 1)
	owner.do("DELETE", at+"/invites/"+invite.Id.String(), nil).is(204)
	h.visitor(t).do("GET", "/invites/"+invite.Code, nil).fails(410, wire.ErrorCodeInviteRevoked)
	into[wire.AcceptedInvite](friend.do("POST", "/invites/"+invite.Code+"/accept", wire.InviteAcceptance{}).is(200))

	h.hub.take()
	owner.do("DELETE", at, nil).is(204)
	require.Equal(t, []string{"room deleted"}, h.hub.take())
	friend.do("GET", at, nil).fails(404, wire.ErrorCodeNotFound)
}

func TestARoomsScreenIsTheServersUntilItChoosesItsOwn(t *testing.T) {
	h := newHouse(t)
	owner := h.signedUp(t, "ada")
	room := owner.room(wire.NewRoom{Title: "Films"})
	require.Equal(t, wire.Screen{Width: 1280, Height: 720, FrameRate: 30}, room.Screen)
	own := wire.Screen{Width: 1920, Height: 1080, FrameRate: 24}
	require.Equal(t, own, owner.room(wire.NewRoom{Title: "Large films", Screen: &own}).Screen)

	at := "/rooms/" + room.Slug
	require.Equal(t, own, into[wire.Room](owner.do("PATCH", at, wire.RoomChange{Screen: wire.ScreenChange{Set: true, To: &own}}).is(200)).Screen)
	require.Equal(t, []string{"room updated"}, h.hub.take())
	require.Equal(t, own, into[wire.Room](owner.do("PATCH", at, wire.RoomChange{Title: new("Series")}).is(200)).Screen, "what is not given stays")
	require.Equal(t, own, into[wire.Room](owner.do("GET", at, nil).is(200)).Screen)
	require.Equal(t, room.Screen, into[wire.Room](owner.do("PATCH", at, map[string]any{"screen": nil}).is(200)).Screen, "null is the server's again")
	require.Equal(t, own, into[wire.Room](owner.do("PATCH", at, wire.RoomChange{Screen: wire.ScreenChange{Set: true, To: &own}}).is(200)).Screen)
	require.Equal(t, room.Screen, into[wire.Room](owner.do("PATCH", at, wire.RoomChange{Screen: wire.ScreenChange{Set: true}}).is(200)).Screen)

	odd := owner.do("PATCH", at, wire.RoomChange{Screen: wire.ScreenChange{Set: true, To: &wire.Screen{Width: 1279, Height: 720, FrameRate: 30}}})
	require.Equal(t, []string{"screen.width"}, odd.fields())
	require.Contains(t, string(odd.body), "a multiple of 2")
	member := h.signedUp(t, "grace")
	member.do("POST", at+"/join", wire.JoinRequest{}).is(200)
	member.do("PATCH", at, wire.RoomChange{Screen: wire.ScreenChange{Set: true, To: &own}}).fails(403, wire.ErrorCodeForbidden)
}

func TestTheBrowserObeysPermissions(t *testing.T) {
	h := newHouse(t)
	owner, member, other, stranger := h.signedUp(t, "owner"), h.signedUp(t, "member"), h.signedUp(t, "other"), h.signedUp(t, "stranger")
	at := "/rooms/" + owner.room(wire.NewRoom{Title: "Film night"}).Slug
	member.do("POST", at+"/join", wire.JoinRequest{}).is(200)
	other.do("POST", at+"/join", wire.JoinRequest{}).is(200)

	member.do("DELETE", at+"/browser", nil).fails(409, wire.ErrorCodeBrowserNotRunning)
	member.do("POST", at+"/browser/keep-alive", nil).fails(409, wire.ErrorCodeBrowserNotRunning)
	member.do("POST", at+"/browser/extend", nil).fails(409, wire.ErrorCodeBrowserNotRunning)
	for _, c := range []struct{ method, path string }{{"GET", ""}, {"POST", ""}, {"DELETE", ""}, {"POST", "/keep-alive"}, {"POST", "/extend"}} {
		stranger.do(c.method, at+"/browser"+c.path, nil).fails(403, wire.ErrorCodeRoomMembersOnly)
	}
	started := into[wire.Browser](member.do("POST", at+"/browser", nil).is(202))
	require.Equal(t, wire.BrowserStateStarting, started.State)
	other.do("POST", at+"/browser", nil).fails(409, wire.ErrorCodeBrowserRunning)
	require.Equal(t, wire.BrowserStateStarting, into[wire.Browser](other.do("GET", at+"/browser", nil).is(200)).State)
	require.Equal(t, wire.BrowserStateStarting, into[wire.Room](other.do("GET", at, nil)).BrowserState)
	other.do("POST", at+"/browser/keep-alive", nil).is(202)
	other.do("POST", at+"/browser/extend", nil).is(202)
	other.do("DELETE", at+"/browser", nil).fails(403, wire.ErrorCodeForbidden)
	owner.do("DELETE", at+"/browser", nil).is(202)
	member.do("POST", at+"/browser", nil).is(202)
	member.do("DELETE", at+"/browser", nil).is(202)
	member.do("POST", at+"/browser", nil).is(202)
	h.browsers.startedBy(nil) // their account is deleted
	other.do("DELETE", at+"/browser", nil).fails(403, wire.ErrorCodeForbidden)
	owner.do("DELETE", at+"/browser", nil).is(202)

	for code, status := range map[wire.ErrorCode]int{
		wire.ErrorCodeBrowserQuotaPerson: 409, wire.ErrorCodeBrowserQuotaServer: 503, wire.ErrorCodeBrowserNotAvailable: 503,
	} {
		h.browsers.fault = wire.Errorf(code, "No.")
		owner.do("POST", at+"/browser", nil).fails(status, code)
	}
	h.browsers.why = "Firefox is not installed."
	server := into[wire.Server](owner.do("GET", "/server", nil).is(200))
	require.False(t, server.BrowsersAvailable)
	require.Equal(t, "Firefox is not installed.", *server.BrowsersDetail)
}

func TestWhatARoomRefuses(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.Passwords = Limit{3, time.Hour} })
	owner, stranger := h.signedUp(t, "owner"), h.signedUp(t, "stranger")
	locked := "/rooms/" + owner.room(wire.NewRoom{Title: "Locked", Slug: new("locked"), Password: new("popcorn")}).Slug
	private := "/rooms/" + owner.room(wire.NewRoom{Title: "Private", Privacy: wire.Ptr(wire.PrivacyPrivate)}).Slug
	owner.do("POST", "/rooms", wire.NewRoom{Title: "Again", Slug: new("locked")}).fails(409, wire.ErrorCodeSlugTaken)
	for range 3 {
		owner.room(wire.NewRoom{Title: "More"})
	}
	owner.do("POST", "/rooms", wire.NewRoom{Title: "Too many"}).fails(409, wire.ErrorCodeTooManyRooms)

	stranger.do("GET", private, nil).fails(404, wire.ErrorCodeNotFound)
	stranger.do("POST", private+"/join", wire.JoinRequest{}).fails(404, wire.ErrorCodeNotFound)
	stranger.do("GET", private+"/messages", nil).fails(404, wire.ErrorCodeNotFound)
	stranger.do("POST", private+"/messages", wire.ChatSend{Key: "k", Text: "t"}).fails(404, wire.ErrorCodeNotFound)
	stranger.do("PATCH", private+"/messages/1", wire.MessageChange{Text: "t"}).fails(404, wire.ErrorCodeNotFound)
	stranger.do("DELETE", private+"/messages/1", nil).fails(404, wire.ErrorCodeNotFound)
	stranger.do("POST", private+"/invites", wire.NewInvite{}).fails(404, wire.ErrorCodeNotFound)
	stranger.do("POST", "/rooms/nowhere/join", wire.JoinRequest{}).fails(404, wire.ErrorCodeNotFound)

	stranger.do("POST", locked+"/join", wire.JoinRequest{}).fails(403, wire.ErrorCodeRoomPasswordNeeded)
	for range 3 {
		stranger.do("POST", locked+"/join", wire.JoinRequest{Password: new("nachos")}).fails(403, wire.ErrorCodeRoomPasswordWrong)
	}
	stranger.do("POST", locked+"/join", wire.JoinRequest{Password: new("popcorn")}).fails(429, wire.ErrorCodeRateLimited)
}

func TestAGuestHasTheInvitedRoomAlone(t *testing.T) {
	h := newHouse(t)
	owner := h.signedUp(t, "owner")
	at := "/rooms/" + owner.room(wire.NewRoom{Title: "Film night"}).Slug
	public := "/rooms/" + owner.room(wire.NewRoom{Title: "Public", Privacy: wire.Ptr(wire.PrivacyPublic)}).Slug
	invite := into[wire.Invite](owner.do("POST", at+"/invites", wire.NewInvite{MaxUses: new(1)}).is(201))
	guest := h.visitor(t)
	accept := "/invites/" + invite.Code + "/accept"
	guest.token = into[wire.AcceptedInvite](guest.do("POST", accept, wire.InviteAcceptance{DisplayName: new("Grace")}).is(200)).Session.AccessToken
	guest.do("POST", "/rooms", wire.NewRoom{Title: "Mine"}).fails(403, wire.ErrorCodeGuestNotAllowed)
	guest.do("POST", public+"/join", wire.JoinRequest{}).fails(403, wire.ErrorCodeGuestNotAllowed)
	guest.do("POST", at+"/invites", wire.NewInvite{}).fails(403, wire.ErrorCodeForbidden)
	guest.do("PUT", "/users/me/password", wire.PasswordChange{NewPassword: password}).fails(403, wire.ErrorCodeGuestNotAllowed)
	h.visitor(t).do("POST", accept, wire.InviteAcceptance{DisplayName: new("Late")}).fails(410, wire.ErrorCodeInviteUsedUp)
	guest.do("DELETE", "/users/me", wire.AccountDeletion{}).is(204)

	_, err := h.pool.Exec(t.Context(), "UPDATE invites SET max_uses = NULL, expires_at = now() - interval '1 second'")
	require.NoError(t, err)
	h.visitor(t).do("POST", accept, wire.InviteAcceptance{DisplayName: new("Late")}).fails(410, wire.ErrorCodeInviteExpired)
	h.visitor(t).do("GET", "/invites/"+strings.Repeat("x", 22), nil).fails(404, wire.ErrorCodeNotFound)
	owner.do("DELETE", at+"/invites/"+uuid.NewString(), nil).fails(404, wire.ErrorCodeNotFound)
}

func TestListsArePagedByACursor(t *testing.T) {
	h := newHouse(t)
	owner := h.signedUp(t, "owner")
	for range 3 {
		owner.room(wire.NewRoom{Title: "Film night", Privacy: wire.Ptr(wire.PrivacyPublic)})
	}
	first := into[wire.RoomPage](owner.do("GET", "/rooms?scope=public&limit=2", nil).is(200))
	require.Len(t, first.Rooms, 2)
	second := into[wire.RoomPage](owner.do("GET", "/rooms?scope=public&limit=2&cursor="+*first.Next, nil).is(200))
	require.Len(t, second.Rooms, 1)
	require.Nil(t, second.Next)
	require.Equal(t, []string{"cursor"}, owner.do("GET", "/rooms?cursor=garbage", nil).fields())
}

func TestGuessesOfARoomsPasswordAreCountedWhicheverAddressOfItIsTaken(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.Passwords = Limit{2, time.Hour} })
	owner, stranger := h.signedUp(t, "owner"), h.signedUp(t, "stranger")
	room := owner.room(wire.NewRoom{Title: "Film night", Password: new("open sesame")})
	guess := wire.JoinRequest{Password: new("a guess")}
	stranger.do("POST", "/rooms/"+room.Slug+"/join", guess).fails(403, wire.ErrorCodeRoomPasswordWrong)
	stranger.do("POST", "/rooms/"+room.Id.String()+"/join", guess).fails(403, wire.ErrorCodeRoomPasswordWrong)
	stranger.do("POST", "/rooms/"+room.Slug+"/join", guess).fails(429, wire.ErrorCodeRateLimited)
	stranger.do("POST", "/rooms/"+strings.ToUpper(room.Id.String())+"/join", guess).fails(429, wire.ErrorCodeRateLimited)
}

func TestTheHubHearsOfAMemberWhomAnInviteRaised(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.signedUp(t, "owner"), h.signedUp(t, "friend")
	at := "/rooms/" + owner.room(wire.NewRoom{Title: "Film night"}).Slug
	friend.do("POST", at+"/join", wire.JoinRequest{}).is(200)
	invite := into[wire.Invite](owner.do("POST", at+"/invites", wire.NewInvite{Role: wire.Ptr(wire.NewInviteRoleModerator)}).is(201))
	require.Empty(t, h.hub.take())
	accepted := into[wire.AcceptedInvite](friend.do("POST", "/invites/"+invite.Code+"/accept", wire.InviteAcceptance{}).is(200))
	require.Equal(t, wire.RoleModerator, accepted.Role)
	require.Equal(t, []string{"member changed"}, h.hub.take())
	friend.do("POST", "/invites/"+invite.Code+"/accept", wire.InviteAcceptance{}).is(200)
	require.Empty(t, h.hub.take(), "nothing changed")
}

func TestTheHubHearsOfAGuestWhoBecameAMemberByAnAccount(t *testing.T) {
	h := newHouse(t)
	owner, guest := h.signedUp(t, "owner"), h.visitor(t)
	at := "/rooms/" + owner.room(wire.NewRoom{Title: "Film night"}).Slug
	invite := into[wire.Invite](owner.do("POST", at+"/invites", wire.NewInvite{}).is(201))
	accept := wire.InviteAcceptance{DisplayName: new("Grace")}
	guest.token = into[wire.AcceptedInvite](guest.do("POST", "/invites/"+invite.Code+"/accept", accept).is(200)).Session.AccessToken
	guest.do("POST", "/users/me/claim", wire.AccountClaim{Username: "grace", Password: password}).is(200)
	require.Equal(t, []string{"member changed", "person updated Grace"}, h.hub.take())
	require.Equal(t, wire.RoleMember, *into[wire.Room](guest.do("GET", at, nil).is(200)).Role)
}

func TestTheOwnerSendsCallsByTheRelayAlone(t *testing.T) {
	h := newHouse(t)
	owner := h.signedUp(t, "mia")
	room := owner.room(wire.NewRoom{Title: "Shy"})
	at := "/rooms/" + room.Slug
	require.Equal(t, []bool{false, false}, []bool{room.RelayOnly, room.RelayForced}, "friends usually connect directly")
	changed := into[wire.Room](owner.do("PATCH", at, wire.RoomChange{RelayOnly: new(true)}).is(200))
	require.Equal(t, []bool{true, false}, []bool{changed.RelayOnly, changed.RelayForced})
	require.True(t, into[wire.Room](owner.do("PATCH", at, wire.RoomChange{Title: new("Shyer")}).is(200)).RelayOnly, "what is not given stays")
	require.False(t, into[wire.Room](owner.do("PATCH", at, wire.RoomChange{RelayOnly: new(false)}).is(200)).RelayOnly)
}

func TestAVisitorAsksToEnterOverHTTP(t *testing.T) {
	h := newHouse(t)
	owner, visitor := h.signedUp(t, "owner"), h.visitor(t)
	asked := "/rooms/" + owner.room(wire.NewRoom{Title: "Film night", Entry: wire.Ptr(wire.EntryAsk), Size: wire.Ptr(5)}).Slug
	closed := "/rooms/" + owner.room(wire.NewRoom{Title: "Closed", Entry: wire.Ptr(wire.EntryClosed)}).Slug
	require.Equal(t, 5, into[wire.Room](owner.do("GET", asked, nil).is(200)).Size)
	h.signedUp(t, "stranger").do("POST", closed+"/join", wire.JoinRequest{}).fails(403, wire.ErrorCodeRoomClosed)

	for _, elsewhere := range []string{closed, "/rooms/nowhere"} {
		visitor.do("GET", elsewhere+"/door", nil).fails(404, wire.ErrorCodeNotFound)
		visitor.do("POST", elsewhere+"/door", wire.KnockRequest{DisplayName: wire.Ptr("Grace")}).fails(404, wire.ErrorCodeNotFound)
	}
	door := into[wire.Door](visitor.do("GET", asked+"/door", nil).is(200))
	require.Equal(t, "Film night", door.Title)
	visitor.do("POST", asked+"/door", wire.KnockRequest{}).fails(422, wire.ErrorCodeDisplayNameNeeded)
	knock := into[wire.Knock](visitor.do("POST", asked+"/door", wire.KnockRequest{DisplayName: wire.Ptr("Grace")}).is(200))
	require.True(t, knock.Session.Person.Kind == wire.PersonKindGuest)
	require.NotEmpty(t, knock.Token)
	again := into[wire.Knock](owner.do("POST", asked+"/door", wire.KnockRequest{}).is(200))
	require.Nil(t, again.Session, "who is signed in stays who they are")

	owner.do("PATCH", asked, `{"entry":"secret","size":1001}`).fails(422, wire.ErrorCodeInvalidField)
	require.Equal(t, wire.EntryOpen, into[wire.Room](owner.do("PATCH", asked, wire.RoomChange{Entry: wire.Ptr(wire.EntryOpen)}).is(200)).Entry)
	visitor.do("GET", asked+"/door", nil).fails(404, wire.ErrorCodeNotFound)
}

func TestRoomsAreStarredAndSearchedOverHTTP(t *testing.T) {
	h := newHouse(t)
	owner, fan := h.signedUp(t, "owner"), h.signedUp(t, "fan")
	at := "/rooms/" + owner.room(wire.NewRoom{Title: "Film night", Privacy: wire.Ptr(wire.PrivacyPublic)}).Slug
	owner.room(wire.NewRoom{Title: "Series", Privacy: wire.Ptr(wire.PrivacyPublic)})
	list := func(query string) []wire.Room {
		return into[wire.RoomPage](fan.do("GET", "/rooms?"+query, nil).is(200)).Rooms
	}
	require.Empty(t, list("scope=favourites"))
	fan.do("PUT", at+"/favourite", nil).is(204)
	require.Len(t, list("scope=favourites"), 1)
	found := list("scope=public&search=FILM")
	require.Len(t, found, 1)
	require.True(t, *found[0].Favourite)
	fan.do("DELETE", at+"/favourite", nil).is(204)
	require.Empty(t, list("scope=favourites"))
	fan.do("PUT", "/rooms/nowhere/favourite", nil).fails(404, wire.ErrorCodeNotFound)
}
