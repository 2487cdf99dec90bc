package browser

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"turtus/vb/supervise"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds the waits of the tests; only a failing test ever takes that long.
const patience = 2 * time.Minute

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// running is a browser that a test has started.
type running struct {
	*supervise.Supervisor
	*Environment
	result chan error
}

// start starts a browser and waits until it is ready; it is ended with the test.
func start(t testing.TB, cfg Config, only ...string) *running {
	t.Helper()
	if cfg.Home == "" {
		cfg.Home = t.TempDir()
	}
	processes, environment, err := Processes(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if len(only) > 0 {
		processes = slices.DeleteFunc(processes, func(p supervise.Process) bool { return !slices.Contains(only, p.Name) })
	}
	level := slog.LevelWarn
	if testing.Verbose() {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: level}))
	s, err := supervise.New(processes, supervise.Options{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	b := &running{s, environment, make(chan error, 1)}
	go func() { b.result <- s.Run(context.Background()) }()
	t.Cleanup(func() { b.end(t) })
	b.waitReady(t)
	return b
}

func (b *running) waitReady(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := b.WaitReady(ctx); err != nil {
		t.Fatalf("%v; %+v", err, b.Status())
	}
}

// end ends the browser and checks that nothing of it is left.
func (b *running) end(t testing.TB) {
	t.Helper()
	b.Supervisor.Close()
	if err := <-b.result; err != nil {
		t.Error(err)
	}
	b.result <- nil
	if err := b.Environment.Close(); err != nil {
		t.Error(err)
	}
	if left := withHome(b.home); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// withHome lists the processes that have a folder for HOME.
func withHome(home string) (list []string) {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environs {
		environ, _ := os.ReadFile(path)
		if strings.Contains("\x00"+string(environ), "\x00HOME="+home+"\x00") {
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "comm"))
			list = append(list, filepath.Base(filepath.Dir(path))+" "+strings.TrimSpace(string(name)))
		}
	}
	return list
}

func (b *running) status(name string) supervise.Status {
	list := b.Status()
	return list[slices.IndexFunc(list, func(s supervise.Status) bool { return s.Process == name })]
}

func (b *running) kill(t *testing.T, name string) {
	t.Helper()
	process, err := os.FindProcess(b.status(name).PID)
	if err == nil {
		err = process.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// windows returns the titles of the windows on the screen, and the place and size of the last.
func (b *running) windows(t *testing.T) (titles []string, place [4]int) {
	t.Helper()
	number, err := strconv.Atoi(strings.TrimPrefix(b.Display(), ":"))
	if err != nil {
		t.Fatal(err)
	}
	x, err := dialX(t.Context(), number, b.display.cookie)
	if err != nil {
		return nil, place // Xvfb is on its way
	}
	defer x.close()
	title, err := x.atom("_NET_WM_NAME")
	if err != nil {
		return nil, place
	}
	windows, _ := x.rootWindows("_NET_CLIENT_LIST")
	for _, w := range windows {
		text, _ := x.property(w, title)
		titles = append(titles, string(text))
		const opGetGeometry, opTranslateCoordinates = 14, 40
		if reply, err := x.ask(opGetGeometry, 0, byteOrder.AppendUint32(nil, w)); err == nil {
			place[2], place[3] = int(byteOrder.Uint16(reply[16:])), int(byteOrder.Uint16(reply[18:]))
		}
		body := byteOrder.AppendUint32(byteOrder.AppendUint32(nil, w), x.root)
		if reply, err := x.ask(opTranslateCoordinates, 0, append(body, 0, 0, 0, 0)); err == nil {
			place[0], place[1] = int(int16(byteOrder.Uint16(reply[12:]))), int(int16(byteOrder.Uint16(reply[14:])))
		}
	}
	return titles, place
}

func (b *running) waitTitle(t *testing.T, title string) {
	t.Helper()
	var titles []string
	defer func() {
		if t.Failed() {
			t.Logf("titles are %q", titles)
		}
	}()
	eventually(t, "one window with the title "+title, func() bool {
		titles, _ = b.windows(t)
		return len(titles) == 1 && strings.HasPrefix(titles[0], title)
	})
}

// sinkInputs counts the programs that play sound.
func (b *running) sinkInputs(t *testing.T) int {
	t.Helper()
	pactl := exec.Command("pactl", "--format=json", "list", "sink-inputs")
	pactl.Env = append(os.Environ(), b.Environ()...)
	out, err := pactl.Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal(&MissingProgramError{Program: "pactl", Package: "pulseaudio-utils"})
	}
	var inputs []any
	if err != nil || json.Unmarshal(out, &inputs) != nil {
		return 0
	}
	return len(inputs)
}

// site serves a page that plays a tone, starts a download and counts its visits.
func site(t *testing.T) (url string, visits *atomic.Int32) {
	t.Helper()
	visits = new(atomic.Int32)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		visits.Add(1)
		fmt.Fprint(w, `<!doctype html><meta charset=utf-8><title>Film night</title><audio src=tone.wav autoplay loop></audio>
<script>const a = document.createElement("a"); a.href = "film.txt"; a.download = ""; document.body.append(a); a.click()</script>`)
	})
	mux.HandleFunc("GET /tone.wav", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "audio/wav")
		_, _ = w.Write(tone())
	})
	mux.HandleFunc("GET /film.txt", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", "attachment")
		fmt.Fprint(w, "a film")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/", visits
}

