package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/browsers"
	"turtus/services/wire"
)

// These tests have an engine that fails at will; engine_test.go has the real one.

func TestAnEngineThatIsAwayIsSaidAndTriedAgain(t *testing.T) {
	f := newFakeEngine(t)
	f.end()
	l := f.launcher(nil)
	ok, why := l.Available()
	require.False(t, ok)
	require.Contains(t, why, "Docker is not there")
	require.Contains(t, why, "systemctl start docker")
	_, err := l.List(t.Context())
	require.Error(t, err, "nobody knows what lives")
	_, err = l.Start(t.Context(), aSpec())
	require.Equal(t, wire.ErrorCodeBrowserNotAvailable, wire.CodeOf(err))
	f.begin()
	awaitAvailable(t, l, "")
	start(t, l)
}

func TestWhatEndedWhileTheEngineWasAwayIsNoticed(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(nil)
	dies, _ := start(t, l)
	vanishes, _ := start(t, l)
	lives, handle := start(t, l)
	f.end()
	awaitAvailable(t, l, "Docker")
	require.Error(t, l.Stop(t.Context(), handle, 0), "it says that it could not")
	f.exit(f.of(dies.Run), 1, "no display\n")
	gone := f.of(vanishes.Run)
	f.with(func() { delete(f.containers, gone.id) })
	f.begin()
	awaitAvailable(t, l, "")
	details := map[uuid.UUID]string{}
	for range 2 {
		e := nextEvent(t, l)
		details[e.Run] = e.Detail
	}
	require.Equal(t, map[uuid.UUID]string{dies.Run: "no display", vanishes.Run: "its container was removed."}, details)
	require.Equal(t, []uuid.UUID{lives.Run}, list(t, l))
	require.NoError(t, l.Stop(t.Context(), handle, time.Second))
	require.Equal(t, lives.Run, nextEvent(t, l).Run)
	require.Zero(t, f.count())
}

func TestAnEngineThatHangsIsOfNoUse(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(func(o *Options) { o.Patience, o.Check = 20*time.Millisecond, time.Millisecond })
	hangs := make(chan struct{})
	f.with(func() { f.hangs = hangs })
	awaitAvailable(t, l, "does not answer")
	f.with(func() { f.hangs = nil })
	close(hangs)
	awaitAvailable(t, l, "")
}

func TestAStartThatHangsEndsWithItsContext(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(nil)
	hangs := make(chan struct{})
	for _, route := range []string{"POST create", "POST attach", "POST start", "GET json"} {
		reached := make(chan struct{}, 10)
		f.failing(route, func() error {
			reached <- struct{}{}
			<-hangs
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, err := l.Start(ctx, aSpec())
			failed <- err
		}()
		<-reached
		cancel()
		require.Error(t, <-failed, route)
		f.failing(route, nil)
	}
	close(hangs)
}

func TestAStartThatFailsLeavesNothing(t *testing.T) {
	for _, c := range []struct{ route, words, people string }{
		{"POST create", "no space left on device", ""},
		{"POST attach", "unable to upgrade", ""},
		{"POST start", "cannot start", ""},
		{"GET json", "cannot look", ""},
		{"POST create", "No such image: turtus-browser", ""},
		{"POST create", "invalid mount config for type \"bind\": bind source path does not exist: /data/agents", "TURTUS_AGENT_VOLUME"},
	} {
		t.Run(c.route+" "+c.words, func(t *testing.T) {
			f := newFakeEngine(t)
			l := f.launcher(nil)
			f.failing(c.route, always(c.words))
			_, err := l.Start(t.Context(), aSpec())
			require.ErrorContains(t, err, c.words)
			if c.people != "" {
				coded, ok := errors.AsType[*wire.Error](err)
				require.True(t, ok)
				require.Contains(t, coded.Detail, c.people)
			}
			require.Zero(t, f.count())
			f.failing(c.route, nil)
			require.Empty(t, list(t, l))
			start(t, l)
		})
	}
}

func TestWhatAStartLeftOnAnEngineThatWentAwayIsRemovedWhenItIsBack(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(nil)
	f.failing("POST start", func() error {
		f.end()
		return errors.New("nobody hears it")
	})
	_, err := l.Start(t.Context(), aSpec())
	require.Equal(t, wire.ErrorCodeBrowserNotAvailable, wire.CodeOf(err), "%v", err)
	require.Equal(t, 1, f.count())
	f.failing("POST start", nil)
	f.begin()
	require.Eventually(t, func() bool { return f.count() == 0 }, patience, time.Millisecond)
}

func TestOneThatEndsBeforeItIsKnownIsToldOf(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(nil)
	f.failing("GET json", func() error { // of the very look that makes it known
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, c := range f.containers {
			if c.state == "running" {
				f.exitLocked(c, 3, "level=ERROR msg=\"no hub\"\n")
			}
		}
		return nil
	})
	spec, handle := start(t, l)
	require.Equal(t, browsers.Event{Handle: handle, Run: spec.Run, Detail: "no hub"}, nextEvent(t, l))
	require.Zero(t, f.count())
}

func TestAnEndIsNoticedWhileOneLooksWhetherItLives(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(func(o *Options) { o.Check = time.Hour })
	looks, answer := make(chan struct{}, 10), make(chan error)
	f.failing("GET json", func() error {
		looks <- struct{}{}
		return <-answer
	})
	spec, started := aSpec(), make(chan error)
	go func() {
		_, err := l.Start(t.Context(), spec)
		started <- err
	}()
	<-looks
	answer <- nil
	require.NoError(t, <-started)
	<-looks // the launcher looks once more when it knows it
	f.exit(f.of(spec.Run), 1, "no display\n")
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.containers[spec.Run].again
	}, patience, time.Millisecond)
	f.failing("GET json", nil)
	answer <- errors.New("nothing is known")
	require.Equal(t, "no display", nextEvent(t, l).Detail)
}

