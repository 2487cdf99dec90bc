package httpapi

import (
	"context"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

func (a *api) GetDoor(ctx context.Context, request GetDoorRequestObject) (GetDoorResponseObject, error) {
	if err := a.limits.knocks.take(callOf(ctx).address); err != nil {
		return nil, err
	}
	r, err := a.Rooms.DoorOf(ctx, request.Room)
	if err != nil {
		return nil, err
	}
	return GetDoor200JSONResponse{Title: r.Title, Owner: r.Owner, People: a.Hub.People(r.ID)}, nil
}

func (a *api) Knock(ctx context.Context, request KnockRequestObject) (KnockResponseObject, error) {
	c := callOf(ctx)
	if err := a.limits.knocks.take(c.address); err != nil {
		return nil, err
	}
	if c.caller != nil {
		r, err := a.Rooms.MayAsk(ctx, request.Room, c.caller.Person)
		if err != nil {
			return nil, err
		}
		token, expiresAt, err := a.tokens.Asking(r, c.caller.Person.ID, c.caller.Session)
		if err != nil {
			return nil, err
		}
		return Knock200JSONResponse{Body: wire.Knock{Token: token, ExpiresAt: expiresAt.UTC()}}, nil
	}

	// Whether there is such a door comes first: nobody is asked for a name in vain.
	if _, err := a.Rooms.DoorOf(ctx, request.Room); err != nil {
		return nil, err
	}
	if request.Body.DisplayName == nil {
		return nil, wire.Errorf(wire.ErrorCodeDisplayNameNeeded, "Tell the others your name.")
	}
	if err := a.limits.signUp.take(c.address); err != nil {
		return nil, err
	}
	var in accounts.SignedIn
	r, guest, err := a.Rooms.MayAskAsGuest(ctx, request.Room, *request.Body.DisplayName, func(q *db.Queries, guest accounts.Person) (err error) {
		in, err = a.Accounts.SignInGuest(ctx, q, guest, c.userAgent)
		return err
	})
	if err != nil {
		return nil, err
	}
	token, expiresAt, err := a.tokens.Asking(r, guest.ID, in.Session)
	if err != nil {
		return nil, err
	}
	s := session(ctx, in)
	return Knock200JSONResponse{
		Body:    wire.Knock{Token: token, ExpiresAt: expiresAt.UTC(), Session: &s.Body},
		Headers: Knock200ResponseHeaders(s.Headers),
	}, nil
}
