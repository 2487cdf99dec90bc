package remote

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"turtus/services/browsers"
	"turtus/services/wire"
)

var (
	ctx     = context.Background()
	discard = slog.New(slog.DiscardHandler)
)

func TestABrowserStartsIsSeenAndEndsAsByTheLauncherItself(t *testing.T) {
	h := newHouse(t, nil)
	h.available()
	require.Equal(t, "remote", h.client.Name())
	s, handle := h.start()
	require.Equal(t, []browsers.Spec{s}, h.launcher.specs, "all of the spec arrives")
	want := h.launcher.running[handle]

	all, err := h.client.List(ctx)
	require.NoError(t, err)
	require.Equal(t, []browsers.Running{want}, all)
	one, err := h.client.Inspect(ctx, handle)
	require.NoError(t, err)
	require.Equal(t, want, one)

	require.NoError(t, h.client.Stop(ctx, handle, 1500*time.Millisecond))
	require.Equal(t, []time.Duration{1500 * time.Millisecond}, h.launcher.graces)
	require.Equal(t, browsers.Event{Handle: handle, Run: s.Run, Detail: "it was stopped."}, h.event())
	_, err = h.client.Inspect(ctx, handle)
	require.ErrorIs(t, err, browsers.ErrNotRunning)
	require.NoError(t, h.client.Stop(ctx, handle, time.Second), "one that has ended is no error")
	all, err = h.client.List(ctx)
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestEveryFieldOfASpecTravels(t *testing.T) {
	for v, i := reflect.ValueOf(spec()), 0; i < v.NumField(); i++ {
		require.False(t, v.Field(i).IsZero(), "%s: a new field has to be in the request, checked, and in this test", v.Type().Field(i).Name)
	}
}

func TestWhyNoBrowserCanStartIsToldAtOnce(t *testing.T) {
	h := newHouse(t, func(o *ServerOptions) { o.Heartbeat = 10 * time.Millisecond })
	h.available()
	h.launcher.set(func() { h.launcher.why = "The image is missing. Run make images." })
	require.Eventually(t, func() bool {
		ok, why := h.client.Available()
		return !ok && why == "The image is missing. Run make images."
	}, patience, time.Millisecond)
}

func TestADownloadIsToldWhileItGoesOn(t *testing.T) {
	h := newHouse(t, func(o *ServerOptions) { o.Heartbeat = 5 * time.Second })
	never := func(browsers.Download) { require.Fail(t, "there is nothing to fetch") }
	require.NoError(t, h.client.Prepare(ctx, never))

	h.crash()
	p := &preparing{fakeLauncher: h.launcher, steps: make(chan browsers.Download), ended: make(chan error, 1)}
	h.preparer = p
	h.serve()
	h.available()
	want := browsers.Download{Received: 1 << 20, Total: 700 << 20}
	told := make(chan browsers.Download, 10_000)
	done := make(chan error, 1)
	go func() { done <- h.client.Prepare(ctx, func(d browsers.Download) { told <- d }) }()
	p.steps <- want
	require.Equal(t, want, <-told)
	p.err = wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "The registry does not have the image.")
	close(p.steps)
	require.Equal(t, wire.ErrorCodeBrowserNotAvailable, wire.CodeOf(<-done))

	p.steps = make(chan browsers.Download)
	giveUp, cancel := context.WithCancel(ctx)
	go func() { done <- h.client.Prepare(giveUp, func(d browsers.Download) { told <- d }) }()
	p.steps <- want
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.ErrorIs(t, <-p.ended, context.Canceled, "the launcher hears that nobody waits")
}

func TestLimitsOfTheLauncherHold(t *testing.T) {
	own := browsers.Limits{Memory: 1 << 30, Shared: 64 << 20, CPUs: 1, Processes: 300}
	h := newHouse(t, func(o *ServerOptions) { o.Limits = own })
	h.start()
	require.Equal(t, own, h.launcher.specs[0].Limits)
}

