package httpapi

import (
	"context"

	"turtus/services/rooms"
	"turtus/services/wire"
)

func (a *api) SetSlowMode(ctx context.Context, request SetSlowModeRequestObject) (SetSlowModeResponseObject, error) {
	r, err := a.mayOrder(ctx, request.Room)
	if err != nil {
		return nil, err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := a.Rooms.SetSlowMode(ctx, r.ID, person(ctx).ID, request.Body.Seconds); err != nil {
		return nil, err
	}
	a.Hub.RoomUpdated(r.ID)
	if r, err = a.Rooms.Get(ctx, r.ID.String(), person(ctx)); err != nil {
		return nil, err
	}
	return SetSlowMode200JSONResponse(a.room(r)), nil
}

func (a *api) ClearChat(ctx context.Context, request ClearChatRequestObject) (ClearChatResponseObject, error) {
	r, err := a.mayOrder(ctx, request.Room)
	if err != nil {
		return nil, err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	seq, err := a.Rooms.ClearChat(ctx, r.ID, person(ctx).ID)
	if err != nil {
		return nil, err
	}
	cleared := wire.ChatCleared{Seq: seq, By: wire.Ptr(person(ctx).Public())}
	a.Hub.ChatCleared(r.ID, cleared)
	return ClearChat200JSONResponse(cleared), nil
}

// mayOrder is for what somebody who moderates does to the chat as a whole.
func (a *api) mayOrder(ctx context.Context, ref string) (rooms.Room, error) {
	r, err := a.Rooms.Authorize(ctx, ref, person(ctx), rooms.Moderate)
	if err != nil {
		return rooms.Room{}, err
	}
	return r, a.limits.removals.take(person(ctx).ID.String())
}
