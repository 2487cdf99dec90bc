package remote

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/google/uuid"

	"turtus/services/browsers"
	"turtus/services/wire"
)

// ClientOptions of a Client. Socket is needed.
type ClientOptions struct {
	// Socket is the path that Listen was given.
	Socket string
	// MinWait and MaxWait bound the growing wait between attempts to reach the launcher; 100 ms and 5 s when 0.
	MinWait, MaxWait time.Duration
	// Patience is how long calls wait for a launcher that was not there yet; 30 s when 0.
	Patience time.Duration
	// Silence is how long a stream of events may say nothing; 15 s when 0, three of the Server's heartbeats.
	Silence time.Duration
	Log     *slog.Logger
}

// Client is a browsers.Launcher by a Server. Make it by NewClient, end it by Close. While the launcher is away calls fail at once, but those
// before it was there for the first time wait for it.
type Client struct {
	o      ClientOptions
	http   *http.Client
	events chan browsers.Event

	ctx     context.Context
	cancel  context.CancelFunc
	working sync.WaitGroup
	// reached is closed when the launcher was there for the first time.
	reached chan struct{}

	mu    sync.Mutex
	state state
	// alive are the browsers whose ends are not told yet, with no handle while they are being started.
	alive map[uuid.UUID]browsers.Handle
	// told are the last ends, so that a list that was asked for before them brings nobody back.
	told []uuid.UUID
}

var (
	_ browsers.Launcher  = (*Client)(nil)
	_ browsers.Preparer  = (*Client)(nil)
	_ browsers.Describer = (*Client)(nil)
	_ browsers.Meter     = (*Client)(nil)
)

// away is what people hear while the launcher can't be reached.
const away = "The launcher, which starts the browsers, can't be reached. It may be starting; else the log of turtus launcher says why."

var errClosed = errors.New("the connection to the launcher is closed")