func TestErrorsOfTheLauncherArriveWithTheirCodes(t *testing.T) {
	h := newHouse(t, func(o *ServerOptions) { o.MaxBrowsers = 1 })
	busy := wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "All ports are in use.")
	busy.RetryAfter = 5
	h.launcher.set(func() { h.launcher.fail = busy })
	_, err := h.client.Start(ctx, spec())
	var coded *wire.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, busy, coded)

	h.launcher.set(func() { h.launcher.fail = errors.New("engine: no space left on device") })
	_, err = h.client.Start(ctx, spec())
	require.ErrorContains(t, err, "no space left on device")
	require.False(t, errors.As(err, &coded), "what is for the log is not for people")

	h.launcher.set(func() { h.launcher.fail = nil })
	h.start()
	_, err = h.client.Start(ctx, spec())
	require.Equal(t, wire.ErrorCodeBrowserQuotaServer, wire.CodeOf(err), "the launcher counts by itself")
}

func TestStartsAtOnceAreNoWayPastTheQuota(t *testing.T) {
	h := newHouse(t, func(o *ServerOptions) { o.MaxBrowsers = 2 })
	h.available()
	h.launcher.set(func() { h.launcher.hold = make(chan struct{}) })
	results := make(chan error, 10)
	for range 10 {
		go func() {
			_, err := h.client.Start(ctx, spec())
			results <- err
		}()
	}
	for range 8 {
		require.Equal(t, wire.ErrorCodeBrowserQuotaServer, wire.CodeOf(<-results))
	}
	close(h.launcher.hold)
	for range 2 {
		require.NoError(t, <-results)
	}
	require.Len(t, h.launcher.running, 2)
}

func TestABrowserThatNobodyWaitsForAnyMoreIsEnded(t *testing.T) {
	h := newHouse(t, nil)
	h.available()
	h.launcher.set(func() { h.launcher.hold = make(chan struct{}) })
	giveUp, cancel := context.WithCancel(ctx)
	result := make(chan error, 1)
	go func() {
		_, err := h.client.Start(giveUp, spec())
		result <- err
	}()
	<-h.launcher.begun
	cancel()
	require.ErrorIs(t, <-result, context.Canceled)
	close(h.launcher.hold)
	require.Eventually(t, func() bool {
		all, err := h.client.List(ctx)
		h.launcher.mu.Lock()
		defer h.launcher.mu.Unlock()
		return err == nil && len(all) == 0 && len(h.launcher.specs) == 1
	}, patience, time.Millisecond, "an error leaves nothing behind")
}

func TestABrowserThatEndsBeforeItsStartIsAnsweredIsNotRemembered(t *testing.T) {
	h := newHouse(t, nil)
	h.available()
	slow := make(chan struct{})
	h.launcher.set(func() { h.launcher.slow = slow })
	s := spec()
	answered := make(chan error, 1)
	go func() {
		_, err := h.client.Start(ctx, s)
		answered <- err
	}()
	<-h.launcher.begun
	h.launcher.exit(s.Run, "Firefox crashed")
	require.Equal(t, s.Run, h.event().Run)
	close(slow)
	require.NoError(t, <-answered)
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	require.Empty(t, h.server.handles)
}

func TestOnlyHandlesOfBrowsersAreHandedToTheLauncher(t *testing.T) {
	h := newHouse(t, nil)
	_, handle := h.start()
	for _, foreign := range []browsers.Handle{"postgres", "../containers/json", "", "a b", browsers.Handle(strings.Repeat("x", 129))} {
		require.NoError(t, h.client.Stop(ctx, foreign, 0))
		_, err := h.client.Inspect(ctx, foreign)
		require.ErrorIs(t, err, browsers.ErrNotRunning)
	}
	require.Empty(t, h.launcher.stopped)
	require.NoError(t, h.client.Stop(ctx, handle, 0))
	require.Equal(t, []browsers.Handle{handle}, h.launcher.stopped)
}

