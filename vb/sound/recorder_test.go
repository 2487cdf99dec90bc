package sound_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"turtus/vb/sound"
	"turtus/vb/sound/soundtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const block = 2 * 480 // 10 ms of both channels

func open(t *testing.T, server string) *sound.Recorder {
	t.Helper()
	r, err := sound.Open(t.Context(), sound.Config{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// readUntil reads blocks until one fits, and fails where none of a hundred seconds does.
func readUntil(t *testing.T, r *sound.Recorder, what string, fits func(buf []int16) bool) []int16 {
	t.Helper()
	buf := make([]int16, block)
	for range 10_000 {
		if _, err := r.Read(t.Context(), buf); err != nil {
			t.Fatal(err)
		}
		if fits(buf) {
			return buf
		}
	}
	t.Fatalf("never heard %s", what)
	return nil
}

// latency is what Firefox asks for when a page makes sound itself.
const latency = 25 * time.Millisecond

func TestSilenceIsRecordedAsSilence(t *testing.T) {
	t.Parallel()
	server := soundtest.StartPulse(t)
	soundtest.NewPlayer(t, server, latency)
	r := open(t, server)
	buf := make([]int16, block)
	for range 20 {
		buf[3] = 1 // must be overwritten
		if _, err := r.Read(t.Context(), buf); err != nil {
			t.Fatal(err)
		}
		if !sound.Silent(buf) {
			t.Fatal("silence isn't silent")
		}
	}
}

func TestAToneIsRecordedAsItIsPlayed(t *testing.T) {
	t.Parallel()
	const hertz, amplitude = 1000, 0.5
	server := soundtest.StartPulse(t)
	r := open(t, server)
	stop := soundtest.PlayTone(t, server, hertz, amplitude)
	readUntil(t, r, "the tone", func(buf []int16) bool { return !sound.Silent(buf) })
	buf := make([]int16, 20*block)
	// The first block may hold the tone's beginning; the sink may take in the
	// next with a gap. A steady fifth of a second comes soon.
	steady := func() bool {
		if _, err := r.Read(t.Context(), buf); err != nil {
			t.Fatal(err)
		}
		return math.Abs(amplitudeAt(buf, hertz)-amplitude) < 0.01
	}
	for n := 0; !steady(); n++ {
		if n == 100 {
			t.Fatalf("1 kHz has amplitude %.3f, played with %.1f", amplitudeAt(buf, hertz), amplitude)
		}
	}
	if other := amplitudeAt(buf, 3000); other > 0.01 {
		t.Errorf("3 kHz, which nobody played, has amplitude %.3f", other)
	}
	stop()
	readUntil(t, r, "silence after the tone", sound.Silent)
}

// amplitudeAt correlates the left channel with a frequency.
func amplitudeAt(buf []int16, hertz float64) float64 {
	var re, im float64
	n := len(buf) / 2
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * hertz * float64(i) / sound.SampleRate)
		v := float64(buf[2*i]) / math.MaxInt16
		re, im = re+v*cos, im+v*sin
	}
	return 2 * math.Hypot(re, im) / float64(n)
}

func TestCaptureTimesFollowTheSamples(t *testing.T) {
	t.Parallel()
	server := soundtest.StartPulse(t)
	soundtest.NewPlayer(t, server, latency)
	r := open(t, server)
	buf := make([]int16, block)
	before, err := r.Read(t.Context(), buf)
	if err != nil {
		t.Fatal(err)
	}
	first := before
	for range 100 {
		at, err := r.Read(t.Context(), buf)
		if err != nil {
			t.Fatal(err)
		}
		if !at.After(before) {
			t.Fatalf("a block is stamped %v before its forerunner's", before.Sub(at))
		}
		before = at
	}
	// A machine held up may make the server drop sound, never the stamps run ahead.
	if span := before.Sub(first); span < 900*time.Millisecond {
		t.Errorf("a second of sound is stamped as %v", span)
	}
	if ahead := time.Until(before); ahead > 100*time.Millisecond {
		t.Errorf("the last block is stamped %v in the future", ahead)
	}
}

// untilClick reads blocks until the whole of a click has come, and tells when its first sample was heard and how many
// frames there were of it.
func untilClick(t *testing.T, r *sound.Recorder) (heard time.Time, frames int) {
	t.Helper()
	buf := make([]int16, block)
	for range 10_000 {
		at, err := r.Read(t.Context(), buf)
		if err != nil {
			t.Fatal(err)
		}
		before := frames
		for i := 0; i < len(buf); i += 2 {
			if buf[i] == 0 {
				continue
			}
			if frames == 0 {
				heard = at.Add(time.Duration(i/2) * time.Second / sound.SampleRate)
			}
			frames++
		}
		if frames > 0 && frames == before {
			return heard, frames
		}
	}
	t.Fatal("never heard the click")
	return heard, frames
}

func TestASoundIsStampedWithTheTimeItIsHeard(t *testing.T) {
	t.Parallel()
	server := soundtest.StartPulse(t)
	r, p := open(t, server), soundtest.NewPlayer(t, server, latency)
	var off []time.Duration
	for range 15 {
		clicked := make(chan time.Time, 1)
		go func() { clicked <- p.Click() }()
		at, _ := untilClick(t, r)
		off = append(off, at.Sub(<-clicked))
	}
	slices.Sort(off)
	t.Logf("stamped %v to %v after it is heard, half of all less than %v", off[0], off[14], off[7])
	if off[7].Abs() > 20*time.Millisecond {
		t.Errorf("a click is stamped %v after it is heard", off[7])
	}
}

func TestAServerAtRestSendsNothingAndLosesNothing(t *testing.T) {
	t.Parallel()
	server := soundtest.StartPulse(t)
	r, p := open(t, server), soundtest.NewPlayer(t, server, latency)
	clicked := make(chan time.Time, 1)
	click := func() { clicked <- p.Click() }
	go click()
	_, whole := untilClick(t, r)
	<-clicked
	for range 2 {
		p.Pause(true)
		rests := func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			_, err := r.Read(ctx, make([]int16, block))
			return errors.Is(err, context.DeadlineExceeded)
		}
		for n := 0; !rests(); n++ {
			if n == 10_000 {
				t.Fatal("silence is sent for ever")
			}
		}
		p.Pause(false)
		go click()
		at, frames := untilClick(t, r)
		if frames != whole {
			t.Errorf("of a click of %d frames %d came", whole, frames)
		}
		if off := at.Sub(<-clicked); off.Abs() > 50*time.Millisecond {
			t.Errorf("the first click after a rest is stamped %v after it is heard", off)
		}
	}
}

