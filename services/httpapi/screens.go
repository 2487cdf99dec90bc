package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func (a *api) MakeLinkCode(ctx context.Context, request MakeLinkCodeRequestObject) (MakeLinkCodeResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), 0)
	if err != nil {
		return nil, err
	}
	code, err := a.Accounts.MakeLinkCode(ctx, *callOf(ctx).caller, r.ID.UUID())
	if err != nil {
		return nil, err
	}
	url := callOf(ctx).origin + "/link"
	return MakeLinkCode201JSONResponse{Code: code.Code, Url: url, Link: url + "#code=" + code.Code, Screen: code.Session.UUID(), ExpiresAt: code.ExpiresAt.UTC()}, nil
}

func (a *api) LookAtLinkCode(ctx context.Context, request LookAtLinkCodeRequestObject) (LookAtLinkCodeResponseObject, error) {
	var w wire.Linking
	err := a.linked(ctx, func() error {
		l, err := a.Accounts.LookAtLinkCode(ctx, request.Body.Code)
		if err != nil {
			return err
		}
		r, err := a.seatOf(ctx, l)
		w = wire.Linking{Person: l.Person.Public(), Room: roomName(r)}
		return err
	})
	if err != nil {
		return nil, err
	}
	return LookAtLinkCode200JSONResponse(w), nil
}

func (a *api) UseLinkCode(ctx context.Context, request UseLinkCodeRequestObject) (UseLinkCodeResponseObject, error) {
	c := callOf(ctx)
	var in accounts.SignedIn
	var r rooms.Room
	err := a.linked(ctx, func() error {
		l, err := a.Accounts.LookAtLinkCode(ctx, request.Body.Code)
		if err != nil {
			return err
		}
		if r, err = a.seatOf(ctx, l); err != nil {
			return err
		}
		in, _, err = a.Accounts.UseLinkCode(ctx, request.Body.Code, request.Body.Device, c.userAgent)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := a.Accounts.SignOut(ctx, c.refresh); err != nil { // its cookie is replaced: nobody could end it any more
		a.Log.WarnContext(ctx, "the sign-in that a second screen had before could not be ended", "error", err)
	}
	s := session(ctx, in)
	return UseLinkCode201JSONResponse{Body: wire.Linked{Session: s.Body, Room: roomName(r)}, Headers: UseLinkCode201ResponseHeaders(s.Headers)}, nil
}

// linked bounds how often codes are tried: by an address, and in vain by all together.
func (a *api) linked(ctx context.Context, try func() error) error {
	if err := a.limits.links.take(household(callOf(ctx).address)); err != nil {
		return err
	}
	if err := a.limits.wrongLinks.spent(); err != nil {
		return err
	}
	err := try()
	if wire.CodeOf(err) == wire.ErrorCodeLinkCodeWrong {
		_ = a.limits.wrongLinks.take()
	}
	return err
}

// household is an address by which codes are bounded: of IPv6 the /48, within which one customer has many /64s.
func household(address string) string {
	if prefix, err := netip.ParsePrefix(address); err == nil {
		if wide, err := prefix.Addr().Prefix(48); err == nil {
			return wide.String()
		}
	}
	return address
}

// seatOf is the room of a code. Whose seat it was may have lost it since: then there is nothing to bring, and whoever tries codes does not learn why.
func (a *api) seatOf(ctx context.Context, l accounts.Linking) (rooms.Room, error) {
	r, err := a.Rooms.Authorize(ctx, rooms.ID(l.Room).String(), l.Person, 0)
	switch wire.CodeOf(err) {
	case wire.ErrorCodeNotFound, wire.ErrorCodeRoomMembersOnly, wire.ErrorCodeBanned, wire.ErrorCodeRoomAsk, wire.ErrorCodeRoomClosed, wire.ErrorCodeGuestNotAllowed:
		return rooms.Room{}, accounts.ErrLinkCodeWrong()
	}
	return r, err
}

func roomName(r rooms.Room) wire.RoomName {
	return wire.RoomName{Id: r.ID.UUID(), Slug: r.Slug, Title: r.Title}
}

func (a *api) ListScreens(ctx context.Context, _ ListScreensRequestObject) (ListScreensResponseObject, error) {
	screens, err := a.Accounts.Screens(ctx, person(ctx).ID)
	if err != nil {
		return nil, err
	}
	list := ListScreens200JSONResponse{Screens: make([]wire.SecondScreen, len(screens))}
	for i, s := range screens {
		list.Screens[i] = wire.SecondScreen{Id: s.Session.UUID(), Device: s.Device, Room: wire.RoomName{Id: s.Room, Slug: s.Slug, Title: s.Title}, LinkedAt: s.LinkedAt.UTC()}
	}
	return list, nil
}

func (a *api) EndScreen(ctx context.Context, request EndScreenRequestObject) (EndScreenResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	if err := a.Accounts.EndScreen(ctx, person(ctx).ID, accounts.SessionID(request.ScreenId)); err != nil {
		return nil, err
	}
	return EndScreen204Response{}, nil
}

// screenMay is what a second screen may do outside of its room.
var screenMay = []string{"getMe"}

// screenMayNot is what it may not do in its room: nobody signs out of a television, and this would outlast it.
var screenMayNot = []string{"makeLinkCode", "deleteRoom", "updateRoom", "setRoomOwner", "setMemberRole", "listInvites", "createInvite", "revokeInvite"}

// reaches refuses a second screen what is not of the room that it was brought to. Error: forbidden.
func (a *api) reaches(r *http.Request, caller accounts.Caller) error {
	if caller.Room == uuid.Nil {
		return nil
	}
	operation, ref := route(r).Operation.OperationID, chi.URLParam(r, "room")
	named := func(id string) bool { return strings.EqualFold(id, operation) } // the embedded contract has them with a capital
	if ref == "" && slices.ContainsFunc(screenMay, named) {
		return nil
	}
	if ref != "" && !slices.ContainsFunc(screenMayNot, named) {
		room, err := a.Rooms.Find(r.Context(), ref)
		if err != nil && wire.CodeOf(err) != wire.ErrorCodeNotFound {
			return err
		}
		if err == nil && room == rooms.ID(caller.Room) {
			return nil
		}
	}
	return accounts.ErrScreen()
}
