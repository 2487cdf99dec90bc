package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

var grantable = []wire.Permission{
	wire.PermissionControl, wire.PermissionNavigate, wire.PermissionVoice, wire.PermissionVideo, wire.PermissionScreen, wire.PermissionChat,
	wire.PermissionReact, wire.PermissionPin, wire.PermissionInvite,
}

// seated is a room with somebody of each role, and who they are.
func (h *house) seated(t *testing.T) (at string, people map[wire.Role]*client, ids map[wire.Role]wire.PublicPerson) {
	t.Helper()
	people, ids = map[wire.Role]*client{}, map[wire.Role]wire.PublicPerson{}
	owner := h.signedUp(t, "owner")
	people[wire.RoleOwner] = owner
	at = "/rooms/" + owner.room(wire.NewRoom{Title: "Room", Privacy: wire.Ptr(wire.PrivacyPrivate)}).Id.String()
	for _, role := range []wire.Role{wire.RoleModerator, wire.RoleMember, wire.RoleGuest} {
		invite := into[wire.Invite](owner.do("POST", at+"/invites", wire.NewInvite{Role: wire.Ptr(wire.NewInviteRole(role))}).is(201))
		c := h.visitor(t)
		if role != wire.RoleGuest {
			c = h.signedUp(t, string(role))
		}
		accepted := into[wire.AcceptedInvite](c.do("POST", "/invites/"+invite.Code+"/accept", wire.InviteAcceptance{DisplayName: new("Grace")}).is(200))
		if role == wire.RoleGuest {
			c.token = accepted.Session.AccessToken
		}
		people[role] = c
	}
	for _, m := range into[wire.MemberList](owner.do("GET", at+"/members", nil).is(200)).Members {
		ids[m.Role] = m.Person
	}
	return at, people, ids
}

func TestEveryRoleMayOverHTTPWhatTheRoomGivesIt(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Limits.Writes, o.Limits.Messages = Limit{Events: -1}, Limit{Events: -1}
	})
	at, people, _ := h.seated(t)
	n := 0
	acts := []struct {
		need   wire.Permission
		method string
		path   string
		body   func() any
		done   int
	}{
		{wire.PermissionChat, "POST", "/messages", func() any { n++; return wire.ChatSend{Key: fmt.Sprint(n), Text: "hello"} }, 201},
		{wire.PermissionModerate, "POST", "/messages", func() any {
			n++
			return wire.ChatSend{Key: fmt.Sprint(n), Text: "hear, hear", Announcement: new(true)}
		}, 201},
		{wire.PermissionInvite, "GET", "/invites", nil, 200},
		{wire.PermissionInvite, "POST", "/invites", func() any { return wire.NewInvite{MaxUses: new(1)} }, 201},
		{wire.PermissionNavigate, "POST", "/browser", nil, 202},
		{wire.PermissionNavigate, "POST", "/browser/extend", nil, 202},
		{wire.PermissionModerate, "GET", "/members", nil, 200},
		{wire.PermissionModerate, "PUT", "/slow-mode", func() any { return wire.SlowMode{Seconds: 0} }, 200},
		{wire.PermissionModerate, "DELETE", "/messages", nil, 200},
		{wire.PermissionManage, "PATCH", "", func() any { return wire.RoomChange{Title: new("Room")} }, 200},
	}
	none := []wire.Permission{}
	policies := []wire.RolePermissions{{Member: grantable, Guest: grantable}, {Member: grantable, Guest: none}, {Member: none, Guest: none}}
	for _, p := range []wire.Permission{wire.PermissionChat, wire.PermissionInvite, wire.PermissionNavigate} {
		others := slices.DeleteFunc(slices.Clone(grantable), func(other wire.Permission) bool { return other == p })
		policies = append(policies, wire.RolePermissions{Member: []wire.Permission{p}, Guest: []wire.Permission{p}}, wire.RolePermissions{Member: others, Guest: others})
	}
	for i, policy := range policies {
		people[wire.RoleOwner].do("PATCH", at, wire.RoomChange{RolePermissions: &policy}).is(200)
		for role, c := range people {
			may := map[wire.Role][]wire.Permission{
				wire.RoleOwner:     append(slices.Clone(grantable), wire.PermissionModerate, wire.PermissionManage),
				wire.RoleModerator: append(slices.Clone(grantable), wire.PermissionModerate),
				wire.RoleMember:    policy.Member, wire.RoleGuest: policy.Guest,
			}[role]
			require.ElementsMatch(t, may, into[wire.Join](c.do("POST", at+"/join", wire.JoinRequest{}).is(200)).Permissions)
			require.Equal(t, policy, into[wire.Room](c.do("GET", at, nil).is(200)).RolePermissions)
			for _, act := range acts {
				var body any
				if act.body != nil {
					body = act.body()
				}
				a := c.do(act.method, at+act.path, body)
				if !slices.Contains(may, act.need) {
					a.fails(403, wire.ErrorCodeForbidden)
					continue
				}
				require.Equal(t, act.done, a.status, "policy %d, %s: %s %s: %s", i, role, act.method, act.path, a.body)
				if act.path == "/browser/extend" {
					people[wire.RoleOwner].do("DELETE", at+"/browser", nil).is(202)
				}
			}
		}
	}
}

