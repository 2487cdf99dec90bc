package httpapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"turtus/services/wire"
)

func requestID() string { return rand.Text()[:16] }

// logged gives the request its call and writes one line when it is answered. The line has the route, never the address itself: that
// may hold an invite's code.
func (a *api) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(r.Context()) // a copy of our own
		peer := r.RemoteAddr
		r.RemoteAddr = a.proxies.client(r)
		c, start := a.newCall(r), a.Now()
		c.visit = a.visit(r, peer, c.secure)
		w.Header().Set("X-Request-Id", c.id)
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		next.ServeHTTP(ww, r)

		level := slog.LevelInfo
		route := chi.RouteContext(r.Context()).RoutePattern()
		if route == "" && ww.Status() < 400 || route == "/healthz" || route == "/readyz" || route == apiBase+"/events" {
			level = slog.LevelDebug
		}
		attributes := []slog.Attr{
			slog.String("request", c.id), slog.String("method", r.Method), slog.String("route", route), slog.Int("status", ww.Status()),
			slog.Int("bytes", ww.BytesWritten()), slog.Duration("took", a.Now().Sub(start)), slog.String("address", c.address),
		}
		if c.caller != nil {
			attributes = append(attributes, slog.String("person", c.caller.Person.ID.String()))
		}
		a.Log.LogAttrs(r.Context(), level, "http", attributes...)
	})
}

// recovered turns a panic into a problem.
func (a *api) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if fault == http.ErrAbortHandler {
				panic(fault) // net/http's own way to give up a connection
			}
			a.Log.ErrorContext(r.Context(), "panic", "request", callOf(r.Context()).id, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
			if ww, ok := w.(middleware.WrapResponseWriter); ok && ww.Status() != 0 {
				panic(http.ErrAbortHandler) // half an answer is out: break it off
			}
			a.problem(w, r, wire.Errorf(wire.ErrorCodeInternal,
				"Something went wrong in the server. Its log has more under the id %s.", callOf(r.Context()).id))
		}()
		next.ServeHTTP(w, r)
	})
}

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9.\-:\[\]]{1,255}$`)

// secured sets the headers that bound what a page of this origin may do. Handlers may tighten them.
func (a *api) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connect := "'self'"
		if hostPattern.MatchString(r.Host) { // not every browser takes 'self' to include the WebSocket
			connect += " ws://" + r.Host + " wss://" + r.Host
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; connect-src "+connect+"; img-src 'self' data: blob:; media-src 'self' blob:; "+
			"font-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "+
			"form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin") // a link out of a room must not carry the room's address
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "autoplay=(self), camera=(self), clipboard-read=(self), clipboard-write=(self), display-capture=(self), "+
			"fullscreen=(self), microphone=(self), picture-in-picture=(self), geolocation=(), payment=(), usb=()")
		if a.HSTS && r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=15552000") // half a year; not for subdomains, which may be others'
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// limited bounds all requests of one address.
func (a *api) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.limits.requests.take(callOf(r.Context()).address); err != nil {
			a.problem(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin refuses what another site's page would change in a person's name, and lets the allowed origins in (CORS).
func (a *api) crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" && slices.Contains(a.AllowedOrigins, origin) {
			h := w.Header()
			h.Add("Vary", "Origin")
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Expose-Headers", "Retry-After, X-Request-Id")
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
				h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
				h.Set("Access-Control-Max-Age", "600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		if err := a.origins.Check(r); err != nil {
			a.problem(w, r, wire.Errorf(wire.ErrorCodeOriginRefused, "Pages of another site may not do this. If this is your site, allow its origin in the settings."))
			return
		}
		next.ServeHTTP(w, r)
	})
}
