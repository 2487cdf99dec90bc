package httpapi

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

// linkedTo brings somebody's seat to another screen.
func (c *client) linkedTo(at string, kind wire.ScreenKind) (screen *client, code wire.LinkCode, linked wire.Linked) {
	c.t.Helper()
	code = into[wire.LinkCode](c.do("POST", at+"/screens", nil).is(201))
	screen = c.h.visitor(c.t)
	linked = into[wire.Linked](screen.do("POST", "/sessions/linked", wire.LinkCodeUse{Code: code.Code, Device: kind}).is(201))
	screen.token = linked.Session.AccessToken
	return screen, code, linked
}

func TestWhoeverSitsInARoomBringsTheSeatToAnotherScreen(t *testing.T) {
	h := newHouse(t)
	at, people, ids := h.seated(t)
	for role, p := range people {
		t.Run(string(role), func(t *testing.T) {
			code := into[wire.LinkCode](p.do("POST", at+"/screens", nil).is(201))
			require.Equal(t, h.url+"/link", code.Url)
			require.Equal(t, code.Url+"#code="+code.Code, code.Link)
			television := h.visitor(t)
			linking := into[wire.Linking](television.do("POST", "/sessions/linked/look", wire.LinkCodeTyped{Code: strings.ToLower(code.Code)}).is(200))
			require.Equal(t, ids[role].Id, linking.Person.Id)
			require.Equal(t, "Room", linking.Room.Title)
			television, code, linked := p.linkedTo(at, wire.ScreenKindTv)
			require.Equal(t, linking.Room, linked.Room)
			require.Equal(t, ids[role].Id, linked.Session.Person.Id)

			joined := into[wire.Join](television.do("POST", "/rooms/"+linked.Room.Slug+"/join", wire.JoinRequest{}).is(200))
			require.Equal(t, role, joined.Role)
			television.do("POST", "/sessions/refresh", nil).is(200)
			require.Equal(t, ids[role].Id, into[wire.Person](television.do("GET", "/users/me", nil).is(200)).Id)

			screens := into[wire.ScreenList](p.do("GET", "/users/me/screens", nil).is(200)).Screens
			require.Len(t, screens, 1)
			require.Equal(t, code.Screen, screens[0].Id)
			require.Equal(t, wire.ScreenKindTv, screens[0].Device)
			h.hub.take()
			p.do("DELETE", "/users/me/screens/"+code.Screen.String(), nil).is(204)
			require.Equal(t, []string{"session ended"}, h.hub.take())
			television.do("POST", at+"/join", wire.JoinRequest{}).fails(401, wire.ErrorCodeUnauthenticated)
			p.do("DELETE", "/users/me/screens/"+code.Screen.String(), nil).fails(404, wire.ErrorCodeNotFound)
		})
	}
	require.NotContains(t, h.logged(), "code=")
}

