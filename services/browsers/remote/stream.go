package remote

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"turtus/services/browsers"
	"turtus/services/wire"
)

// stream makes a handler of one that answers with many lines. say writes one, and is false when nobody reads them any more.
func (s *Server) stream(lines func(r *http.Request, say func(line any) bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.streams <- struct{}{}:
			defer func() { <-s.streams }()
		default:
			s.refuse(w, r, wire.Errorf(wire.ErrorCodeRateLimited, "The launcher answers %d streams at most.", maxStreams))
			return
		}
		control, encoder := http.NewResponseController(w), json.NewEncoder(w)
		_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody)) // only then is a reader's leaving noticed
		_ = control.SetReadDeadline(time.Time{})
		w.Header().Set("Content-Type", "application/x-ndjson")
		lines(r, func(line any) bool {
			_ = control.SetWriteDeadline(time.Now().Add(3 * s.o.Heartbeat))
			return encoder.Encode(line) == nil && control.Flush() == nil
		})
	}
}

// events tells what ends, after the number that is asked for where this instance still knows.
func (s *Server) events(r *http.Request, say func(any) bool) {
	at, err := strconv.ParseUint(r.FormValue("after"), 10, 64)
	resumed := err == nil && r.FormValue("instance") == s.instance.String()
	if resumed {
		_, _, resumed = s.journal.after(at)
	}
	if !resumed {
		at = s.journal.newest()
	}
	state := func() *state {
		available, why := s.o.Launcher.Available()
		return &state{available, why}
	}
	if !say(line{Instance: s.instance, Resumed: resumed, Number: at, State: state()}) {
		return
	}
	beat := time.NewTicker(s.o.Heartbeat)
	defer beat.Stop()
	for {
		entries, more, ok := s.journal.after(at)
		if !ok {
			return // too slow; it comes again and lists
		}
		for _, e := range entries {
			at++
			if !say(line{Number: at, Ended: &e}) {
				return
			}
		}
		select {
		case <-more:
		case <-beat.C:
			if !say(line{Number: at, State: state()}) {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// prepare has the Launcher fetch what it lacks, and says now and then how far that is.
func (s *Server) prepare(r *http.Request, say func(any) bool) {
	preparer, ok := s.o.Launcher.(browsers.Preparer)
	if !ok {
		say(step{Done: true})
		return
	}
	var mu sync.Mutex
	var newest browsers.Download
	done := make(chan error, 1)
	go func() {
		done <- preparer.Prepare(r.Context(), func(d browsers.Download) {
			mu.Lock()
			defer mu.Unlock()
			newest = d
		})
	}()
	beat := time.NewTicker(s.o.Heartbeat / 10)
	defer beat.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				say(step{Fault: s.faultOf(r, err)})
			} else {
				say(step{Done: true})
			}
			return
		case <-beat.C:
			mu.Lock()
			d := newest
			mu.Unlock()
			if !say(step{Received: d.Received, Total: d.Total}) {
				<-done // the request's context ends with its reader
				return
			}
		}
	}
}
