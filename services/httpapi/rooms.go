package httpapi

import (
	"context"
	"time"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// room is a room with what only the hub and the browsers know.
func (a *api) room(r rooms.Room) wire.Room {
	w := r.Wire()
	w.People = a.Hub.People(r.ID)
	browser := a.Browsers.State(r.ID)
	w.BrowserState, w.BrowserEndsAt = browser.State, browser.EndsAt
	return w
}

func (a *api) ListRooms(ctx context.Context, request ListRoomsRequestObject) (ListRoomsResponseObject, error) {
	scope, cursor, limit := rooms.Mine, "", 30
	switch value(request.Params.Scope) {
	case wire.ListRoomsParamsScopePublic:
		scope = rooms.Public
	case wire.ListRoomsParamsScopeFavourites:
		scope = rooms.Favourites
	}
	if p := request.Params.Cursor; p != nil {
		cursor = *p
	}
	if p := request.Params.Limit; p != nil {
		limit = *p
	}
	page, err := a.Rooms.List(ctx, person(ctx), scope, value(request.Params.Search), cursor, limit)
	if err != nil {
		return nil, err
	}
	list := ListRooms200JSONResponse{Rooms: make([]wire.Room, len(page.Rooms))}
	for i, r := range page.Rooms {
		list.Rooms[i] = a.room(r)
		list.Rooms[i].Favourite = &r.Favourite
	}
	if page.Next != "" {
		list.Next = &page.Next
	}
	return list, nil
}

func (a *api) AddFavourite(ctx context.Context, request AddFavouriteRequestObject) (AddFavouriteResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	if err := a.Rooms.SetFavourite(ctx, request.Room, person(ctx), true); err != nil {
		return nil, err
	}
	return AddFavourite204Response{}, nil
}

func (a *api) RemoveFavourite(ctx context.Context, request RemoveFavouriteRequestObject) (RemoveFavouriteResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	if err := a.Rooms.SetFavourite(ctx, request.Room, person(ctx), false); err != nil {
		return nil, err
	}
	return RemoveFavourite204Response{}, nil
}

func (a *api) CreateRoom(ctx context.Context, request CreateRoomRequestObject) (CreateRoomResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	b := request.Body
	r, err := a.Rooms.Create(ctx, person(ctx), rooms.NewRoom{
		Title: b.Title, Slug: value(b.Slug), Privacy: value(b.Privacy), Entry: value(b.Entry), Size: value(b.Size), Password: value(b.Password), StartURL: value(b.StartUrl),
		Screen: b.Screen,
	})
	if err != nil {
		return nil, err
	}
	return CreateRoom201JSONResponse(a.room(r)), nil
}

// value of an optional field; the zero without one.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func (a *api) GetRoom(ctx context.Context, request GetRoomRequestObject) (GetRoomResponseObject, error) {
	var r rooms.Room
	err := a.lookedFor(ctx, func() (err error) {
		r, err = a.Rooms.Get(ctx, request.Room, person(ctx))
		return err
	})
	if err != nil {
		return nil, err
	}
	return GetRoom200JSONResponse(a.room(r)), nil
}

func (a *api) UpdateRoom(ctx context.Context, request UpdateRoomRequestObject) (UpdateRoomResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	b := request.Body
	ctx, cancel := lasting(ctx)
	defer cancel()
	r, err := a.Rooms.Update(ctx, request.Room, person(ctx), rooms.Change{
		Title: b.Title, Slug: b.Slug, Privacy: b.Privacy, Entry: b.Entry, Size: b.Size, Password: b.Password, StartURL: b.StartUrl, Screen: b.Screen, Policy: b.RolePermissions, RelayOnly: b.RelayOnly,
	})
	if err != nil {
		return nil, err
	}
	a.Hub.RoomUpdated(r.ID)
	return UpdateRoom200JSONResponse(a.room(r)), nil
}

func (a *api) DeleteRoom(ctx context.Context, request DeleteRoomRequestObject) (DeleteRoomResponseObject, error) {
	var r rooms.Room
	err := a.lookedFor(ctx, func() (err error) {
		r, err = a.Rooms.MayDelete(ctx, request.Room, person(ctx))
		return err
	})
	if err != nil {
		return nil, err
	}
	a.endBrowser(ctx, r.ID)
	if err := a.Rooms.Delete(ctx, r.ID, person(ctx)); err != nil {
		return nil, err
	}
	a.Hub.RoomDeleted(r.ID)
	return DeleteRoom204Response{}, nil
}

// endBrowser has the browser of a room that goes away stopped. The room goes all the same when that fails, and so does what is left of
// the browser: a browser without a room is reaped.
func (a *api) endBrowser(ctx context.Context, room rooms.ID) {
	_, err := a.Browsers.Stop(context.WithoutCancel(ctx), room)
	if err != nil && wire.CodeOf(err) != wire.ErrorCodeBrowserNotRunning {
		a.Log.WarnContext(ctx, "the browser of a deleted room could not be stopped", "room", room, "error", err)
	}
}

