package desktop_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/vb/desktop"
	"turtus/vb/desktop/desktoptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is the context of what must happen.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// briefly is the context of what must not happen.
func briefly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestAServerThatDiesGivesErrorsAndNotAnExit(t *testing.T) {
	server := desktoptest.StartServer(t, 320, 200)
	capturer := newCapturer(t, server.Display)
	input := newInput(t, server.Display)
	watcher := newWatcher(t, server.Display)
	waiter := newCapturer(t, server.Display)
	clipboard := newClipboard(t, server.Display)
	_, err := watcher.Next(soon(t))
	require.NoError(t, err)
	_, err = waiter.Grab()
	require.NoError(t, err)

	ends := make(chan error, 2)
	go func() { ends <- waiter.Wait(soon(t)) }()
	go func() {
		_, err := watcher.Next(soon(t))
		ends <- err
	}()
	server.Kill()
	require.ErrorIs(t, <-ends, desktop.ErrServerGone)
	require.ErrorIs(t, <-ends, desktop.ErrServerGone)
	_, err = capturer.Grab()
	require.ErrorIs(t, err, desktop.ErrServerGone)
	require.ErrorIs(t, capturer.Wait(soon(t)), desktop.ErrServerGone)
	require.Eventually(t, func() bool { return errors.Is(input.Key('a', true), desktop.ErrServerGone) }, 5*time.Second, time.Millisecond)
	require.ErrorIs(t, input.Move(1, 1), desktop.ErrServerGone)
	require.ErrorIs(t, input.ReleaseAll(), desktop.ErrServerGone)
	require.ErrorIs(t, clipboard.Set("a"), desktop.ErrServerGone)
	require.ErrorIs(t, clipboard.Run(soon(t), nil), desktop.ErrServerGone)
	for _, closer := range []interface{ Close() error }{capturer, input, watcher, waiter, clipboard} {
		require.NoError(t, closer.Close())
	}
	_, err = desktop.NewCapturer(server.Display)
	require.ErrorIs(t, err, desktop.ErrNoServer)
}

func TestCloseEndsAWaitAndLaterCallsSaySo(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 200)
	capturer := newCapturer(t, display)
	_, err := capturer.Grab()
	require.NoError(t, err)
	end := make(chan error)
	go func() { end <- capturer.Wait(context.Background()) }()
	require.NoError(t, capturer.Close())
	require.ErrorIs(t, <-end, desktop.ErrClosed)
	_, err = capturer.Grab()
	require.ErrorIs(t, err, desktop.ErrClosed)
	require.NoError(t, capturer.Close())

	input := newInput(t, display)
	require.NoError(t, input.Close())
	require.ErrorIs(t, input.Key('a', true), desktop.ErrClosed)
}

func TestReadyWaitsUntilTheServerAnswers(t *testing.T) {
	require.ErrorIs(t, desktop.Ready(briefly(t), ":64000"), desktop.ErrNoServer, "a display number beyond the ports")
	require.ErrorIs(t, desktop.Ready(briefly(t), ":59000"), context.DeadlineExceeded)
	require.NoError(t, desktop.Ready(soon(t), desktoptest.StartXvfb(t, 320, 200)))
}

func TestTheCookieOfXAUTHORITYLetsUsIn(t *testing.T) {
	// One entry of family "wild" (65535), for any display; Xau(3), strings with their length in two bytes.
	entry := []byte{0xff, 0xff, 0, 0, 0, 0}
	for _, part := range []string{"MIT-MAGIC-COOKIE-1", "0123456789abcdef"} {
		entry = append(append(entry, 0, byte(len(part))), part...)
	}
	file := filepath.Join(t.TempDir(), "authority")
	require.NoError(t, os.WriteFile(file, entry, 0o600))
	server := desktoptest.StartServer(t, 320, 200, "-auth", file)
	t.Setenv("XAUTHORITY", "/nonexistent")
	require.ErrorIs(t, desktop.Ready(soon(t), server.Display), desktop.ErrNoServer)
	t.Setenv("XAUTHORITY", file)
	require.NoError(t, desktop.Ready(soon(t), server.Display))
	newCapturer(t, server.Display)
}

func newCapturer(t *testing.T, display string) *desktop.Capturer {
	t.Helper()
	c, err := desktop.NewCapturer(display)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func newInput(t *testing.T, display string) *desktop.Input {
	t.Helper()
	in, err := desktop.NewInput(display)
	require.NoError(t, err)
	in.BarrierTimeout(time.Minute) // a busy machine may keep a test's program from its events for longer than anybody would wait
	t.Cleanup(func() { require.NoError(t, in.Close()) })
	return in
}

func newWatcher(t *testing.T, display string) *desktop.CursorWatcher {
	t.Helper()
	w, err := desktop.NewCursorWatcher(display)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func newClipboard(t *testing.T, display string) *desktop.Clipboard {
	t.Helper()
	c, err := desktop.NewClipboard(display)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}