func TestBrowsersFromBeforeBothCanBeEnded(t *testing.T) {
	h := newHouse(t, nil)
	s, handle := h.start()
	h.client.Close()
	h.crash()
	h.serve()
	h.client = NewClient(ClientOptions{Socket: h.socket})
	t.Cleanup(h.client.Close)
	require.NoError(t, h.client.Stop(ctx, handle, 0))
	require.Equal(t, []browsers.Handle{handle}, h.launcher.stopped)
	require.Equal(t, s.Run, h.event().Run)
}

// TestTheSocketIsForItsGroupAlone: what is not refused by the file's mode is refused by the peer's credentials.
func TestTheSocketIsForItsGroupAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "launcher.sock")
	mode := func() os.FileMode {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Mode()
	}
	l, err := Listen(path, "", discard)
	require.NoError(t, err)
	require.Equal(t, os.ModeSocket|0o600, mode())
	own := l.(*listener)
	require.True(t, own.admits(unix.Ucred{Uid: uint32(os.Geteuid()), Gid: 7}))
	require.True(t, own.admits(unix.Ucred{Uid: 0}))
	require.False(t, own.admits(unix.Ucred{Uid: 54321, Gid: uint32(os.Getegid())}))

	_, err = Listen(path, "", discard)
	require.ErrorContains(t, err, "another launcher serves")
	require.NoError(t, l.Close())
	require.NoFileExists(t, path)

	_, err = Listen(path, "no-such-group", discard)
	require.ErrorContains(t, err, "no group")
	l, err = Listen(path, "4242", discard)
	if os.Geteuid() != 0 {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	require.Equal(t, os.ModeSocket|0o660, mode())
	require.True(t, l.(*listener).admits(unix.Ucred{Uid: 54321, Gid: 4242}))
	require.NoError(t, l.Close())
}

func TestASocketLeftOverIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "launcher.sock")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.WriteFile(path+".new", nil, 0o600))
	l, err := Listen(path, "", discard)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

func TestConnectionsAndBodiesAreBounded(t *testing.T) {
	h := newHouse(t, nil)
	h.available()
	client := &http.Client{Transport: h.client.http.Transport}
	response, err := client.Post("http://launcher"+pathBrowsers, "application/json", strings.NewReader(strings.Repeat(" ", maxBody+1)))
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Contains(t, string(body), wire.ErrorCodeBodyTooLarge)

	for range maxConnections { // with the client's stream one too many
		h.dial()
	}
	last := h.dial()
	require.NoError(t, last.SetReadDeadline(time.Now().Add(patience)))
	_, err = last.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "it is closed at once, not kept waiting")
}

func TestStartingTwiceIsRefused(t *testing.T) {
	h := newHouse(t, nil)
	s, _ := h.start()
	_, err := h.client.Start(ctx, s)
	require.ErrorContains(t, err, "started before")
}

func TestCallsWaitForALauncherThatIsYetToStart(t *testing.T) {
	h := &house{T: t, socket: socketPath(t), launcher: newFakeLauncher(), options: ServerOptions{MaxBrowsers: 1}}
	h.client = NewClient(ClientOptions{Socket: h.socket, MinWait: time.Millisecond, MaxWait: time.Millisecond})
	t.Cleanup(h.client.Close)
	ok, why := h.client.Available()
	require.False(t, ok)
	require.Contains(t, why, "can't be reached")
	listed := make(chan error, 1)
	go func() {
		_, err := h.client.List(ctx)
		listed <- err
	}()
	h.serve()
	require.NoError(t, <-listed)

	impatient := NewClient(ClientOptions{Socket: filepath.Join(t.TempDir(), "nobody.sock"), Patience: time.Millisecond})
	t.Cleanup(impatient.Close)
	_, err := impatient.List(ctx)
	require.Equal(t, wire.ErrorCodeBrowserNotAvailable, wire.CodeOf(err))
	require.ErrorContains(t, err, "nobody.sock", "the operator hears where it was looked for")
}
