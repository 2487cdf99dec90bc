package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/browsers"
)

func TestEndsWhileTheLauncherIsAwayAreToldWhenItIsBack(t *testing.T) {
	h := newHouse(t, nil)
	stays, staysHandle := h.start()
	goes, goesHandle := h.start()
	h.crash()
	require.Eventually(t, func() bool {
		ok, _ := h.client.Available()
		return !ok
	}, patience, time.Millisecond)
	_, err := h.client.Start(ctx, spec())
	require.ErrorContains(t, err, "can't be reached", "it is said at once")
	h.launcher.vanish(goes.Run)
	h.serve()
	h.available()
	require.Equal(t, browsers.Event{Handle: goesHandle, Run: goes.Run, Detail: "it ended while its launcher could not be reached."}, h.event())
	_, err = h.client.Inspect(ctx, staysHandle)
	require.NoError(t, err, "what lives is taken back")
	h.launcher.exit(stays.Run, "Firefox crashed")
	require.Equal(t, "Firefox crashed", h.event().Detail)
	h.start()
}

// TestNoEndIsLostOrTold twice goes through what a launcher that dies again and again can do to ends.
func TestNoEndIsLostOrToldTwice(t *testing.T) {
	h := newHouse(t, func(o *ServerOptions) { o.MaxBrowsers = 1000 })
	want := map[uuid.UUID]bool{}
	for round := range 5 {
		var runs []uuid.UUID
		for range 8 {
			s, _ := h.start()
			runs = append(runs, s.Run)
			want[s.Run] = true
		}
		for i, run := range runs[:4] {
			h.launcher.exit(run, fmt.Sprint("end ", round, " ", i)) // some of it in the very moment of the death
		}
		h.crash()
		for _, run := range runs[4:] {
			h.launcher.vanish(run)
		}
		h.serve()
		h.available()
	}
	for range len(want) {
		e := h.event()
		require.True(t, want[e.Run], "told twice: %s", e.Run)
		delete(want, e.Run)
	}
	select {
	case e := <-h.client.Events():
		require.Fail(t, "told twice", "%s", e.Run)
	default:
	}
}

func TestAStreamThatBreaksGoesOnWhereItWas(t *testing.T) {
	h := newHouse(t, nil)
	var runs []uuid.UUID
	for range 3 {
		s, _ := h.start()
		runs = append(runs, s.Run)
	}
	h.launcher.exit(runs[0], "its last words")
	require.Equal(t, "its last words", h.event().Detail)
	first := h.read(t, "")
	greeting := first.next()
	require.False(t, greeting.Resumed)
	require.EqualValues(t, 1, greeting.Number)
	h.launcher.exit(runs[1], "second")
	require.Equal(t, "second", first.ended().Detail)
	first.close()
	h.launcher.exit(runs[2], "third")
	require.Equal(t, "second", h.event().Detail)
	require.Equal(t, "third", h.event().Detail)

	second := h.read(t, fmt.Sprintf("?instance=%s&after=2", greeting.Instance))
	require.True(t, second.next().Resumed)
	require.Equal(t, "third", second.ended().Detail, "it keeps its words")
	for _, stale := range []string{"?instance=" + uuid.NewString() + "&after=2", fmt.Sprintf("?instance=%s&after=4", greeting.Instance), fmt.Sprintf("?instance=%s&after=-1", greeting.Instance)} {
		require.False(t, h.read(t, stale).next().Resumed)
	}
}

// TestASlowReaderHoldsNobodyUp: ends go to the journal, not to readers. One that lags behind the journal is closed, comes again and lists.
func TestASlowReaderHoldsNobodyUp(t *testing.T) {
	h := newHouse(t, func(o *ServerOptions) { o.MaxBrowsers = 5000 })
	slow := h.read(t, "") // reads no more than the greeting
	slow.next()
	words := string(make([]byte, maxDetail))
	total := 4 * kept
	for range total {
		s, _ := h.start()
		h.launcher.exit(s.Run, words)
		require.Equal(t, s.Run, h.event().Run, "another reader hears all")
	}
	lines := 0
	for slow.scanner.Scan() {
		lines++
	}
	require.Less(t, lines, total, "the slow one was closed and has to list")
}

func TestAReaderThatSleepsHearsAllTheSame(t *testing.T) {
	h := newHouse(t, func(o *ServerOptions) { o.MaxBrowsers = 5000 })
	runs := map[uuid.UUID]bool{}
	for range 3 * kept { // more than client, connection and journal hold
		s, _ := h.start()
		runs[s.Run] = true
		h.launcher.exit(s.Run, "")
	}
	for range 3 * kept {
		delete(runs, h.event().Run)
	}
	require.Empty(t, runs)
}

func TestALauncherThatHangsIsTakenForGone(t *testing.T) {
	h := newHouse(t, nil)
	impatient := NewClient(ClientOptions{Socket: h.socket, Silence: 20 * time.Millisecond, MinWait: time.Millisecond, MaxWait: time.Millisecond})
	t.Cleanup(impatient.Close)
	<-impatient.reached // a machine that is busy takes some attempts
	hangs := make(chan struct{})
	defer close(hangs)
	h.launcher.set(func() { h.launcher.hangs = hangs }) // else it would be there again for a moment, again and again
	require.Eventually(t, func() bool {
		ok, why := impatient.Available()
		return !ok && why == away
	}, patience, time.Millisecond)
}

func TestStreamsAreBounded(t *testing.T) {
	h := newHouse(t, nil)
	h.available()
	for range maxStreams - 1 {
		h.read(t, "").next()
	}
	response, err := h.get("")
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
}

func TestAClientWithNoLauncherCanBeClosed(t *testing.T) {
	c := NewClient(ClientOptions{Socket: filepath.Join(t.TempDir(), "nobody.sock")})
	listed := make(chan error, 1)
	go func() {
		_, err := c.List(ctx)
		listed <- err
	}()
	c.Close()
	require.ErrorIs(t, <-listed, errClosed)
}

// stream is a reader of events with no client in between.
type stream struct {
	*testing.T
	scanner *bufio.Scanner
	close   func()
}

func (h *house) get(query string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://launcher"+pathEvents+query, nil)
	require.NoError(h, err)
	return h.client.http.Do(r)
}

func (h *house) read(t *testing.T, query string) *stream {
	t.Helper()
	response, err := h.get(query)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	s := &stream{t, bufio.NewScanner(response.Body), func() { response.Body.Close() }}
	s.scanner.Buffer(nil, maxLine)
	t.Cleanup(s.close)
	return s
}

func (s *stream) next() (l line) {
	s.Helper()
	require.True(s, s.scanner.Scan(), "%v", s.scanner.Err())
	require.NoError(s, json.Unmarshal(s.scanner.Bytes(), &l))
	return l
}

// ended is the next end, past heartbeats.
func (s *stream) ended() ended {
	s.Helper()
	for {
		if l := s.next(); l.Ended != nil {
			return *l.Ended
		}
	}
}
