package httpapi

import (
	"context"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func (a *api) ListBans(ctx context.Context, request ListBansRequestObject) (ListBansResponseObject, error) {
	limit := 100
	if request.Params.Limit != nil {
		limit = *request.Params.Limit
	}
	bans, more, err := a.Rooms.Bans(ctx, request.Room, person(ctx), value(request.Params.Search), limit)
	if err != nil {
		return nil, err
	}
	list := ListBans200JSONResponse{Bans: make([]wire.Ban, len(bans)), More: more}
	for i, b := range bans {
		list.Bans[i] = b.Wire()
	}
	return list, nil
}

func (a *api) BanPerson(ctx context.Context, request BanPersonRequestObject) (BanPersonResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	target := accounts.PersonID(request.Body.Person)
	ctx, cancel := lasting(ctx)
	defer cancel()
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), rooms.Moderate)
	if err != nil {
		return nil, err
	}
	r, b, err := a.Rooms.Ban(ctx, r.ID.String(), person(ctx), target, value(request.Body.Reason), a.Hub.Asks(r.ID, target))
	if err != nil {
		return nil, err
	}
	a.Hub.MemberChanged(r.ID, target)
	return BanPerson201JSONResponse(b.Wire()), nil
}

func (a *api) LiftBan(ctx context.Context, request LiftBanRequestObject) (LiftBanResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	if err := a.Rooms.LiftBan(ctx, request.Room, person(ctx), request.BanId); err != nil {
		return nil, err
	}
	return LiftBan204Response{}, nil
}