// tone is a WAVE file with a second of a square wave.
func tone() []byte {
	const rate = 48000
	samples := make([]int16, rate)
	for i := range samples {
		samples[i] = int16(8000 * (1 - 2*(i/60%2)))
	}
	wave := binary.LittleEndian.AppendUint32([]byte("RIFF"), 36+2*rate)
	wave = append(wave, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	wave = binary.LittleEndian.AppendUint32(wave, rate)
	wave = binary.LittleEndian.AppendUint32(wave, 2*rate)
	wave = append(wave, "\x02\x00\x10\x00data"...)
	wave = binary.LittleEndian.AppendUint32(wave, 2*rate)
	wave, _ = binary.Append(wave, binary.LittleEndian, samples)
	return wave
}

func TestBrowserFillsItsScreenWithThePageAndComesBackFromEveryCrash(t *testing.T) {
	t.Parallel()
	url, visits := site(t)
	b := start(t, Config{StartURL: url, Width: 1024, Height: 600})
	b.waitTitle(t, "Film night")
	eventually(t, "the window fills the screen", func() bool {
		_, place := b.windows(t)
		return place == [4]int{0, 0, 1024, 600}
	})
	eventually(t, "the page is heard without a click", func() bool { return b.sinkInputs(t) == 1 })
	eventually(t, "the download is there without a question", func() bool {
		content, _ := os.ReadFile(filepath.Join(b.Downloads, "film.txt"))
		return string(content) == "a film"
	})
	eventually(t, "uBlock Origin is active", func() bool { return uBlockActive(b.home) })

	// A stranger on the machine may not look at the screen.
	number, _ := strconv.Atoi(b.Display()[1:])
	if x, err := dialX(t.Context(), number, newCookie()); err == nil {
		x.close()
		t.Error("the display admits who has no cookie")
	}
	again := func(name string) {
		t.Helper()
		seen, restarts := visits.Load(), b.status(name).Restarts
		b.kill(t, name)
		eventually(t, name+" is started again", func() bool { return b.status(name).Restarts > restarts })
		b.waitReady(t)
		eventually(t, "the page is loaded again", func() bool { return visits.Load() > seen })
		b.waitTitle(t, "Film night")
	}
	again(Firefox)
	again(Xvfb)
	again(DBus)
	again(PulseAudio)
	eventually(t, "the page is heard again", func() bool { return b.sinkInputs(t) == 1 })

	// Firefox lives on without a window manager, and takes the next one.
	firefox := b.status(Firefox).PID
	b.kill(t, WindowManager)
	eventually(t, "the window manager is started again", func() bool { return b.status(WindowManager).Restarts > 1 })
	b.waitReady(t)
	b.waitTitle(t, "Film night")
	eventually(t, "the window fills the screen after the window manager's death too", func() bool {
		_, place := b.windows(t)
		return place == [4]int{0, 0, 1024, 600}
	})
	if now := b.status(Firefox).PID; now != firefox {
		t.Error("Firefox was started again")
	}
	b.end(t)
}

func uBlockActive(home string) bool {
	var file struct {
		Addons []struct {
			ID     string
			Active bool
		}
	}
	content, err := os.ReadFile(filepath.Join(home, "profile", "extensions.json"))
	if err != nil || json.Unmarshal(content, &file) != nil {
		return false
	}
	for _, addon := range file.Addons {
		if addon.ID == "uBlock0@raymondhill.net" {
			return addon.Active
		}
	}
	return false
}

func TestPoliciesBlockTheConfiguration(t *testing.T) {
	t.Parallel()
	b := start(t, Config{StartURL: "about:config"})
	b.waitTitle(t, "Blocked Page")
	if len(b.Warnings) > 0 {
		t.Error(b.Warnings)
	}
	eventually(t, "the preferences are read", func() bool {
		content, _ := os.ReadFile(filepath.Join(b.home, "profile", "prefs.js"))
		return strings.Contains(string(content), `user_pref("layout.frame_rate", 60);`) &&
			strings.Contains(string(content), `user_pref("toolkit.telemetry.unified", false);`)
	})
}

// Whoever drives may not read what the browser's user can.
func TestPoliciesKeepTheMachinesFilesOut(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret.html")
	if err := os.WriteFile(secret, []byte("<title>Secret</title>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, url := range map[string]string{
		"page": "file://" + secret, "source": "view-source:file://" + secret, "folder": "file://" + filepath.Dir(secret) + "/",
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, Config{StartURL: url})
			b.waitTitle(t, "Blocked Page")
		})
	}
}

