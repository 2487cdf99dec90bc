package httpapi

import (
	"context"

	"turtus/services/rooms"
)

func (a *api) LockRoom(ctx context.Context, request LockRoomRequestObject) (LockRoomResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), rooms.Moderate)
	if err != nil {
		return nil, err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	r, err = a.Rooms.SetLocks(ctx, r.ID.String(), person(ctx), rooms.LockChange{Room: request.Body.Room, Control: request.Body.Control}, a.Hub.Present(r.ID))
	if err != nil {
		return nil, err
	}
	a.Hub.RoomUpdated(r.ID)
	// Who sat down while it was being locked.
	if err := a.Rooms.LetStay(ctx, r.ID, a.Hub.Present(r.ID)); err != nil {
		return nil, err
	}
	return LockRoom200JSONResponse(a.room(r)), nil
}