func TestRolesChangeAndPeopleAreRemovedOverHTTP(t *testing.T) {
	h := newHouse(t)
	at, people, ids := h.seated(t)
	owner, member := people[wire.RoleOwner], people[wire.RoleMember]
	who := at + "/members/" + ids[wire.RoleMember].Id.String()
	h.hub.take()
	m := into[wire.Member](owner.do("PUT", who, wire.MemberChange{Role: wire.MemberChangeRoleModerator}).is(200))
	require.Equal(t, wire.RoleModerator, m.Role)
	require.Equal(t, []string{"member changed"}, h.hub.take())
	require.Len(t, into[wire.MemberList](member.do("GET", at+"/members?limit=1&search=gra", nil).is(200)).Members, 1)
	member.do("PUT", who, wire.MemberChange{Role: wire.MemberChangeRoleMember}).fails(403, wire.ErrorCodeForbidden)
	require.Equal(t, []string{"role"}, owner.do("PUT", who, `{"role":"owner"}`).fields())
	member.do("DELETE", at+"/members/"+ids[wire.RoleOwner].Id.String(), nil).fails(403, wire.ErrorCodeForbidden)
	require.Empty(t, h.hub.take())
	member.do("DELETE", at+"/members/"+ids[wire.RoleGuest].Id.String(), nil).is(204)
	require.Equal(t, []string{"member changed"}, h.hub.take())
	people[wire.RoleGuest].do("POST", at+"/join", wire.JoinRequest{}).fails(404, wire.ErrorCodeNotFound)

	member.do("PUT", at+"/owner", wire.OwnerChange{Person: ids[wire.RoleMember].Id}).fails(403, wire.ErrorCodeForbidden)
	handed := into[wire.Room](owner.do("PUT", at+"/owner", wire.OwnerChange{Person: ids[wire.RoleMember].Id}).is(200))
	require.Equal(t, ids[wire.RoleMember].Id, handed.Owner.Id)
	require.Equal(t, wire.RoleModerator, *handed.Role)
	require.Equal(t, []string{"room updated", "member changed", "member changed"}, h.hub.take())
	owner.do("PATCH", at, wire.RoomChange{Title: new("Mine")}).fails(403, wire.ErrorCodeForbidden)
	member.do("PATCH", at, wire.RoomChange{Title: new("Mine")}).is(200)
}

func TestWhatIsStoredIsToldThoughThePageBeGone(t *testing.T) {
	h := newHouse(t)
	at, people, ids := h.seated(t)
	for _, test := range []struct {
		method, path string
		body         any
		told         []string
	}{
		{"PATCH", "", wire.RoomChange{Title: new("Mine")}, []string{"room updated"}},
		{"PUT", "/members/" + ids[wire.RoleModerator].Id.String(), wire.MemberChange{Role: wire.MemberChangeRoleMember}, []string{"member changed"}},
		{"DELETE", "/members/" + ids[wire.RoleGuest].Id.String(), nil, []string{"member changed"}},
		{"PUT", "/members/" + ids[wire.RoleMember].Id.String() + "/mute", wire.Muted{Call: true}, []string{"member changed"}},
		{"POST", "/bans", wire.NewBan{Person: ids[wire.RoleGuest].Id}, []string{"member changed"}},
		{"PUT", "/owner", wire.OwnerChange{Person: ids[wire.RoleMember].Id}, []string{"room updated", "member changed", "member changed"}},
	} {
		t.Run(test.method+test.path, func(t *testing.T) {
			ctx, goAway := context.WithCancel(context.Background())
			defer goAway()
			var body io.Reader
			if test.body != nil {
				text, err := json.Marshal(test.body)
				require.NoError(t, err)
				body = bytes.NewReader(text)
			}
			request := httptest.NewRequestWithContext(ctx, test.method, "/api/v1"+at+test.path, body)
			request.Header.Set("Authorization", "Bearer "+people[wire.RoleOwner].token)
			request.Header.Set("Content-Type", "application/json")
			h.hub.take()
			tx, err := h.pool.Begin(context.Background())
			require.NoError(t, err)
			defer func() { _ = tx.Rollback(context.Background()) }()
			_, err = tx.Exec(context.Background(), "SELECT FROM members FOR UPDATE")
			require.NoError(t, err)
			answered := make(chan *httptest.ResponseRecorder, 1)
			go func() {
				response := httptest.NewRecorder()
				h.handler.ServeHTTP(response, request)
				answered <- response
			}()
			require.Eventually(t, func() bool {
				waiting := 0
				err := h.pool.QueryRow(context.Background(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
				return err == nil && waiting > 0
			}, 30*time.Second, 5*time.Millisecond, "it is being stored")
			goAway()
			require.NoError(t, tx.Commit(context.Background()))
			response := <-answered
			require.Less(t, response.Code, 300, response.Body.String())
			require.Equal(t, test.told, h.hub.take())
		})
	}
}