func TestSocketsAreReachedFromTheDeepestHome(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	b := start(t, Config{Home: home}, DBus, PulseAudio)
	if strings.HasPrefix(b.runtime, home) {
		t.Errorf("the sockets are in %s", b.runtime)
	}
	b.end(t)
	if _, err := os.Stat(b.runtime); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("their folder is left: %v", err)
	}
}

func TestMissingProgramSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	stub := filepath.Join(t.TempDir(), "firefox") // as Ubuntu has it in place of the program
	if err := os.WriteFile(stub, []byte("#!/bin/sh\necho snap install firefox\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cfg          Config
		debian, text string
	}{
		{Config{DBusPath: "/missing"}, "dbus", "/missing is not installed: apt install dbus"},
		{Config{XvfbPath: "/missing"}, "xvfb", "apt install xvfb"},
		{Config{PulseAudioPath: "missing-program"}, "pulseaudio", "apt install pulseaudio"},
		{Config{OpenboxPath: "/missing"}, "openbox", "apt install openbox"},
		{Config{FirefoxPath: "/missing"}, "firefox-esr", "TURTUS_VB_FIREFOX"},
		{Config{FirefoxPath: stub}, "firefox-esr", "Mozilla's own repository"},
	} {
		c.cfg.Home = t.TempDir()
		_, _, err := Processes(c.cfg)
		var missing *MissingProgramError
		if !errors.As(err, &missing) || missing.Package != c.debian || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%+v: %v", c.cfg, err)
		}
	}
}

func TestConfigThatNoBrowserCanHaveIsRefused(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"no home":           {},
		"option as a page":  {Home: "h", StartURL: "--screenshot=:"},
		"page without kind": {Home: "h", StartURL: "example"},
		"many pages":        {Home: "h", StartURL: "http://a|http://b"},
		"tiny":              {Home: "h", Width: 1},
		"huge":              {Home: "h", Height: 100000},
		"colours":           {Home: "h", Depth: 8},
	} {
		if _, _, err := Processes(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := os.Stat("h"); err == nil {
		t.Error("a refused browser has made its home")
	}
}
