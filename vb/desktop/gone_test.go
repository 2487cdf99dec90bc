package desktop_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/vb/desktop"
	"turtus/vb/desktop/desktoptest"
)

// onThread runs f on a thread of its own, and fails the test when it does not return.
func onThread(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with f
		f()
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatalf("%s never returned", what)
	}
}

func TestWhatADeadServerTookFromOneThreadIsFreeToTheOthers(t *testing.T) {
	server := desktoptest.StartServer(t, 320, 200)
	inputs := make([]*desktop.Input, 50)
	for i := range inputs {
		inputs[i] = newInput(t, server.Display)
	}
	server.Kill()
	for _, input := range inputs {
		onThread(t, "the call that finds the server gone", func() {
			for !errors.Is(input.Move(1, 1), desktop.ErrServerGone) {
				runtime.Gosched()
			}
		})
		onThread(t, "the next call", func() { input.FakeKey(38, true) })
	}
}

func TestAServerKilledAtAnyMomentLeavesNobodyWaiting(t *testing.T) {
	for round := range 12 {
		server := desktoptest.StartServer(t, 320, 200)
		var all sync.WaitGroup
		for range 4 {
			input, err := desktop.NewInput(server.Display)
			require.NoError(t, err)
			capturer, err := desktop.NewCapturer(server.Display)
			require.NoError(t, err)
			all.Go(func() {
				for keysym := uint32('a'); input.Key(keysym, true) == nil && input.Key(keysym, false) == nil; keysym = 'a' + (keysym+1)%26 {
				}
				_ = input.Close()
			})
			all.Go(func() {
				for {
					if _, err := capturer.Grab(); err != nil {
						break
					}
				}
				_ = capturer.Close()
			})
		}
		time.Sleep(time.Duration(round) * time.Millisecond)
		server.Kill()
		done := make(chan struct{})
		go func() {
			all.Wait()
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatalf("round %d: somebody waits for a server that is dead", round)
		}
	}
}

func TestAServerMayDieAtAnyMomentOfAStart(t *testing.T) {
	cut := desktoptest.StartCut(t, desktoptest.StartXvfb(t, 320, 200))
	for name, start := range map[string]func() (interface{ Close() error }, error){
		"capture":   func() (interface{ Close() error }, error) { return desktop.NewCapturer(cut.Display) },
		"input":     func() (interface{ Close() error }, error) { return desktop.NewInput(cut.Display) },
		"cursor":    func() (interface{ Close() error }, error) { return desktop.NewCursorWatcher(cut.Display) },
		"clipboard": func() (interface{ Close() error }, error) { return desktop.NewClipboard(cut.Display) },
		"resize":    func() (interface{ Close() error }, error) { return nil, desktop.Resize(cut.Display, 160, 100) },
	} {
		t.Run(name, func(t *testing.T) {
			gone := 0
			for after := int64(8); ; after += 32 {
				cut.After.Store(after)
				before := cut.Broken.Load()
				x, err := start()
				if err == nil && x != nil {
					require.NoError(t, x.Close())
				}
				if cut.Broken.Load() == before && err == nil {
					break // it lived to the end
				}
				if errors.Is(err, desktop.ErrServerGone) {
					gone++
				} else if err != nil {
					require.ErrorIs(t, err, desktop.ErrNoServer)
				}
			}
			require.Positive(t, gone, "some died after they had let us in")
		})
	}
}