func TestAnEndIsToldOnceThoughItsRemainsStay(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(func(o *Options) { o.Check = time.Millisecond })
	spec, _ := start(t, l)
	tries := make(chan struct{}, 1000)
	f.failing("DELETE container", func() error {
		tries <- struct{}{}
		return errors.New("device or resource busy")
	})
	f.exit(f.of(spec.Run), 1, "")
	for range 3 {
		<-tries
	}
	require.Empty(t, l.Events(), "something is left of it")
	f.failing("DELETE container", nil)
	require.Equal(t, "its agent ended with exit status 1", nextEvent(t, l).Detail)
	require.Zero(t, f.count())
	_, err := l.Inspect(t.Context(), handleOf(spec.Run))
	require.ErrorIs(t, err, browsers.ErrNotRunning)
	require.Empty(t, l.Events())
}

func TestAMissingImageIsSaidWithItsMend(t *testing.T) {
	f := newFakeEngine(t)
	delete(f.images, "turtus-browser")
	l := f.launcher(nil)
	ok, why := l.Available()
	require.False(t, ok)
	require.Equal(t, "The browsers' image turtus-browser is not on this server: build it (docker build), or set TURTUS_BROWSER_IMAGE to one of a registry.", why)
	require.Equal(t, wire.ErrorCodeBrowserNotAvailable, wire.CodeOf(l.Prepare(t.Context(), nil)))
	require.Zero(t, f.asked["POST image"], "a name alone is nobody's in a registry")
	f.with(func() { f.images["turtus-browser"] = true })
	awaitAvailable(t, l, "")
	require.NoError(t, l.Prepare(t.Context(), nil))
}

const inRegistry = "registry.example/turtus-browser:1"

