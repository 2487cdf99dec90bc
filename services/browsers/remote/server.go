package remote

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"turtus/services/browsers"
	"turtus/services/wire"
)

// ServerOptions of a Server. Launcher and MaxBrowsers are needed.
type ServerOptions struct {
	Launcher browsers.Launcher
	// MaxBrowsers is how many may live at once, whoever asks for more.
	MaxBrowsers int
	// Limits bound what each may take, whatever is asked for; a Launcher's default where 0.
	Limits browsers.Limits
	// StartLimit bounds a start; 2 minutes when 0.
	StartLimit time.Duration
	// Heartbeat is how often a stream of events says that it is there; 5 s when 0. A Client takes three missing ones for the end.
	Heartbeat time.Duration
	Log       *slog.Logger
}

// Server answers Clients. It is the one reader of its Launcher's events. Make it by NewServer; it works while Serve does.
type Server struct {
	o        ServerOptions
	instance uuid.UUID
	journal  *journal
	streams  chan struct{} // has one for each answer of many lines that is under way

	mu       sync.Mutex
	starting int
	// handles are those that a start returned or a list named, and that have not ended: the only ones that can be asked for.
	handles map[browsers.Handle]uuid.UUID
}

const (
	maxStreams = 64
	// closing is how long an end of the server waits for what is under way.
	closing = 10 * time.Second
	// answerLimit bounds how long a reader may take for its answer.
	answerLimit = 10 * time.Second
)

// NewServer makes a Server.
func NewServer(o ServerOptions) *Server {
	o.StartLimit = cmp.Or(o.StartLimit, 2*time.Minute)
	o.Heartbeat = cmp.Or(o.Heartbeat, 5*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		o: o, instance: uuid.New(), journal: newJournal(), streams: make(chan struct{}, maxStreams), handles: make(map[browsers.Handle]uuid.UUID),
	}
}

