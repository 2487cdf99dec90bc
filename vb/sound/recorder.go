package sound

// #cgo pkg-config: libpulse
// #cgo CFLAGS: -O2 -Wall
// #include <stdlib.h>
// #include "pulse.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// The format of every recording: interleaved signed 16-bit.
const (
	SampleRate = 48000
	Channels   = 2

	sampleBytes = 2
)

// Config says what to record.
type Config struct {
	// Server is the address of the sound server, as PULSE_SERVER would hold
	// ("unix:/run/turtus/pulse"). It is required: never the host's own by accident.
	Server string
	// Source names the source to record; default "@DEFAULT_MONITOR@", what the
	// default sink plays.
	Source string
	// FrameDuration is the block that the server is asked to deliver; default
	// 10 ms, from 1 ms to 1 s. Read with a buffer of that length.
	FrameDuration time.Duration
}

// Recorder is an open recording. Read is for one goroutine at a time; Close for any.
type Recorder struct {
	closed atomic.Bool
	// reading is held for the whole of a Read, so that Close frees nothing under it.
	reading sync.Mutex
	// owning guards pulse, and is held for moments alone.
	owning sync.Mutex
	pulse  *C.turtus_pulse

	clock clock
	age   C.int64_t
}

// Open connects and starts recording; ctx bounds the connecting alone.
func Open(ctx context.Context, cfg Config) (*Recorder, error) {
	if cfg.Source == "" {
		cfg.Source = "@DEFAULT_MONITOR@"
	}
	if cfg.FrameDuration == 0 {
		cfg.FrameDuration = 10 * time.Millisecond
	}
	if cfg.FrameDuration < time.Millisecond || cfg.FrameDuration > time.Second {
		return nil, fmt.Errorf("%w: blocks of %v", ErrInvalid, cfg.FrameDuration)
	}
	r, err := connect(ctx, cfg.Server)
	if err != nil {
		return nil, err
	}
	if err := r.record(ctx, cfg); err != nil {
		r.Close()
		return nil, fmt.Errorf("sound: record %s: %w", cfg.Source, err)
	}
	return r, nil
}

func connect(ctx context.Context, server string) (*Recorder, error) {
	if server == "" {
		return nil, fmt.Errorf("%w: no server address", ErrInvalid)
	}
	address := C.CString(server)
	defer C.free(unsafe.Pointer(address))
	r := &Recorder{pulse: C.turtus_pulse_new(address)}
	if r.pulse == nil {
		return nil, errors.New("sound: no memory or thread for a connection")
	}
	if _, err := r.during(ctx, func() C.int { return C.turtus_pulse_connected(r.pulse) }); err != nil {
		r.Close()
		return nil, fmt.Errorf("sound: connect to %s: %w", server, err)
	}
	return r, nil
}

func (r *Recorder) record(ctx context.Context, cfg Config) error {
	source := C.CString(cfg.Source)
	defer C.free(unsafe.Pointer(source))
	fragment := C.uint32_t(int(cfg.FrameDuration.Seconds()*SampleRate) * Channels * sampleBytes)
	if rc := C.turtus_pulse_record(r.pulse, source, SampleRate, Channels, fragment); rc < 0 {
		return pulseError(rc)
	}
	_, err := r.during(ctx, func() C.int { return C.turtus_pulse_recording(r.pulse) })
	return err
}

// Read fills the whole of buf, waiting for the server, and returns when its first
// sample was captured, on time.Now's monotonic clock. The times of successive
// blocks follow the samples' own pace, so they neither jitter nor drift. While the
// server rests because nobody plays it may wait for hours.
//
// It returns ctx's error (having lost what it had read so far), ErrClosed,
// or ErrServer with what went wrong, after which the Recorder is of no
// use but for Close.
func (r *Recorder) Read(ctx context.Context, buf []int16) (time.Time, error) {
	if len(buf) == 0 || len(buf)%Channels != 0 {
		return time.Time{}, fmt.Errorf("%w: buffer of %d samples", ErrInvalid, len(buf))
	}
	r.reading.Lock()
	defer r.reading.Unlock()
	defer context.AfterFunc(ctx, r.interrupt)()
	var captured time.Time
	for done := 0; done < len(buf); {
		rest := buf[done:]
		n, err := r.wait(ctx, func() C.int {
			return C.turtus_pulse_read(r.pulse, unsafe.Pointer(&rest[0]), C.size_t(len(rest)*sampleBytes), &r.age)
		})
		if err != nil {
			return time.Time{}, err
		}
		if done == 0 {
			captured = time.Now().Add(-time.Duration(r.age) * time.Microsecond)
		}
		done += n / sampleBytes
	}
	return r.clock.stamp(captured, len(buf)/Channels), nil
}

// during is wait for a call of its own.
func (r *Recorder) during(ctx context.Context, call func() C.int) (int, error) {
	defer context.AfterFunc(ctx, r.interrupt)()
	return r.wait(ctx, call)
}

// wait calls into libpulse until it answers with something else than an
// interruption, which comes from ctx or from Close. The caller lets ctx interrupt.
func (r *Recorder) wait(ctx context.Context, call func() C.int) (int, error) {
	for {
		if r.closed.Load() {
			return 0, ErrClosed
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		rc := call()
		switch {
		case rc >= 0:
			return int(rc), nil
		case rc != C.TURTUS_PULSE_INTERRUPTED:
			return 0, pulseError(rc)
		}
	}
}

func (r *Recorder) interrupt() {
	r.owning.Lock()
	defer r.owning.Unlock()
	if r.pulse != nil {
		C.turtus_pulse_interrupt(r.pulse)
	}
}

// Close ends the recording. A Read under way returns ErrClosed.
func (r *Recorder) Close() {
	r.closed.Store(true)
	r.interrupt()
	r.reading.Lock()
	defer r.reading.Unlock()
	r.owning.Lock()
	defer r.owning.Unlock()
	if r.pulse != nil {
		C.turtus_pulse_free(r.pulse)
		r.pulse = nil
	}
}

// Ready waits until the server at the given address lets clients in, or ctx
// ends, and then says what hindered it last.
func Ready(ctx context.Context, server string) error {
	const pause = 20 * time.Millisecond // libpulse can't tell when a socket appears
	for {
		r, err := connect(ctx, server)
		if err == nil {
			r.Close()
			return nil
		}
		if errors.Is(err, ErrInvalid) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// Silent tells whether every sample of buf is zero, as a null sink's monitor
// gives while nobody plays.
func Silent(buf []int16) bool {
	for _, s := range buf {
		if s != 0 {
			return false
		}
	}
	return true
}

func pulseError(rc C.int) error {
	return fmt.Errorf("%w: %s", ErrServer, C.GoString(C.pa_strerror(-rc)))
}