func TestOneDownloadServesAllWhoWait(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(func(o *Options) { o.Image = inRegistry })
	awaitAvailable(t, l, "")
	seen := make(chan browsers.Download, 1000)
	first := prepare(l, func(d browsers.Download) { seen <- d })
	await := func(want browsers.Download) {
		t.Helper()
		for d := range seen {
			if d == want {
				return
			}
		}
	}
	await(browsers.Download{})
	for _, line := range []string{
		`{"status":"Pulling from turtus-browser","id":"1"}`, `{"status":"Pulling fs layer","progressDetail":{},"id":"a"}`,
		`{"status":"Pulling fs layer","progressDetail":{},"id":"b"}`, `{"status":"Already exists","progressDetail":{},"id":"c"}`,
		`{"status":"Downloading","progressDetail":{"current":10,"total":100},"id":"a"}`,
	} {
		f.pulled <- line
	}
	await(browsers.Download{Received: 10}) // of how much, nobody knows yet
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() { gaveUp <- l.Prepare(ctx, func(browsers.Download) { cancel() }) }()
	require.ErrorIs(t, <-gaveUp, context.Canceled)
	f.pulled <- `{"status":"Downloading","progressDetail":{"current":30,"total":50},"id":"b"}`
	await(browsers.Download{Received: 40, Total: 150})
	f.pulled <- `{"status":"Pull complete","progressDetail":{},"id":"a"}`
	await(browsers.Download{Received: 130, Total: 150})
	second := prepare(l, func(browsers.Download) {})
	close(f.pulled)
	require.NoError(t, <-first)
	require.NoError(t, <-second)
	require.Equal(t, 1, f.asked["POST image"])
	start(t, l)
}

func TestADownloadThatFailsSaysWhyAndIsTriedAnew(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(func(o *Options) { o.Image = inRegistry })
	done := prepare(l, func(browsers.Download) {})
	f.pulled <- `{"error":"unauthorized: authentication required"}`
	err := <-done
	require.Equal(t, wire.ErrorCodeBrowserNotAvailable, wire.CodeOf(err))
	require.ErrorContains(t, err, "unauthorized")
	require.ErrorContains(t, err, "docker pull "+inRegistry)

	f.failing("POST image", always("no such host"))
	require.ErrorContains(t, <-prepare(l, func(browsers.Download) {}), "no such host")
	f.failing("POST image", nil)
	done = prepare(l, func(browsers.Download) {})
	close(f.pulled)
	require.NoError(t, <-done)
}

func TestADownloadThatStandsStillIsGivenUp(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(func(o *Options) { o.Image, o.PullPatience = inRegistry, 20*time.Millisecond })
	require.ErrorContains(t, <-prepare(l, func(browsers.Download) {}), "nothing came for too long")
}

func TestANetworkThatJoinsBrowsersIsRefused(t *testing.T) {
	f := newFakeEngine(t)
	f.networks["turtus-browsers"] = network.Inspect{Name: "turtus-browsers", Driver: "bridge"}
	l := f.launcher(func(o *Options) { o.Check = time.Millisecond })
	awaitAvailable(t, l, "docker network rm turtus-browsers")
	require.Empty(t, list(t, l), "what lives is known all the same")
	f.with(func() { delete(f.networks, "turtus-browsers") })
	awaitAvailable(t, l, "")
	require.Equal(t, "false", f.networks["turtus-browsers"].Options[icc])
	require.False(t, f.networks["turtus-browsers"].EnableIPv6, "whatever the engine gives others")
}

func TestAnEngineThatIsTooOldIsSaid(t *testing.T) {
	f := newFakeEngine(t)
	f.api = "1.40"
	l := f.launcher(nil)
	_, why := l.Available()
	require.Contains(t, why, "20.10")
	ok, why := Answers(t.Context(), "unix://"+f.socket, "turtus-browser", "")
	require.False(t, ok, why)
}

func TestAnEngineAnswersWithAnImageThatItHasOrMayGet(t *testing.T) {
	f := newFakeEngine(t)
	for name, want := range map[string]bool{"turtus-browser": true, inRegistry: true, "another": false} {
		ok, why := Answers(t.Context(), "unix://"+f.socket, name, "docker build")
		require.Equal(t, want, ok, why)
	}
	f.end()
	ok, why := Answers(t.Context(), "unix://"+f.socket, "turtus-browser", "")
	require.False(t, ok)
	require.Contains(t, why, "Docker is not there")
}