// Serve answers on l until ctx ends, and closes it. Browsers go on: who serves next takes them back.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var working sync.WaitGroup
	working.Go(func() { s.listen(ctx) })
	server := &http.Server{
		Handler: s.handler(), BaseContext: func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: 30 * time.Second, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	working.Go(func() {
		<-ctx.Done()
		limit, end := context.WithTimeout(context.WithoutCancel(ctx), closing)
		defer end()
		if err := server.Shutdown(limit); err != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(l)
	cancel()
	working.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the launcher's socket: %w", err)
}

// listen puts what the Launcher tells into the journal.
func (s *Server) listen(ctx context.Context) {
	for {
		select {
		case e := <-s.o.Launcher.Events():
			s.forget(e)
			s.o.Log.Info("browser ended", "browser", e.Run.String(), "detail", e.Detail)
		case <-ctx.Done():
			return
		}
	}
}

// forget puts an end into the journal, and the browser out of those that can be asked for.
func (s *Server) forget(e browsers.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for handle, run := range s.handles {
		if run == e.Run {
			delete(s.handles, handle)
		}
	}
	s.journal.append(ended{e.Handle, e.Run, shorten(e.Detail)})
}

// remember has a browser be asked for, unless it ended while its start or the list that names it was under way. It needs the lock.
func (s *Server) remember(handle browsers.Handle, run uuid.UUID) {
	if !s.journal.has(run) {
		s.handles[handle] = run
	}
}

// shorten keeps the end of a text, which has the last words.
func shorten(text string) string {
	if len(text) > maxDetail {
		text = "…" + text[len(text)-maxDetail:]
	}
	return text
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathBrowsers, s.answer(s.start))
	mux.HandleFunc("GET "+pathBrowsers, s.answer(s.list))
	mux.HandleFunc("GET "+pathBrowsers+"/{handle}", s.answer(s.inspect))
	mux.HandleFunc("POST "+pathBrowsers+"/{handle}/stop", s.answer(s.stop))
	mux.HandleFunc("GET "+pathFacts, s.answer(s.facts))
	mux.HandleFunc("GET "+pathUsage, s.answer(s.usage))
	mux.HandleFunc("GET "+pathEvents, s.stream(s.events))
	mux.HandleFunc("POST "+pathPrepare, s.stream(s.prepare))
	return mux
}

// answer reads a bounded body and writes what call returns, or its error.
func (s *Server) answer(call func(r *http.Request, body []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		_ = control.SetReadDeadline(time.Time{}) // else the call's context would end with it
		var result any
		if err == nil {
			result, err = call(r, body)
		}
		if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
			err = wire.Errorf(wire.ErrorCodeBodyTooLarge, "A request has %d bytes at most.", tooLarge.Limit)
		}
		_ = control.SetWriteDeadline(time.Now().Add(answerLimit))
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		unread := errors.Join(json.NewEncoder(w).Encode(result), control.Flush())
		if b, ok := result.(started); ok && unread != nil {
			s.o.Log.Warn("who had a browser started has left, so it ends", "handle", string(b.Handle), "error", errors.Join(unread, s.endUnheard(r, b.Handle)))
		}
	}
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := s.faultOf(r, err)
	status := http.StatusBadRequest
	if f.Code == wire.ErrorCodeInternal {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(f) // a reader who left
}

// faultOf is an error for the Client. One without a code goes along with its text: the server's log is where it is looked for.
func (s *Server) faultOf(r *http.Request, err error) *fault {
	coded, ok := errors.AsType[*wire.Error](err)
	switch {
	case ok:
	case errors.Is(err, browsers.ErrNotRunning):
		coded = wire.Errorf(wire.ErrorCodeBrowserNotRunning, "The browser is not running.")
	default:
		coded = wire.Errorf(wire.ErrorCodeInternal, "%v", err)
		s.o.Log.Warn("a call failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	return &fault{coded.Code, coded.Detail, coded.RetryAfter, coded.Fields}
}

func (s *Server) start(r *http.Request, body []byte) (any, error) {
	spec, err := decodeStart(body)
	if err != nil {
		return nil, err
	}
	spec.Limits = bound(spec.Limits, s.o.Limits)
	ctx, cancel := context.WithTimeout(r.Context(), s.o.StartLimit)
	defer cancel()
	if err := s.reserve(ctx); err != nil {
		return nil, err
	}
	handle, err := s.o.Launcher.Start(ctx, spec)
	s.mu.Lock()
	s.starting--
	if err == nil {
		s.remember(handle, spec.Run)
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if r.Context().Err() != nil {
		return nil, errors.Join(context.Cause(r.Context()), s.endUnheard(r, handle))
	}
	s.o.Log.Info("browser started", "room", spec.Room.String(), "browser", spec.Run.String())
	return started{handle}, nil
}

// endUnheard ends a browser whose start nobody waits for any more, so that nobody else would end it.
func (s *Server) endUnheard(r *http.Request, handle browsers.Handle) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.o.StartLimit)
	defer cancel()
	return s.o.Launcher.Stop(ctx, handle, 0)
}

// reserve counts a start in, which its caller counts out again. What lives is asked of the Launcher, since others may have started it.
func (s *Server) reserve(ctx context.Context) error {
	s.mu.Lock()
	s.starting++
	s.mu.Unlock()
	alive, err := s.o.Launcher.List(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && len(alive)+s.starting > s.o.MaxBrowsers {
		err = wire.Errorf(wire.ErrorCodeBrowserQuotaServer, "The launcher runs %d browsers at most, and all of them are in use. Try again later.", s.o.MaxBrowsers)
	}
	if err != nil {
		s.starting--
	}
	return err
}

// facts are those of the Launcher, or its name where it knows no more.
func (s *Server) facts(r *http.Request, _ []byte) (any, error) {
	if d, ok := s.o.Launcher.(browsers.Describer); ok {
		return d.Facts(r.Context())
	}
	return browsers.Facts{Launcher: s.o.Launcher.Name()}, nil
}

// usage is that of the Launcher's browsers; none where it can't measure.
func (s *Server) usage(r *http.Request, _ []byte) (any, error) {
	m, ok := s.o.Launcher.(browsers.Meter)
	if !ok {
		return measured{}, nil
	}
	all, err := m.Usage(r.Context())
	return measured{all}, err
}

func (s *Server) list(r *http.Request, _ []byte) (any, error) {
	all, err := s.alive(r.Context())
	if err != nil {
		return nil, err
	}
	answer := listed{make([]running, 0, len(all))}
	for _, b := range all {
		answer.Browsers = append(answer.Browsers, running(b))
	}
	return answer, nil
}

func (s *Server) alive(ctx context.Context) ([]browsers.Running, error) {
	all, err := s.o.Launcher.List(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range all {
		s.remember(b.Handle, b.Run)
	}
	return all, err
}

// known is whether a handle is a browser's of this Launcher, which may be one that is just being ended.
func (s *Server) known(r *http.Request) (browsers.Handle, bool, error) {
	handle := browsers.Handle(r.PathValue("handle"))
	if !isHandle(handle) {
		return "", false, invalid(wire.FieldProblem{Field: "handle", Detail: "is 1 to 128 letters, digits and -_."})
	}
	has := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, there := s.handles[handle]
		return there
	}
	if has() {
		return handle, true, nil
	}
	_, err := s.alive(r.Context())
	return handle, has(), err
}

func (s *Server) inspect(r *http.Request, _ []byte) (any, error) {
	handle, known, err := s.known(r)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, browsers.ErrNotRunning
	}
	b, err := s.o.Launcher.Inspect(r.Context(), handle)
	return running(b), err
}

func (s *Server) stop(r *http.Request, body []byte) (any, error) {
	handle, known, err := s.known(r)
	if err != nil {
		return nil, err
	}
	grace, err := parseGrace(body)
	if err != nil {
		return nil, err
	}
	if known {
		err = s.o.Launcher.Stop(r.Context(), handle, grace)
	}
	return struct{}{}, err
}