func TestReadEndsWhenTheServerDies(t *testing.T) {
	t.Parallel()
	server := soundtest.Start(t)
	r := open(t, server.Address)
	server.Kill()
	buf := make([]int16, block)
	for range 1000 { // what was on its way may still come
		if _, err := r.Read(t.Context(), buf); err != nil {
			if !errors.Is(err, sound.ErrServer) {
				t.Fatalf("Read says %v, not ErrServer", err)
			}
			return
		}
	}
	t.Fatal("Read goes on without a server")
}

func TestCloseEndsAReadUnderWay(t *testing.T) {
	t.Parallel()
	r := open(t, soundtest.StartPulse(t))
	started, ended := make(chan struct{}), make(chan error)
	go func() {
		buf := make([]int16, block)
		r.Read(context.Background(), buf)
		close(started)
		for {
			if _, err := r.Read(context.Background(), buf); err != nil {
				ended <- err
				return
			}
		}
	}()
	<-started
	r.Close()
	if err := <-ended; !errors.Is(err, sound.ErrClosed) {
		t.Fatalf("Read says %v, not ErrClosed", err)
	}
	r.Close()
	if _, err := r.Read(t.Context(), make([]int16, block)); !errors.Is(err, sound.ErrClosed) {
		t.Fatalf("Read after Close says %v, not ErrClosed", err)
	}
}

func TestCancellingEndsARead(t *testing.T) {
	t.Parallel()
	server := soundtest.StartPulse(t)
	soundtest.NewPlayer(t, server, latency)
	r := open(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := r.Read(ctx, make([]int16, 1000*block)) // ten seconds of sound
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("Read says %v, not Canceled", err)
	}
	if _, err := r.Read(t.Context(), make([]int16, block)); err != nil {
		t.Fatalf("the recorder is spoilt for the next Read: %v", err)
	}
}

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	server := soundtest.StartPulse(t)
	for name, test := range map[string]struct {
		cfg  sound.Config
		want error
	}{
		"no server given":     {sound.Config{}, sound.ErrInvalid},
		"nobody listens":      {sound.Config{Server: "unix:" + filepath.Join(t.TempDir(), "none")}, sound.ErrServer},
		"no such source":      {sound.Config{Server: server, Source: "elsewhere"}, sound.ErrServer},
		"blocks of no length": {sound.Config{Server: server, FrameDuration: -1}, sound.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := sound.Open(t.Context(), test.cfg)
			if !errors.Is(err, test.want) {
				t.Errorf("Open says %v, not %v", err, test.want)
			}
			if err == nil {
				r.Close()
			}
		})
	}
	r := open(t, server)
	if _, err := r.Read(t.Context(), make([]int16, 3)); !errors.Is(err, sound.ErrInvalid) {
		t.Errorf("reading one and a half frames says %v, not ErrInvalid", err)
	}
}

func TestReadyGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := sound.Ready(ctx, "unix:"+filepath.Join(t.TempDir(), "none"))
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Ready says %v, not Canceled", err)
	}
}
