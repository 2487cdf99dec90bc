package httpapi

import (
	"context"
	"net/http"
	"time"

	"turtus/services/wire"
)

func (a *api) GetServer(ctx context.Context, _ GetServerRequestObject) (GetServerResponseObject, error) {
	signUps, firstRun, err := a.Accounts.SignUps(ctx)
	if err != nil {
		return nil, err
	}
	s := GetServer200JSONResponse{Version: a.Version, SignUps: signUps, FirstRun: firstRun, SetupTokenNeeded: firstRun && a.Accounts.SetupGuarded(), RoomSize: a.Settings.Values().RoomSize, IceServers: []wire.ICEServer{}}
	if s.Notice, err = a.Notices.Current(ctx); err != nil {
		return nil, err
	}
	var why string
	if s.BrowsersAvailable, why = a.Browsers.Available(); !s.BrowsersAvailable {
		s.BrowsersDetail = &why
	}
	for _, server := range a.ICEServers {
		if server.Credential == nil { // a visitor's page only tests what is reachable
			s.IceServers = append(s.IceServers, server)
		}
	}
	return s, nil
}

func (a *api) GetTime(context.Context, GetTimeRequestObject) (GetTimeResponseObject, error) {
	now := a.Now().UTC()
	return GetTime200JSONResponse{Now: now, UnixMilliseconds: now.UnixMilli()}, nil
}

// healthz says that the process lives.
func (a *api) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"status":"ok"}`)) // a reader who left
}

// readyz says that requests can be served: the database answers.
func (a *api) readyz(w http.ResponseWriter, r *http.Request) {
	if a.Ready != nil {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := a.Ready(ctx); err != nil {
			a.Log.WarnContext(ctx, "not ready", "error", err)
			away := wire.Errorf(wire.ErrorCodeUnavailable, "The database does not answer.")
			away.RetryAfter = 5
			a.problem(w, r, away)
			return
		}
	}
	a.healthz(w, r)
}

func (a *api) jwks(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(a.Keys.JWKS()) // a reader who left
}
