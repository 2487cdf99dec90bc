package httpapi

import (
	"context"
	"time"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// invite has the link that people pass on; the page at /i/ belongs to the web app.
func invite(ctx context.Context, i rooms.Invitation) wire.Invite {
	w := wire.Invite{
		Id: i.ID, Code: i.Code, Url: callOf(ctx).origin + "/i/" + i.Code, Role: i.Role, Uses: i.Uses, CreatedAt: i.CreatedAt.UTC(),
		CreatedBy: i.CreatedBy, ExpiresAt: expiry(i),
	}
	if i.MaxUses > 0 {
		w.MaxUses = &i.MaxUses
	}
	return w
}

func expiry(i rooms.Invitation) *time.Time {
	if i.ExpiresAt.IsZero() {
		return nil
	}
	return new(i.ExpiresAt.UTC())
}

func (a *api) ListInvites(ctx context.Context, request ListInvitesRequestObject) (ListInvitesResponseObject, error) {
	invites, err := a.Rooms.Invites(ctx, request.Room, person(ctx))
	if err != nil {
		return nil, err
	}
	list := ListInvites200JSONResponse{Invites: make([]wire.Invite, len(invites))}
	for i, each := range invites {
		list.Invites[i] = invite(ctx, each)
	}
	return list, nil
}

func (a *api) CreateInvite(ctx context.Context, request CreateInviteRequestObject) (CreateInviteResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	b := request.Body
	i, err := a.Rooms.CreateInvite(ctx, request.Room, person(ctx), rooms.NewInvite{
		Role: wire.Role(value(b.Role)), ExpiresIn: time.Duration(value(b.ExpiresIn)) * time.Second, MaxUses: value(b.MaxUses),
	})
	if err != nil {
		return nil, err
	}
	return CreateInvite201JSONResponse(invite(ctx, i)), nil
}

func (a *api) RevokeInvite(ctx context.Context, request RevokeInviteRequestObject) (RevokeInviteResponseObject, error) {
	if err := a.Rooms.RevokeInvite(ctx, request.Room, person(ctx), request.InviteId); err != nil {
		return nil, err
	}
	return RevokeInvite204Response{}, nil
}

func (a *api) GetInvite(ctx context.Context, request GetInviteRequestObject) (GetInviteResponseObject, error) {
	if err := a.limits.invites.take(callOf(ctx).address); err != nil {
		return nil, err
	}
	p, err := a.Rooms.PreviewInvite(ctx, request.Code)
	if err != nil {
		return nil, err
	}
	w := GetInvite200JSONResponse{InvitedBy: p.CreatedBy, Role: p.Role, People: a.Hub.People(p.Room), ExpiresAt: expiry(p.Invitation)}
	w.Room.Id, w.Room.Slug, w.Room.Title = p.Room.UUID(), p.Slug, p.Title
	return w, nil
}

func (a *api) AcceptInvite(ctx context.Context, request AcceptInviteRequestObject) (AcceptInviteResponseObject, error) {
	c := callOf(ctx)
	if err := a.limits.invites.take(c.address); err != nil {
		return nil, err
	}
	if c.caller != nil {
		r, raised, err := a.Rooms.AcceptInvite(ctx, request.Code, c.caller.Person, c.address)
		if err != nil {
			return nil, err
		}
		if raised { // who sits there already may do more now
			a.Hub.MemberChanged(r.ID, c.caller.Person.ID)
		}
		return AcceptInvite200JSONResponse{Body: wire.AcceptedInvite{Room: a.room(r), Role: r.Role}}, nil
	}

	// Whether the invite works comes first: nobody is asked for a name in vain.
	if _, err := a.Rooms.PreviewInvite(ctx, request.Code); err != nil {
		return nil, err
	}
	if request.Body.DisplayName == nil {
		return nil, wire.Errorf(wire.ErrorCodeDisplayNameNeeded, "Tell the others your name.")
	}
	if err := a.limits.signUp.take(c.address); err != nil {
		return nil, err
	}
	var in accounts.SignedIn
	r, err := a.Rooms.AcceptInviteAsGuest(ctx, request.Code, *request.Body.DisplayName, c.address, func(q *db.Queries, guest accounts.Person) (err error) {
		in, err = a.Accounts.SignInGuest(ctx, q, guest, c.userAgent)
		return err
	})
	if err != nil {
		return nil, err
	}
	s := session(ctx, in)
	return AcceptInvite200JSONResponse{
		Body:    wire.AcceptedInvite{Room: a.room(r), Role: r.Role, Session: &s.Body},
		Headers: AcceptInvite200ResponseHeaders(s.Headers),
	}, nil
}
