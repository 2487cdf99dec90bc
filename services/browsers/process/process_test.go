package process

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/browsers"
	"turtus/services/rooms"
)

// The tests' agent is this very program, told by its environment what to be.
func TestMain(m *testing.M) {
	switch os.Getenv("TURTUS_VB_FAKE") {
	case "":
		goleak.VerifyTestMain(m)
	case "fail":
		fmt.Fprintln(os.Stderr, "starting")
		fmt.Fprintln(os.Stderr, `time=2026-01-01T00:00:00Z level=ERROR msg="Firefox is not installed: apt install firefox-esr" browser=x`)
		os.Exit(1)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fallthrough
	default:
		fakeAgent()
	}
}

// fakeAgent has a child in its session and one that has left it, which has a child in turn; it notes them all, and ends by SIGTERM.
func fakeAgent() {
	home := os.Getenv("TURTUS_VB_HOME")
	pids := []int{os.Getpid()}
	for _, attr := range []*syscall.SysProcAttr{{}, {Setsid: true}} {
		child := exec.Command("/bin/sh", "-c", "sleep 1000 & echo $! > "+home+"/grandchild."+strconv.FormatBool(attr.Setsid)+"; wait")
		child.SysProcAttr = attr
		if err := child.Start(); err != nil {
			panic(err)
		}
		pids = append(pids, child.Process.Pid)
	}
	note(home+"/environ", strings.Join(os.Environ(), "\n"))
	note(home+"/args", strings.Join(os.Args, " "))
	note(home+"/uid", strconv.Itoa(os.Getuid()))
	note(home+"/pids", strings.Trim(fmt.Sprint(pids), "[]"))
	if os.Getenv("TURTUS_VB_FAKE") == "orderly" {
		end := make(chan os.Signal, 1)
		signal.Notify(end, syscall.SIGTERM)
		<-end
		fmt.Fprintln(os.Stderr, "told to end")
		os.Exit(0)
	}
	select {}
}

func note(path, text string) {
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		panic(err)
	}
}

type fixture struct {
	*testing.T
	options Options
}