func TestTakenPortsAreGoneThroughAndGivenBack(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(func(o *Options) { o.MinPort, o.MaxPort = 52000, 52002 })
	tries := 0
	f.failing("POST start", func() error {
		if tries++; tries < 3 {
			return errors.New("driver failed programming external connectivity on endpoint x: Bind for 0.0.0.0:52000 failed: port is already allocated")
		}
		return nil
	})
	spec, handle := start(t, l)
	require.Equal(t, 1, f.count())
	require.Len(t, l.ports, 1)
	c := f.of(spec.Run)
	require.Eventually(t, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return c.token == "the-token\n" // what it reads comes by another way than the answers
	}, patience, time.Millisecond)
	f.failing("POST start", nil)
	start(t, l)
	start(t, l)
	_, err := l.Start(t.Context(), aSpec())
	require.ErrorContains(t, err, "TURTUS_MEDIA_PORTS=52000-52002")
	require.NoError(t, l.Stop(t.Context(), handle, time.Second))
	start(t, l)
}

func TestWhatAContainerGets(t *testing.T) {
	f := newFakeEngine(t)
	profile, err := json.Marshal(map[string]string{"defaultAction": "SCMP_ACT_ERRNO"})
	require.NoError(t, err)
	l := f.launcher(func(o *Options) {
		o.Seccomp, o.Hub, o.HubSocket = profile, "turtus-agents", "other.sock"
		o.Limits.CPUs = 64
		o.Environ = []string{"TURTUS_VB_BITRATE=1", "TURTUS_VB_FIREFOX=/here", "TURTUS_DATABASE_URL=secret"}
	})
	spec, _ := start(t, l)
	c := f.of(spec.Run)
	require.Equal(t, []string{"no-new-privileges", "seccomp=" + string(profile)}, c.HostConfig.SecurityOpt)
	require.Equal(t, []mount.Mount{{Type: mount.TypeVolume, Source: "turtus-agents", Target: "/run/turtus", ReadOnly: true, VolumeOptions: &mount.VolumeOptions{NoCopy: true}}}, c.HostConfig.Mounts)
	require.Equal(t, int64(4e9), c.HostConfig.NanoCPUs, "no more than there are")
	require.Equal(t, int64(defaultMemory), c.HostConfig.Memory)
	require.Equal(t, "127.0.0.1", c.HostConfig.PortBindings[natPort(l.containers[spec.Run].port, "udp")][0].HostIP, "nobody is told another address")
	env := strings.Join(c.Env, "\n")
	require.Contains(t, env, "TURTUS_VB_BITRATE=1")
	require.Contains(t, env, "TURTUS_VB_SIGNAL_SERVER=unix:///run/turtus/other.sock")
	require.NotContains(t, env, "/here")
	require.NotContains(t, env, "secret")
	require.NotContains(t, env, "the-token")
	require.Equal(t, fmt.Sprint("turtus-", spec.Run), c.name)
}

func TestNoBrowserReachesTheMachineByItsOwnAddresses(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(func(o *Options) { o.Environ = []string{"TURTUS_VB_REFUSE=198.51.100.0/24 192.0.2.1"} })
	spec := aSpec()
	spec.Own = []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2a01:4f8::1")}
	_, err := l.Start(t.Context(), spec)
	require.NoError(t, err)
	require.Contains(t, f.of(spec.Run).Env, "TURTUS_VB_REFUSE=198.51.100.0/24 192.0.2.1,203.0.113.7,2a01:4f8::1")
	other, _ := start(t, l)
	require.Contains(t, f.of(other.Run).Env, "TURTUS_VB_REFUSE=198.51.100.0/24 192.0.2.1")
	l.o.Environ = []string{}
	spec.Run = uuid.New()
	_, err = l.Start(t.Context(), spec)
	require.NoError(t, err)
	require.Contains(t, f.of(spec.Run).Env, "TURTUS_VB_REFUSE=203.0.113.7,2a01:4f8::1")
}

func TestTheDoctorHearsWhatBrowsersAreStartedBy(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(nil)
	want := browsers.Facts{
		Launcher: "docker", Isolated: true, Version: "20.10.24", Folder: "/var/lib/docker", Image: "turtus-browser", ImageThere: true, ImageVersion: "1.2.3",
	}
	facts, err := l.Facts(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, facts)
	f.with(func() { delete(f.images, "turtus-browser") })
	facts, err = l.Facts(t.Context())
	require.NoError(t, err)
	want.ImageThere, want.ImageVersion = false, ""
	require.Equal(t, want, facts)
	f.end()
	_, err = l.Facts(t.Context())
	require.ErrorContains(t, err, "Docker is not there")
}
