package httpapi

import (
	"context"

	"turtus/services/rooms"
	"turtus/services/wire"
)

func (a *api) GetBrowser(ctx context.Context, request GetBrowserRequestObject) (GetBrowserResponseObject, error) {
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), 0)
	if err != nil {
		return nil, err
	}
	return GetBrowser200JSONResponse(a.Browsers.State(r.ID)), nil
}

func (a *api) StartBrowser(ctx context.Context, request StartBrowserRequestObject) (StartBrowserResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), rooms.Navigate)
	if err != nil {
		return nil, err
	}
	browser, err := a.Browsers.Start(ctx, r.ID, person(ctx).ID)
	if err != nil {
		return nil, err
	}
	return StartBrowser202JSONResponse(browser), nil
}

func (a *api) StopBrowser(ctx context.Context, request StopBrowserRequestObject) (StopBrowserResponseObject, error) {
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), 0)
	if err != nil {
		return nil, err
	}
	state := a.Browsers.State(r.ID)
	runs := state.State != wire.BrowserStateStopped && state.State != wire.BrowserStateFailed
	if runs {
		if err := r.MayStopBrowser(person(ctx).ID, state.StartedBy); err != nil {
			return nil, err
		}
	}
	browser, err := a.Browsers.Stop(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return StopBrowser202JSONResponse(browser), nil
}

func (a *api) KeepBrowserAlive(ctx context.Context, request KeepBrowserAliveRequestObject) (KeepBrowserAliveResponseObject, error) {
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), 0)
	if err != nil {
		return nil, err
	}
	browser, err := a.Browsers.KeepAlive(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return KeepBrowserAlive202JSONResponse(browser), nil
}

func (a *api) ExtendBrowser(ctx context.Context, request ExtendBrowserRequestObject) (ExtendBrowserResponseObject, error) {
	r, err := a.Rooms.Authorize(ctx, request.Room, person(ctx), rooms.Navigate)
	if err != nil {
		return nil, err
	}
	browser, err := a.Browsers.Extend(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return ExtendBrowser202JSONResponse(browser), nil
}