func setUp(t *testing.T, fake string) *fixture {
	t.Helper()
	dir, err := os.MkdirTemp("", "turtus-process-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711)) // for the user that browsers run as
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	programs := filepath.Join(dir, "programs")
	require.NoError(t, os.Mkdir(programs, 0o755))
	for _, p := range needed {
		require.NoError(t, os.WriteFile(filepath.Join(programs, p.names[0]), []byte("#!/bin/sh\n"), 0o755))
	}
	agent, err := os.Executable()
	require.NoError(t, err)
	return &fixture{t, Options{
		Agent: agent, Dir: filepath.Join(dir, "browsers"), SignalServer: "ws://127.0.0.1:1/api/v1/ws", Poll: 10 * time.Millisecond,
		Environ: []string{"PATH=" + programs + ":/usr/bin:/bin", "TURTUS_VB_FAKE=" + fake, "TURTUS_DATABASE_URL=secret", "SECRET=1", "TURTUS_VB_TOKEN=wrong"},
	}}
}

func (f *fixture) launcher() *Launcher {
	f.Helper()
	l, err := New(f.Context(), f.options)
	require.NoError(f, err)
	f.Cleanup(func() {
		for _, r := range f.list(l) {
			_ = l.Stop(context.Background(), r.Handle, 0)
		}
		l.Close()
	})
	return l
}

func (f *fixture) list(l *Launcher) []browsers.Running {
	list, err := l.List(context.Background())
	require.NoError(f, err)
	return list
}

func spec() browsers.Spec {
	return browsers.Spec{
		Run: uuid.New(), Room: rooms.NewID(), Token: "the-token", StartURL: "https://example.org/", Width: 1280, Height: 720, Depth: 24,
		FrameRate: 30, ViewerTimeout: time.Minute, SignalTimeout: 30 * time.Second,
	}
}

// start returns when the agent has made its family, with all process ids of it.
func (f *fixture) start(l *Launcher) (browsers.Spec, browsers.Handle, []int) {
	f.Helper()
	s := spec()
	handle, err := l.Start(f.Context(), s)
	require.NoError(f, err)
	home := l.folder.home(s.Run)
	pids := strings.Fields(f.await(filepath.Join(home, "pids")))
	pids = append(pids, strings.TrimSpace(f.await(filepath.Join(home, "grandchild.true"))), strings.TrimSpace(f.await(filepath.Join(home, "grandchild.false"))))
	list := make([]int, len(pids))
	for i, p := range pids {
		list[i], err = strconv.Atoi(p)
		require.NoError(f, err)
	}
	return s, handle, list
}

// await reads a file once it has something in it.
func (f *fixture) await(path string) string {
	f.Helper()
	var text []byte
	require.Eventually(f, func() bool {
		text, _ = os.ReadFile(path)
		return len(text) > 0
	}, 30*time.Second, 5*time.Millisecond, path)
	return string(text)
}

func alive(pid int) bool {
	s, err := statusOf(pid)
	return err == nil && !s.dead()
}

func (f *fixture) requireNothingLeft(l *Launcher, run uuid.UUID, pids []int) {
	f.Helper()
	for _, pid := range pids {
		require.False(f, alive(pid), "process %d lives", pid)
	}
	require.NoDirExists(f, l.folder.home(run))
	require.NoFileExists(f, l.folder.recordOf(run))
	require.NoFileExists(f, l.folder.logOf(run))
	require.Empty(f, f.list(l))
}

func (f *fixture) event(l *Launcher) browsers.Event {
	f.Helper()
	select {
	case e := <-l.Events():
		return e
	case <-time.After(30 * time.Second):
		f.Fatal("no event")
		panic("unreachable")
	}
}

func TestAnAgentGetsItsSettingsAndNoSecretOfTheServer(t *testing.T) {
	f := setUp(t, "orderly")
	l := f.launcher()
	s, handle, pids := f.start(l)
	home := l.folder.home(s.Run)
	environ := strings.Split(f.await(filepath.Join(home, "environ")), "\n")
	for _, want := range []string{
		"TURTUS_VB_TOKEN=the-token", "TURTUS_VB_SIGNAL_SERVER=ws://127.0.0.1:1/api/v1/ws", "TURTUS_VB_TIMEOUT=60000", "TURTUS_VB_SIGNAL_TIMEOUT=30000",
		"TURTUS_VB_HOME=" + home, "HOME=" + home, "TURTUS_VB_WIDTH=1280", "TURTUS_VB_HEIGHT=720", "TURTUS_VB_DEPTH=24", "TURTUS_VB_FRAME_RATE=30",
		"TURTUS_VB_START_URL=https://example.org/", "TURTUS_VB_VERBOSITY=info", "TURTUS_VB_UDP_PORT=0", "TURTUS_VB_TCP_PORT=0", "TURTUS_VB_FAKE=orderly",
	} {
		require.Contains(t, environ, want)
	}
	require.NotContains(t, strings.Join(environ, "\n"), "secret")
	require.NotContains(t, strings.Join(environ, "\n"), "SECRET")
	require.NotContains(t, f.await(filepath.Join(home, "args")), "token")
	info, err := os.Stat(home)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	if os.Geteuid() == 0 {
		require.NotEqual(t, "0", f.await(filepath.Join(home, "uid")), "no browser runs as root")
	}
	ours, err := statusOf(os.Getpid())
	require.NoError(t, err)
	theirs, err := statusOf(pids[0])
	require.NoError(t, err)
	require.NotEqual(t, ours.session, theirs.session)

	running, err := l.Inspect(t.Context(), handle)
	require.NoError(t, err)
	require.Equal(t, s.Run, running.Run)
	require.NoError(t, l.Stop(t.Context(), handle, 30*time.Second))
	f.requireNothingLeft(l, s.Run, pids)
	require.Equal(t, browsers.Event{Handle: handle, Run: s.Run, Detail: "told to end"}, f.event(l))
	_, err = l.Inspect(t.Context(), handle)
	require.ErrorIs(t, err, browsers.ErrNotRunning)
	require.NoError(t, l.Stop(t.Context(), handle, 0), "again")
}

func TestAnAgentThatIgnoresItIsEndedByForceWithAllItsProcesses(t *testing.T) {
	f := setUp(t, "stubborn")
	l := f.launcher()
	s, handle, pids := f.start(l)
	require.NoError(t, l.Stop(t.Context(), handle, time.Millisecond))
	f.requireNothingLeft(l, s.Run, pids)
}

func TestTheFamilyOfAKilledAgentIsEnded(t *testing.T) {
	f := setUp(t, "orderly")
	l := f.launcher()
	s, _, pids := f.start(l)
	other, _, others := f.start(l)
	require.NoError(t, syscall.Kill(pids[0], syscall.SIGKILL))
	e := f.event(l)
	require.Equal(t, s.Run, e.Run)
	require.Contains(t, e.Detail, "killed")
	for _, pid := range pids {
		require.False(t, alive(pid))
	}
	require.NoDirExists(t, l.folder.home(s.Run))
	for _, pid := range others {
		require.True(t, alive(pid), "another browser is not touched")
	}
	require.Len(t, f.list(l), 1)
	require.Equal(t, other.Run, f.list(l)[0].Run)
}

func TestLastWordsOfAFailedStartAreKept(t *testing.T) {
	f := setUp(t, "fail")
	l := f.launcher()
	s := spec()
	_, err := l.Start(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, "Firefox is not installed: apt install firefox-esr", f.event(l).Detail)
	f.requireNothingLeft(l, s.Run, nil)
}

func TestTheNextServerTakesBackWhatLives(t *testing.T) {
	f := setUp(t, "orderly")
	first := f.launcher()
	alive1, _, pids1 := f.start(first)
	dead, _, pids2 := f.start(first)
	first.Close() // as after kill -9: nobody watches
	require.NoError(t, syscall.Kill(pids2[0], syscall.SIGKILL))
	require.Eventually(t, func() bool { return !alive(pids2[0]) }, 30*time.Second, 5*time.Millisecond)

	second := f.launcher()
	require.Len(t, f.list(second), 1)
	require.Equal(t, alive1.Run, f.list(second)[0].Run)
	for _, pid := range pids2 {
		require.False(t, alive(pid), "what a dead agent started is ended")
	}
	require.NoDirExists(t, second.folder.home(dead.Run))
	require.NoError(t, second.Stop(t.Context(), f.list(second)[0].Handle, 30*time.Second))
	f.requireNothingLeft(second, alive1.Run, pids1)
	require.Equal(t, alive1.Run, f.event(second).Run)
}

func TestAnAgentTakenBackMayStillSpeakAndDie(t *testing.T) {
	f := setUp(t, "orderly")
	first := f.launcher()
	s, _, pids := f.start(first)
	first.Close()
	second := f.launcher()
	require.NoError(t, syscall.Kill(pids[0], syscall.SIGTERM))
	e := f.event(second)
	require.Equal(t, s.Run, e.Run)
	require.Equal(t, "told to end", e.Detail)
	f.requireNothingLeft(second, s.Run, pids)
}

func TestARecycledProcessIDIsNeverTouched(t *testing.T) {
	f := setUp(t, "orderly")
	first := f.launcher()
	innocent := exec.Command("sleep", "1000")
	innocent.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	require.NoError(t, innocent.Start())
	defer func() {
		_ = innocent.Process.Kill()
		_ = innocent.Wait()
	}()
	status, err := statusOf(innocent.Process.Pid)
	require.NoError(t, err)
	for name, r := range map[string]record{
		"of another time": {PID: innocent.Process.Pid, Ticks: status.ticks - 1, Boot: bootID()},
		"of another boot": {PID: innocent.Process.Pid, Ticks: status.ticks, Boot: "another"},
	} {
		r.Run = uuid.New()
		require.NoError(t, first.folder.writeRecord(r))
		_, err := first.folder.makeHome(r.Run, first.account)
		require.NoError(t, err)
		second := f.launcher()
		require.Empty(t, f.list(second), name)
		require.True(t, alive(innocent.Process.Pid), name)
		require.NoDirExists(t, second.folder.home(r.Run), name)
		require.NoFileExists(t, second.folder.recordOf(r.Run), name)
	}
}

func TestADamagedRunFileIsClearedAway(t *testing.T) {
	f := setUp(t, "orderly")
	run := uuid.New()
	first := f.launcher()
	require.NoError(t, os.WriteFile(first.folder.recordOf(run), []byte(`{"run":`), 0o600))
	require.NoError(t, os.WriteFile(first.folder.recordOf(uuid.New())+".new", nil, 0o600))
	second := f.launcher()
	require.Empty(t, f.list(second))
	require.NoFileExists(t, second.folder.recordOf(run))
}

// freePair is a free UDP port that has a free one after it, of those that no system gives out by itself.
func freePair() int {
	for {
		if port := 10_000 + 2*rand.IntN(10_000); free(port, true) && free(port+1, true) {
			return port
		}
	}
}

func TestEachBrowserHasAPortOfItsOwn(t *testing.T) {
	f := setUp(t, "orderly")
	port := freePair()
	f.options.MinPort, f.options.MaxPort = uint16(port), uint16(port+1)
	l := f.launcher()
	ports := map[string]bool{}
	for range 2 {
		s, _, _ := f.start(l)
		for _, entry := range strings.Split(f.await(filepath.Join(l.folder.home(s.Run), "environ")), "\n") {
			if port, ok := strings.CutPrefix(entry, "TURTUS_VB_UDP_PORT="); ok {
				ports[port] = true
			}
		}
	}
	require.Equal(t, map[string]bool{strconv.Itoa(port): true, strconv.Itoa(port + 1): true}, ports)
	_, err := l.Start(t.Context(), spec())
	require.ErrorContains(t, err, "TURTUS_MEDIA_PORTS")
	require.NoError(t, l.Stop(t.Context(), f.list(l)[0].Handle, 0))
	f.start(l)
}

func TestAPortThatTheOperatorOpenedIsUsedOverTCPToo(t *testing.T) {
	f := setUp(t, "orderly")
	port := freePair()
	taken, err := net.ListenTCP("tcp", &net.TCPAddr{Port: port})
	require.NoError(t, err)
	defer taken.Close()
	f.options.MinPort, f.options.MaxPort, f.options.MediaTCP = uint16(port), uint16(port+1), true
	l := f.launcher()
	s, _, _ := f.start(l)
	environ := f.await(filepath.Join(l.folder.home(s.Run), "environ"))
	other := strconv.Itoa(port + 1)
	require.Contains(t, environ, "TURTUS_VB_UDP_PORT="+other, "the first is somebody else's over TCP")
	require.Contains(t, environ, "TURTUS_VB_TCP_PORT="+other)
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	f := setUp(t, "orderly")
	l := f.launcher()
	ok, why := l.Available()
	require.True(t, ok, why)

	programs, _, _ := strings.Cut(strings.TrimPrefix(f.options.Environ[0], "PATH="), ":")
	l.o.Environ = []string{"PATH=" + programs}
	require.NoError(t, os.Remove(filepath.Join(programs, "openbox")))
	require.NoError(t, os.WriteFile(filepath.Join(programs, "firefox"), []byte("#!/bin/sh\n# snap install firefox\n"), 0o755))
	require.NoError(t, os.Remove(filepath.Join(programs, "firefox-esr")))
	ok, why = l.Available()
	require.False(t, ok)
	require.Contains(t, why, "openbox, firefox-esr are not installed on the server: apt install openbox firefox-esr.")
	require.Contains(t, why, "TURTUS_VB_FIREFOX")
	_, err := l.Start(t.Context(), spec())
	require.ErrorContains(t, err, "browser_not_available")

	l.o.Environ = append(l.o.Environ, "TURTUS_VB_FIREFOX=/missing/firefox")
	require.NoError(t, os.WriteFile(filepath.Join(programs, "openbox"), nil, 0o755))
	_, why = l.Available()
	require.Contains(t, why, "/missing/firefox")

	l.o.Agent = "/missing/turtus-agent"
	_, why = l.Available()
	require.Contains(t, why, "/missing/turtus-agent")
}

func TestAFolderThatTheBrowsersUserCannotReachIsReplaced(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root runs browsers as somebody else")
	}
	f := setUp(t, "orderly")
	f.options.Dir = filepath.Join(t.TempDir(), "closed", "browsers")
	l := f.launcher()
	t.Cleanup(func() { _ = os.RemoveAll(l.folder.base) })
	require.True(t, strings.HasPrefix(l.folder.base, outside), l.folder.base)
	_, handle, _ := f.start(l)
	require.NoError(t, l.Stop(t.Context(), handle, 30*time.Second))
}
