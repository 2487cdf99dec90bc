package httpapi

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

// comesAs accepts an invite as a new guest behind a proxy that says where they are.
func (h *house) comesAs(t *testing.T, code, address string) (*client, answer) {
	t.Helper()
	c := h.visitor(t)
	a := c.do("POST", "/invites/"+code+"/accept", wire.InviteAcceptance{DisplayName: new("Grace")}, "X-Forwarded-For", address)
	if a.status == 200 {
		c.token = into[wire.AcceptedInvite](a).Session.AccessToken
	}
	return c, a
}

func TestABannedGuestDoesNotComeBackByTheSameInvite(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	at, people, _ := h.seated(t)
	moderator, member := people[wire.RoleModerator], people[wire.RoleMember]
	code := into[wire.Invite](moderator.do("POST", at+"/invites", wire.NewInvite{}).is(201)).Code
	guest, _ := h.comesAs(t, code, "2001:db8:1:2::7")
	guest.do("POST", at+"/join", wire.JoinRequest{}, "X-Forwarded-For", "203.0.113.7").is(200)
	who := into[wire.Person](guest.do("GET", "/users/me", nil).is(200)).Id

	member.do("POST", at+"/bans", wire.NewBan{Person: who}).fails(403, wire.ErrorCodeForbidden)
	h.hub.take()
	ban := into[wire.Ban](moderator.do("POST", at+"/bans", wire.NewBan{Person: who, Reason: new("flood")}).is(201))
	require.Equal(t, []string{"member changed"}, h.hub.take())
	require.True(t, ban.Marked)
	guest.do("POST", at+"/join", wire.JoinRequest{}).fails(403, wire.ErrorCodeBanned)
	guest.do("POST", "/invites/"+code+"/accept", wire.InviteAcceptance{}).fails(403, wire.ErrorCodeBanned)
	for _, address := range []string{"2001:db8:1:2::8", "203.0.113.7"} { // of IPv6 the network that one client has whole
		_, again := h.comesAs(t, code, address)
		again.fails(403, wire.ErrorCodeBanned)
	}
	_, another := h.comesAs(t, code, "2001:db8:1:3::7")
	another.is(200)

	member.do("GET", at+"/bans", nil).fails(403, wire.ErrorCodeForbidden)
	list := into[wire.BanList](moderator.do("GET", at+"/bans?limit=1&search=gra", nil).is(200))
	require.Equal(t, []wire.Ban{ban}, list.Bans)
	member.do("DELETE", at+"/bans/"+ban.Id.String(), nil).fails(403, wire.ErrorCodeForbidden)
	moderator.do("DELETE", at+"/bans/"+ban.Id.String(), nil).is(204)
	moderator.do("DELETE", at+"/bans/"+ban.Id.String(), nil).fails(404, wire.ErrorCodeNotFound)
	_, back := h.comesAs(t, code, "203.0.113.7")
	back.is(200)
}

func TestWhoIsMutedWritesNothingOverRESTEither(t *testing.T) {
	h := newHouse(t)
	at, people, ids := h.seated(t)
	moderator, member := people[wire.RoleModerator], people[wire.RoleMember]
	mute := at + "/members/" + ids[wire.RoleMember].Id.String() + "/mute"
	member.do("PUT", mute, wire.Muted{}).fails(403, wire.ErrorCodeForbidden)
	moderator.do("PUT", at+"/members/"+ids[wire.RoleOwner].Id.String()+"/mute", wire.Muted{Chat: true}).fails(403, wire.ErrorCodeForbidden)
	h.hub.take()
	muted := into[wire.Member](moderator.do("PUT", mute, wire.Muted{Chat: true}).is(200))
	require.Equal(t, &wire.Muted{Chat: true}, muted.Muted)
	require.Equal(t, []string{"member changed"}, h.hub.take())
	member.do("POST", at+"/messages", wire.ChatSend{Key: "1", Text: "hello"}).fails(403, wire.ErrorCodeForbidden)
	require.NotContains(t, into[wire.Join](member.do("POST", at+"/join", wire.JoinRequest{}).is(200)).Permissions, wire.PermissionChat)
	require.Nil(t, into[wire.Member](moderator.do("PUT", mute, wire.Muted{}).is(200)).Muted)
	member.do("POST", at+"/messages", wire.ChatSend{Key: "1", Text: "hello"}).is(201)
}

func TestALockedRoomSaysSo(t *testing.T) {
	h := newHouse(t)
	at, people, ids := h.seated(t)
	moderator, guest := people[wire.RoleModerator], people[wire.RoleGuest]
	code := into[wire.Invite](moderator.do("POST", at+"/invites", wire.NewInvite{}).is(201)).Code
	guest.do("PATCH", at+"/locks", wire.LockChange{Room: new(true)}).fails(403, wire.ErrorCodeForbidden)
	moderator.do("PATCH", at+"/locks", `{}`).fails(422, wire.ErrorCodeInvalidField)
	h.hub.present = []accounts.PersonID{accounts.PersonID(ids[wire.RoleGuest].Id)}
	h.hub.take()
	room := into[wire.Room](moderator.do("PATCH", at+"/locks", wire.LockChange{Room: new(true), Control: new(true)}).is(200))
	require.Equal(t, []string{"room updated"}, h.hub.take())
	require.True(t, room.Locked)
	require.True(t, room.ControlLocked)
	require.NotContains(t, into[wire.Join](guest.do("POST", at+"/join", wire.JoinRequest{}).is(200)).Permissions, wire.PermissionControl)
	_, late := h.comesAs(t, code, "203.0.113.7")
	late.fails(403, wire.ErrorCodeRoomLocked)
	h.signedUp(t, "late").do("POST", "/invites/"+code+"/accept", wire.InviteAcceptance{}).fails(403, wire.ErrorCodeRoomLocked)
	moderator.do("PATCH", at+"/locks", wire.LockChange{Room: new(false)}).is(200)
	_, late = h.comesAs(t, code, "203.0.113.7")
	late.is(200)
}
