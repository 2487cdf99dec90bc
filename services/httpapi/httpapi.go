// Package httpapi is the server's HTTP side: the REST API behind the contract openapi.yaml, the WebSocket's address, the built web
// app, and the pages for machines (health, keys). It translates and calls; accounts, rooms, the browsers and the hub decide.
//
// Every answer that is not a success is an RFC 9457 problem with a code of the contract's catalogue. Every request to the API is
// checked against the contract before a handler sees it, is bounded in size and rate, and is logged by its route, never by its address:
// addresses hold invite codes.
//
// server.gen.go is made from the contract by `make gen`.
package httpapi

import (
	"context"
	_ "embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"turtus/services/accounts"
	"turtus/services/hub/eventstream"
	"turtus/services/notices"
	"turtus/services/peaks"
	"turtus/services/rooms"
	"turtus/services/settings"
	"turtus/services/wire"
	"turtus/services/wire/contract"
)

// apiBase is where the contract's paths begin.
const apiBase = "/api/v1"

//go:embed openapi.yaml
var contractText []byte

// Options of the handler. Accounts, Rooms, Keys, Browsers, Hub, Doctor, Settings, Notices and Peaks are needed.
type Options struct {
	Accounts *accounts.Service
	Rooms    *rooms.Service
	Keys     *accounts.Keys
	Browsers Browsers
	Hub      Hub
	Doctor   Doctor
	Settings *settings.Service
	Notices  *notices.Service
	Peaks    *peaks.Service
	// Ready says whether the server can work, by asking the database (the pool's Ping); nil is always ready.
	Ready func(context.Context) error
	// Web is the built web app, index.html at its root; nil serves only the API.
	Web     fs.FS
	Version string
	// PublicURL is scheme://host[:port] that people open; empty takes it from each request.
	PublicURL string
	// AllowedOrigins are further origins whose pages may use the API.
	AllowedOrigins []string
	// TrustedProxies are the networks of the reverse proxies whose word on a client's address is believed.
	TrustedProxies []netip.Prefix
	// HSTS tells browsers that come by TLS to come by nothing else.
	HSTS bool
	// ICEServers are told to visitors without their credentials, which only come with a seat in a room.
	ICEServers []wire.ICEServer
	Limits     Limits
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Log is slog.Default() when nil.
	Log *slog.Logger
}

// api holds the handlers of StrictServerInterface, in the files named after the contract's tags.
type api struct {
	Options
	tokens  rooms.Tokens
	limits  *limiters
	origins *http.CrossOriginProtection
	proxies proxies
	web     *webApp
	// noticeMu keeps what the hub is told of notices in order.
	noticeMu sync.Mutex
}

var _ StrictServerInterface = (*api)(nil)

// New returns the handler of everything. It starts nothing. It tells Hub from now on which sessions end.
func New(o Options) (http.Handler, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	a := &api{Options: o, tokens: rooms.Tokens{Keys: o.Keys}, limits: newLimiters(o.Limits, o.Now), origins: http.NewCrossOriginProtection(), proxies: o.TrustedProxies}
	a.web = &webApp{files: o.Web, problem: a.problem}
	trusted := o.AllowedOrigins
	if o.PublicURL != "" {
		if u, err := url.Parse(o.PublicURL); err != nil || u.Host == "" || u.Path != "" {
			return nil, fmt.Errorf("public URL %q is not scheme://host[:port]", o.PublicURL)
		}
		trusted = append([]string{o.PublicURL}, trusted...)
	}
	for _, origin := range trusted {
		if err := a.origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("allowed origin: %w", err)
		}
	}
	o.Accounts.OnSessionEnded(o.Hub.SessionEnded)
	o.Accounts.OnDisabled(o.Hub.PersonDisabled)
	return a.router()
}

func (a *api) router() (http.Handler, error) {
	contractJSON, err := contract.Spec().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("write the contract as JSON: %w", err)
	}
	r := chi.NewRouter()
	r.Use(a.logged, a.recovered, a.secured, a.limited, a.crossOrigin)
	r.NotFound(a.notFound)
	r.MethodNotAllowed(a.methodNotAllowed(r))

	r.Get("/healthz", a.healthz)
	r.Get("/readyz", a.readyz)
	r.Get("/.well-known/jwks.json", a.jwks)
	r.Get(apiBase+"/openapi.yaml", document("application/yaml", contractText))
	r.Get(apiBase+"/openapi.json", document("application/json", contractJSON))
	r.Get(apiBase+"/ws", a.Hub.ServeHTTP)
	events := eventstream.New(a.Hub)
	r.Get(apiBase+"/events", events.Listen)
	r.Post(apiBase+"/events", events.Speak)
	HandlerWithOptions(
		NewStrictHandlerWithOptions(a, nil, StrictHTTPServerOptions{RequestErrorHandlerFunc: a.unreadable, ResponseErrorHandlerFunc: a.missed}),
		ChiServerOptions{
			BaseURL: apiBase, BaseRouter: r, Middlewares: []MiddlewareFunc{a.checked, a.authenticated} /* the last is the outermost */, ErrorHandlerFunc: a.unbindable,
		})
	return r, nil
}

func document(contentType string, text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(text) // a reader who left
	}
}

// notFound serves the web app, which has every address that is not of the server's own.
func (a *api) notFound(w http.ResponseWriter, r *http.Request) {
	own := strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/.well-known/")
	if a.Web == nil || own || r.Method != http.MethodGet && r.Method != http.MethodHead {
		a.problem(w, r, wire.Errorf(wire.ErrorCodeNotFound, "There is nothing at this address."))
		return
	}
	a.web.ServeHTTP(w, r)
}

func (a *api) methodNotAllowed(routes chi.Routes) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			if routes.Match(chi.NewRouteContext(), method, r.URL.Path) {
				allowed = append(allowed, method)
			}
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		a.problem(w, r, wire.Errorf(wire.ErrorCodeMethodNotAllowed, "This address does not know the method %s.", r.Method))
	}
}