func TestASecondScreenIsGoodForItsRoomAlone(t *testing.T) {
	h := newHouse(t)
	owner := h.signedUp(t, "owner") // the administrator
	room, other := owner.room(wire.NewRoom{Title: "Here"}), owner.room(wire.NewRoom{Title: "There"})
	at := "/rooms/" + room.Id.String()
	invite := into[wire.Invite](owner.do("POST", at+"/invites", wire.NewInvite{}).is(201))
	guest := into[wire.AcceptedInvite](h.visitor(t).do("POST", "/invites/"+invite.Code+"/accept", wire.InviteAcceptance{DisplayName: new("Grace")}).is(200))
	screen, _, _ := owner.linkedTo(at, wire.ScreenKindTablet)
	for _, refused := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/rooms/" + other.Slug + "/join", wire.JoinRequest{}},
		{"GET", "/rooms/no-such-room", nil},
		{"GET", "/rooms", nil},
		{"POST", "/rooms", wire.NewRoom{Title: "Mine"}},
		{"GET", "/admin/people", nil},
		{"PATCH", "/users/me", wire.ProfileChange{DisplayName: new("Somebody")}},
		{"DELETE", "/users/me", wire.AccountDeletion{Password: new(password)}},
		{"GET", "/users/me/screens", nil},
		{"POST", at + "/screens", nil},
		{"GET", at + "/invites", nil},
		{"POST", at + "/invites", wire.NewInvite{}},
		{"DELETE", at + "/invites/" + invite.Id.String(), nil},
		{"PATCH", at, wire.RoomChange{Title: new("Elsewhere")}},
		{"PUT", at + "/members/" + guest.Session.Person.Id.String(), wire.MemberChange{Role: wire.MemberChangeRoleModerator}},
		{"PUT", at + "/owner", wire.OwnerChange{Person: guest.Session.Person.Id}},
		{"DELETE", at, nil},
	} {
		t.Run(refused.method+refused.path, func(t *testing.T) {
			screen.do(refused.method, refused.path, refused.body).fails(403, wire.ErrorCodeForbidden)
		})
	}
	screen.do("GET", at+"/messages", nil).is(200)
	screen.do("GET", "/rooms/"+room.Slug, nil).is(200)
	screen.do("DELETE", "/sessions/current", nil).is(204)
	require.Empty(t, into[wire.ScreenList](owner.do("GET", "/users/me/screens", nil).is(200)).Screens)
	owner.do("DELETE", at, nil).is(204)
}

func TestACodeBringsNoSeatThatWasTakenSince(t *testing.T) {
	h := newHouse(t)
	at, people, ids := h.seated(t)
	member := people[wire.RoleMember]
	code := into[wire.LinkCode](member.do("POST", at+"/screens", nil).is(201))
	people[wire.RoleOwner].do("POST", at+"/bans", wire.NewBan{Person: ids[wire.RoleMember].Id}).is(201)
	member.do("POST", at+"/screens", nil).fails(403, wire.ErrorCodeBanned)
	television := h.visitor(t)
	television.do("POST", "/sessions/linked/look", wire.LinkCodeTyped{Code: code.Code}).fails(403, wire.ErrorCodeLinkCodeWrong)
	television.do("POST", "/sessions/linked", wire.LinkCodeUse{Code: code.Code, Device: wire.ScreenKindTv}).fails(403, wire.ErrorCodeLinkCodeWrong)
}

func TestNobodyTriesCodesWithoutEnd(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Limits.Links, o.Limits.WrongLinks = Limit{Events: 3, Per: time.Hour}, Limit{Events: 2, Per: time.Hour}
	})
	owner := h.signedUp(t, "owner")
	code := into[wire.LinkCode](owner.do("POST", "/rooms/"+owner.room(wire.NewRoom{Title: "Here"}).Slug+"/screens", nil).is(201))
	v := h.visitor(t)
	for range 2 {
		v.do("POST", "/sessions/linked/look", wire.LinkCodeTyped{Code: "AAAA-AAAA"}).fails(403, wire.ErrorCodeLinkCodeWrong)
	}
	// Of all together there were too many in vain: also what would work says only so.
	refused := v.do("POST", "/sessions/linked/look", wire.LinkCodeTyped{Code: code.Code})
	refused.fails(429, wire.ErrorCodeRateLimited)
	require.NotEmpty(t, refused.header.Get("Retry-After"))
	// And of this address.
	v.do("POST", "/sessions/linked", wire.LinkCodeUse{Code: code.Code, Device: wire.ScreenKindTv}).fails(429, wire.ErrorCodeRateLimited)
}

