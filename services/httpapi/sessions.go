package httpapi

import "context"

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
	return CreateSession201JSONResponse{session(ctx, in)}, nil
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
