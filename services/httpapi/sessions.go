package httpapi

import (
	"context"

	"turtus/services/accounts"
)

func (a *api) CreateSession(ctx context.Context, request CreateSessionRequestObject) (CreateSessionResponseObject, error) {
	c := callOf(ctx)
	if err := a.limits.signIn.take(c.address); err != nil {
		return nil, err
	}
	if err := a.limits.signInName.take(request.Body.Username); err != nil {
		return nil, err
	}
	in, err := a.Accounts.SignIn(ctx, request.Body.Username, request.Body.Password, c.userAgent)
	if err != nil {
		return nil, err
	}
	if err := a.bringSeats(ctx, in.Person); err != nil { // they are signed in, and come in again by their links
		a.Log.WarnContext(ctx, "the seats of a guest who signed in could not be brought", "error", err)
	}
	return CreateSession201JSONResponse{session(ctx, in)}, nil
}

// bringSeats gives somebody who sat in rooms as a guest in this browser the same seats as their account, and ends the guest's sign-in, whose cookie
// is replaced.
func (a *api) bringSeats(ctx context.Context, account accounts.Person) error {
	c := callOf(ctx)
	guest, is, err := a.Accounts.GuestOf(ctx, c.refresh)
	if err != nil || !is {
		return err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	changed, err := a.Rooms.BringSeats(ctx, guest.ID, account.ID)
	if err != nil {
		return err
	}
	err = a.Accounts.SignOut(ctx, c.refresh)
	for _, id := range changed { // who sits there already on another device: the account may do more or less now, the guest is there no more
		a.Hub.MemberChanged(id, guest.ID)
		a.Hub.MemberChanged(id, account.ID)
	}
	return err
}

func (a *api) RefreshSession(ctx context.Context, _ RefreshSessionRequestObject) (RefreshSessionResponseObject, error) {
	c := callOf(ctx)
	if err := a.limits.refresh.take(c.address); err != nil {
		return nil, err
	}
	if c.refresh == "" {
		return RefreshSession204Response{}, nil
	}
	in, err := a.Accounts.Refresh(ctx, c.refresh, c.userAgent)
	if err != nil {
		return nil, err
	}
	return RefreshSession200JSONResponse{session(ctx, in)}, nil
}

func (a *api) DeleteSession(ctx context.Context, _ DeleteSessionRequestObject) (DeleteSessionResponseObject, error) {
	c := callOf(ctx)
	if err := a.Accounts.SignOut(ctx, c.refresh); err != nil {
		return nil, err
	}
	cookie := clearedCookie(c.secure).String()
	return DeleteSession204Response{Headers: DeleteSession204ResponseHeaders{SetCookie: &cookie}}, nil
}
