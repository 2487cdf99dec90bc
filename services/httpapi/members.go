package httpapi

import (
	"context"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func (a *api) ListMembers(ctx context.Context, request ListMembersRequestObject) (ListMembersResponseObject, error) {
	limit := 100
	if request.Params.Limit != nil {
		limit = *request.Params.Limit
	}
	members, more, err := a.Rooms.Members(ctx, request.Room, person(ctx), value(request.Params.Search), limit)
	if err != nil {
		return nil, err
	}
	list := ListMembers200JSONResponse{Members: make([]wire.Member, len(members)), More: more}
	for i, m := range members {
		list.Members[i] = m.Wire()
	}
	return list, nil
}

func (a *api) SetMemberRole(ctx context.Context, request SetMemberRoleRequestObject) (SetMemberRoleResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	target := accounts.PersonID(request.PersonId)
	ctx, cancel := lasting(ctx)
	defer cancel()
	r, m, err := a.Rooms.SetRole(ctx, request.Room, person(ctx), target, wire.Role(request.Body.Role))
	if err != nil {
		return nil, err
	}
	a.Hub.MemberChanged(r.ID, target)
	return SetMemberRole200JSONResponse(m.Wire()), nil
}

func (a *api) RemoveMember(ctx context.Context, request RemoveMemberRequestObject) (RemoveMemberResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	target := accounts.PersonID(request.PersonId)
	ctx, cancel := lasting(ctx)
	defer cancel()
	r, err := a.Rooms.Remove(ctx, request.Room, person(ctx), target)
	if err != nil {
		return nil, err
	}
	a.Hub.MemberChanged(r.ID, target)
	return RemoveMember204Response{}, nil
}

func (a *api) MuteMember(ctx context.Context, request MuteMemberRequestObject) (MuteMemberResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	target := accounts.PersonID(request.PersonId)
	ctx, cancel := lasting(ctx)
	defer cancel()
	r, m, err := a.Rooms.Mute(ctx, request.Room, person(ctx), target, rooms.MuteChange{Chat: request.Body.Chat, Call: request.Body.Call})
	if err != nil {
		return nil, err
	}
	a.Hub.MemberChanged(r.ID, target)
	return MuteMember200JSONResponse(m.Wire()), nil
}

func (a *api) SetRoomOwner(ctx context.Context, request SetRoomOwnerRequestObject) (SetRoomOwnerResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	owner := accounts.PersonID(request.Body.Person)
	ctx, cancel := lasting(ctx)
	defer cancel()
	r, err := a.Rooms.HandOver(ctx, request.Room, person(ctx), owner)
	if err != nil {
		return nil, err
	}
	a.Hub.RoomUpdated(r.ID)
	a.Hub.MemberChanged(r.ID, person(ctx).ID)
	a.Hub.MemberChanged(r.ID, owner)
	return SetRoomOwner200JSONResponse(a.room(r)), nil
}