// NewClient begins to listen for events; it does not wait for the launcher.
func NewClient(o ClientOptions) *Client {
	o.MinWait = cmp.Or(o.MinWait, 100*time.Millisecond)
	o.MaxWait = cmp.Or(o.MaxWait, 5*time.Second)
	o.Patience = cmp.Or(o.Patience, 30*time.Second)
	o.Silence = cmp.Or(o.Silence, 15*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{o: o, events: make(chan browsers.Event, 64), reached: make(chan struct{}), alive: make(map[uuid.UUID]browsers.Handle)}
	c.state = state{Why: away}
	dialer := &net.Dialer{}
	c.http = &http.Client{Transport: &http.Transport{
		// A connection for each call costs nothing on this machine, and none is left over of a launcher that was restarted.
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", o.Socket)
		},
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.working.Go(c.follow)
	return c
}

// Close ends the listening. Browsers go on.
func (c *Client) Close() {
	c.cancel()
	c.working.Wait()
}

// Name implements browsers.Launcher.
func (c *Client) Name() string { return "remote" }

// Available implements browsers.Launcher: it is what the launcher said last.
func (c *Client) Available() (ok bool, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Available, c.state.Why
}

func (c *Client) setState(s state) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = s
}

// Events implements browsers.Launcher.
func (c *Client) Events() <-chan browsers.Event { return c.events }

// Start implements browsers.Launcher.
func (c *Client) Start(ctx context.Context, spec browsers.Spec) (browsers.Handle, error) {
	c.mu.Lock()
	if _, there := c.alive[spec.Run]; there {
		c.mu.Unlock()
		return "", fmt.Errorf("browser %s was started before", spec.Run)
	}
	c.alive[spec.Run] = ""
	c.mu.Unlock()
	var answer started
	err := c.call(ctx, http.MethodPost, pathBrowsers, requestOf(spec), &answer)
	if err == nil && !isHandle(answer.Handle) {
		err = errors.New("the launcher answered no handle")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		delete(c.alive, spec.Run)
		return "", fmt.Errorf("start a browser by the launcher: %w", err)
	}
	if _, there := c.alive[spec.Run]; there { // else it has ended already
		c.alive[spec.Run] = answer.Handle
	}
	return answer.Handle, nil
}

// Prepare implements browsers.Preparer, for a launcher that is one.
func (c *Client) Prepare(ctx context.Context, progress func(browsers.Download)) error {
	if err := c.wait(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(c.o.Silence, func() { cancel(fmt.Errorf("the launcher said nothing for %s", c.o.Silence)) })
	defer silence.Stop()
	response, err := c.send(ctx, http.MethodPost, pathPrepare, struct{}{})
	if err != nil {
		return fmt.Errorf("prepare the launcher: %w", err)
	}
	defer response.Body.Close()
	for lines := json.NewDecoder(response.Body); ; {
		var s step
		if err := lines.Decode(&s); err != nil {
			return fmt.Errorf("prepare the launcher: %w", cmp.Or(context.Cause(ctx), err))
		}
		silence.Reset(c.o.Silence)
		switch {
		case s.Fault != nil:
			return fmt.Errorf("prepare the launcher: %w", s.Fault.err())
		case s.Done:
			return nil
		case s.Received > 0 || s.Total > 0:
			progress(browsers.Download{Received: s.Received, Total: s.Total})
		}
	}
}

// Stop implements browsers.Launcher.
func (c *Client) Stop(ctx context.Context, handle browsers.Handle, grace time.Duration) error {
	if !isHandle(handle) {
		return nil // of another launcher, which ran before this one was chosen
	}
	grace = min(max(grace, 0), maxGrace)
	if err := c.call(ctx, http.MethodPost, pathOf(handle)+"/stop", stop{grace.Milliseconds()}, &struct{}{}); err != nil {
		return fmt.Errorf("end a browser by the launcher: %w", err)
	}
	return nil
}

// Inspect implements browsers.Launcher.
func (c *Client) Inspect(ctx context.Context, handle browsers.Handle) (browsers.Running, error) {
	if !isHandle(handle) {
		return browsers.Running{}, browsers.ErrNotRunning
	}
	var b running
	err := c.call(ctx, http.MethodGet, pathOf(handle), nil, &b)
	if wire.CodeOf(err) == wire.ErrorCodeBrowserNotRunning {
		err = browsers.ErrNotRunning
	}
	if err != nil {
		return browsers.Running{}, fmt.Errorf("look after a browser by the launcher: %w", err)
	}
	return browsers.Running(b), nil
}

// List implements browsers.Launcher.
func (c *Client) List(ctx context.Context) ([]browsers.Running, error) {
	var answer listed
	if err := c.call(ctx, http.MethodGet, pathBrowsers, nil, &answer); err != nil {
		return nil, fmt.Errorf("list the browsers by the launcher: %w", err)
	}
	all := make([]browsers.Running, len(answer.Browsers))
	for i, b := range answer.Browsers {
		all[i] = browsers.Running(b)
	}
	c.meet(all)
	return all, nil
}

// Facts implements browsers.Describer: they are the Launcher's behind the socket.
func (c *Client) Facts(ctx context.Context) (browsers.Facts, error) {
	var f browsers.Facts
	if err := c.call(ctx, http.MethodGet, pathFacts, nil, &f); err != nil {
		return browsers.Facts{Launcher: c.Name()}, fmt.Errorf("ask the launcher what it starts browsers by: %w", err)
	}
	return f, nil
}

// Usage implements browsers.Meter.
func (c *Client) Usage(ctx context.Context) (map[uuid.UUID]browsers.Usage, error) {
	var answer measured
	if err := c.call(ctx, http.MethodGet, pathUsage, nil, &answer); err != nil {
		return nil, fmt.Errorf("ask the launcher what browsers take: %w", err)
	}
	return answer.Browsers, nil
}

func pathOf(handle browsers.Handle) string {
	return pathBrowsers + "/" + url.PathEscape(string(handle))
}

// wait returns when the launcher was there once.
func (c *Client) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.o.Patience)
	defer cancel()
	select {
	case <-c.reached:
		return nil
	case <-c.ctx.Done():
		return errClosed
	case <-ctx.Done():
		return fmt.Errorf("wait for the launcher at %s: %w: %w", c.o.Socket, context.Cause(ctx), errAway())
	}
}

func errAway() error { return wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "%s", away) }

// call asks the launcher.
func (c *Client) call(ctx context.Context, method, path string, body, answer any) error {
	if err := c.wait(ctx); err != nil {
		return err
	}
	response, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the launcher's answer: %w", err)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("read the launcher's answer: %w", err)
	}
	return nil
}

// send returns a successful answer, or the error that it was.
func (c *Client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	if body == nil {
		text = nil
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://launcher"+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(r)
	if failed, ok := errors.AsType[*net.OpError](err); ok && failed.Op == "dial" {
		return nil, fmt.Errorf("%w: %w", errAway(), failed.Err)
	}
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	var f fault
	if err := json.NewDecoder(io.LimitReader(response.Body, maxLine)).Decode(&f); err != nil || f.Code == "" {
		return nil, fmt.Errorf("the launcher answered %s", response.Status)
	}
	return nil, f.err()
}

// err is for people only where they can do something about it; what is our mistake or the launcher's is for the log.
func (f *fault) err() error {
	switch f.Code {
	case wire.ErrorCodeInternal, wire.ErrorCodeInvalidField, wire.ErrorCodeMalformedJSON, wire.ErrorCodeBodyTooLarge, wire.ErrorCodeRateLimited:
		return errors.New(f.Detail)
	}
	return &wire.Error{Code: f.Code, Detail: f.Detail, RetryAfter: f.RetryAfter, Fields: f.Fields}
}