func TestAGuestWhoSignsInSitsThereAsTheirAccount(t *testing.T) {
	h := newHouse(t)
	owner, ann := h.signedUp(t, "owner"), h.signedUp(t, "ann")
	at := "/rooms/" + owner.room(wire.NewRoom{Title: "Private", Privacy: wire.Ptr(wire.PrivacyPrivate)}).Id.String()
	invite := into[wire.Invite](owner.do("POST", at+"/invites", wire.NewInvite{}).is(201))
	browser := h.visitor(t)
	accepted := into[wire.AcceptedInvite](browser.do("POST", "/invites/"+invite.Code+"/accept", wire.InviteAcceptance{DisplayName: new("Ann")}).is(200))
	guest := accepted.Session.AccessToken
	browser.token = guest
	television, _, _ := browser.linkedTo(at, wire.ScreenKindTv)
	browser.token = ""
	ann.do("POST", at+"/join", wire.JoinRequest{}).fails(404, wire.ErrorCodeNotFound)
	h.hub.take()

	browser.do("POST", "/sessions", wire.Credentials{Username: "ann", Password: "not the password"}).fails(401, wire.ErrorCodeWrongCredentials)
	browser.token = into[wire.Session](browser.do("POST", "/sessions", wire.Credentials{Username: "ann", Password: password}).is(201)).AccessToken
	require.Equal(t, []string{"session ended", "member changed", "member changed"}, h.hub.take())
	account := into[wire.Person](browser.do("GET", "/users/me", nil).is(200)).Id
	require.Equal(t, []accounts.PersonID{accounts.PersonID(accepted.Session.Person.Id), accounts.PersonID(account)}, h.hub.whose(), "who moderates finds nobody to mute on the guest's other screen")
	television.do("POST", at+"/join", wire.JoinRequest{}).fails(404, wire.ErrorCodeNotFound)
	joined := into[wire.Join](browser.do("POST", at+"/join", wire.JoinRequest{}).is(200))
	require.Equal(t, wire.RoleGuest, joined.Role)
	browser.token = guest
	browser.do("POST", at+"/join", wire.JoinRequest{}).fails(401, wire.ErrorCodeUnauthenticated)
	require.Len(t, into[wire.MemberList](owner.do("GET", at+"/members", nil).is(200)).Members, 2, "nobody sits there twice")
}

func TestTheChatIsSlowedAndClearedOverHTTP(t *testing.T) {
	h := newHouse(t)
	at, people, _ := h.seated(t)
	owner, guest := people[wire.RoleOwner], people[wire.RoleGuest]
	guest.do("POST", at+"/messages", wire.ChatSend{Key: "1", Text: "one"}).is(201)
	h.hub.take()
	slowed := into[wire.Room](owner.do("PUT", at+"/slow-mode", wire.SlowMode{Seconds: 30}).is(200))
	require.Equal(t, 30, slowed.SlowMode)
	guest.do("POST", at+"/messages", wire.ChatSend{Key: "2", Text: "two"}).fails(429, wire.ErrorCodeSlowMode)
	require.Equal(t, []string{"seconds"}, owner.do("PUT", at+"/slow-mode", `{"seconds":3601}`).fields())
	cleared := into[wire.ChatCleared](owner.do("DELETE", at+"/messages", nil).is(200))
	require.Equal(t, int64(1), cleared.Seq)
	require.Empty(t, into[wire.MessagePage](guest.do("GET", at+"/messages", nil).is(200)).Messages)
	require.Equal(t, []string{"room updated", "chat cleared"}, h.hub.take())
}

func TestOneHouseholdKeepsNobodyElseFromLinkingScreens(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		o.Limits.Links, o.Limits.WrongLinks = Limit{Events: 3, Per: time.Hour}, Limit{Events: 4, Per: time.Hour}
	})
	owner := h.signedUp(t, "owner")
	code := into[wire.LinkCode](owner.do("POST", "/rooms/"+owner.room(wire.NewRoom{Title: "Here"}).Slug+"/screens", nil).is(201))
	v := h.visitor(t)
	for i := range 5 { // of one household, each in a network of its own
		a := v.do("POST", "/sessions/linked/look", wire.LinkCodeTyped{Code: "AAAA-AAAA"}, "X-Forwarded-For", fmt.Sprintf("2001:db8:0:%d::1", i))
		if i < 3 {
			a.fails(403, wire.ErrorCodeLinkCodeWrong)
		} else {
			a.fails(429, wire.ErrorCodeRateLimited)
		}
	}
	v.do("POST", "/sessions/linked/look", wire.LinkCodeTyped{Code: code.Code}, "X-Forwarded-For", "2001:db8:1::1").is(200)
}