func (a *api) JoinRoom(ctx context.Context, request JoinRoomRequestObject) (JoinRoomResponseObject, error) {
	c := callOf(ctx)
	if err := a.limits.joins.take(c.caller.Person.ID.String()); err != nil {
		return nil, err
	}
	if err := a.limits.joinsFrom.take(c.address); err != nil {
		return nil, err
	}
	if request.Body.Password != nil {
		// Of the room itself: it has more than one address. Who may not enter it at all learns so here.
		var r rooms.Room
		err := a.lookedFor(ctx, func() (err error) {
			r, err = a.Rooms.Get(ctx, request.Room, c.caller.Person)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, key := range []string{c.address, c.caller.Person.ID.String()} {
			if err := a.limits.passwords.take(key, r.ID.String()); err != nil {
				return nil, err
			}
		}
	}
	var r rooms.Room
	err := a.lookedFor(ctx, func() (err error) {
		r, err = a.Rooms.Join(ctx, request.Room, c.caller.Person, request.Body.Password)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := a.limits.joinsOf.take(r.ID.String()); err != nil {
		return nil, err
	}
	if err := a.Rooms.Arrived(ctx, r.ID, c.caller.Person.ID, c.address); err != nil {
		return nil, err
	}
	token, expiresAt, err := a.tokens.Viewer(r, *c.caller)
	if err != nil {
		return nil, err
	}
	return JoinRoom200JSONResponse{
		Room: a.room(r), Role: r.Role, Permissions: r.Permissions().Names(), Token: token, ExpiresAt: expiresAt.UTC(),
	}, nil
}

func (a *api) ListMessages(ctx context.Context, request ListMessagesRequestObject) (ListMessagesResponseObject, error) {
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), 0)
	if err != nil {
		return nil, err
	}
	limit := 50
	if request.Params.Limit != nil {
		limit = *request.Params.Limit
	}
	var messages []rooms.Message
	var more bool
	if after := request.Params.ChangedAfter; after != nil {
		messages, more, err = a.Rooms.Changes(ctx, r.ID, person(ctx).ID, *after, limit)
	} else {
		messages, more, err = a.Rooms.Messages(ctx, r.ID, person(ctx).ID, value(request.Params.Before), limit)
	}
	if err != nil {
		return nil, err
	}
	page := ListMessages200JSONResponse{Messages: make([]wire.ChatMessage, len(messages)), More: more}
	for i, m := range messages {
		page.Messages[i] = message(m, person(ctx))
	}
	return page, nil
}

// message has its key for its author alone.
func message(m rooms.Message, reader accounts.Person) wire.ChatMessage {
	w := m.Wire()
	if w.Author.Id == reader.ID.UUID() {
		w.Key = &m.Key
	}
	return w
}

func (a *api) CreateMessage(ctx context.Context, request CreateMessageRequestObject) (CreateMessageResponseObject, error) {
	if err := a.limits.messages.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	need := rooms.Chat
	if value(request.Body.Announcement) {
		need |= rooms.Moderate
	}
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), need)
	if err != nil {
		return nil, err
	}
	m, repeated, err := a.Rooms.Append(ctx, r.ID, person(ctx).ID, rooms.Said(*request.Body, r.Permissions()))
	if err != nil {
		return nil, err
	}
	// Also a retry: the first time may have been stored and its answer lost. The hub tells nobody twice.
	a.Hub.MessageStored(r.ID, m.Wire(), repeated)
	return CreateMessage201JSONResponse(message(m, person(ctx))), nil
}

// lasting outlives the request: what is stored is told, also when who asked is gone by then.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}

func (a *api) EditMessage(ctx context.Context, request EditMessageRequestObject) (EditMessageResponseObject, error) {
	if err := a.limits.messages.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), rooms.Chat)
	if err != nil {
		return nil, err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	m, err := a.Rooms.EditMessage(ctx, r.ID, person(ctx).ID, request.Seq, request.Body.Text)
	if err != nil {
		return nil, err
	}
	a.Hub.MessageChanged(r.ID, m.Wire())
	return EditMessage200JSONResponse(message(m, person(ctx))), nil
}

func (a *api) DeleteMessage(ctx context.Context, request DeleteMessageRequestObject) (DeleteMessageResponseObject, error) {
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), 0)
	if err != nil {
		return nil, err
	}
	limit := a.limits.messages
	if r.Permissions().Has(rooms.Moderate) {
		limit = a.limits.removals
	}
	if err := limit.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	m, err := a.Rooms.RemoveMessage(ctx, r.ID, person(ctx).ID, r.Permissions().Has(rooms.Moderate), request.Seq)
	if err != nil {
		return nil, err
	}
	a.Hub.MessageChanged(r.ID, m.Wire())
	return DeleteMessage200JSONResponse(message(m, person(ctx))), nil
}
