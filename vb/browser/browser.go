// Package browser knows the processes that make a virtual browser: a D-Bus session bus, Xvfb, PulseAudio, the window
// manager openbox, and Firefox with its policies and uBlock Origin. The agent hands them to package supervise and then
// captures the screen and the sound of the Environment.
//
// Everything lives in one private folder: two browsers share neither display, sound, bus, cookies nor files, and the
// Firefox of the system is not changed.
package browser

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"turtus/vb/image"
	"turtus/vb/supervise"
)

// Names of the processes, as they stand in supervise.Event.
const (
	DBus          = "dbus"
	Xvfb          = "xvfb"
	PulseAudio    = "pulseaudio"
	WindowManager = "openbox"
	Firefox       = "firefox"
)

// Config says which browser to start. Only Home is required.
type Config struct {
	// Home is the private folder of the browser. It is made when missing, with mode 0700, and is not removed. When
	// Firefox is not in the container image, which has the policies in /etc, files in Home must be executable (no
	// noexec).
	Home string

	Width, Height int // of the screen in pixels; 1280 by 720 when zero
	Depth         int // of a pixel in bits, 24 (when zero) or 16

	// Resize sets the size of a display's screen, as desktop.Resize does. When nil, the screen stays as it is at the start.
	Resize func(display string, width, height int) error

	// StartURL is the page that Firefox opens with; about:blank when empty.
	StartURL string

	// Programs, by path or by name in PATH. Empty ones are looked for under their usual names; FirefoxPath first as
	// firefox-esr, then as firefox.
	DBusPath, XvfbPath, PulseAudioPath, OpenboxPath, FirefoxPath string

	// ExtraEnv is added to the environment of every process, as "NAME=value". Nothing else of the agent's own
	// environment reaches them but PATH, the language and the time zone.
	ExtraEnv []string
}

// Environment is where the processes of a browser are found. Its strings are fit for the environment variables named.
type Environment struct {
	PulseServer string // PULSE_SERVER
	PulseCookie string // PULSE_COOKIE: no secret, but keeps clients from making one in somebody's home
	PulseSource string // name of the PulseAudio source that has what Firefox plays
	XAuthority  string // XAUTHORITY
	DBusAddress string // DBUS_SESSION_BUS_ADDRESS
	Downloads   string // folder that Firefox downloads to

	// Warnings are for the operator: what is not as it should be, though the browser works.
	Warnings []string

	home, runtime string // runtime has the sockets
	display       *display
	screen        *screen
	page          *startPage
	extra         []string
}

// Display is the DISPLAY of Xvfb, as ":7". It is empty until Xvfb is ready for the first time, and stays the same over
// its restarts unless somebody else took the number meanwhile; so read it again after each supervise.Ready of Xvfb.
func (e *Environment) Display() string { return e.display.String() }

// SetScreen changes the size of the screen; the window manager and Firefox follow. ErrScreen: it can't have that size. Any
// other error is Xvfb's, which does not run or dies meanwhile; the next one starts with the size.
func (e *Environment) SetScreen(width, height int) error {
	return e.screen.set(e.Display(), width, height)
}

// Environ returns the variables that let a client reach the display, the sound server and the bus, as "NAME=value".
func (e *Environment) Environ() []string {
	return []string{
		"DISPLAY=" + e.Display(),
		"XAUTHORITY=" + e.XAuthority,
		"PULSE_SERVER=" + e.PulseServer,
		"PULSE_COOKIE=" + e.PulseCookie,
		"DBUS_SESSION_BUS_ADDRESS=" + e.DBusAddress,
	}
}

// Close removes what the browser keeps outside of Home. Call it when the processes have ended.
func (e *Environment) Close() error {
	e.display.close()
	if strings.HasPrefix(e.runtime, e.home+string(filepath.Separator)) {
		return nil
	}
	return os.RemoveAll(e.runtime)
}

// Processes prepares Home and returns the processes of a browser in it. The error is a *MissingProgramError when a
// program is not installed.
func Processes(cfg Config) (processes []supervise.Process, environment *Environment, err error) {
	cfg.Width, cfg.Height = cmp.Or(cfg.Width, 1280), cmp.Or(cfg.Height, 720)
	cfg.Depth = cmp.Or(cfg.Depth, 24)
	cfg.StartURL = cmp.Or(cfg.StartURL, "about:blank")
	if err := cfg.check(); err != nil {
		return nil, nil, err
	}
	programs, err := findPrograms(cfg)
	if err != nil {
		return nil, nil, err
	}
	e, err := newEnvironment(cfg)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			_ = e.Close()
		}
	}()
	firefox, err := prepareFirefox(cfg, e, programs.firefox)
	if err != nil {
		return nil, nil, err
	}
	return []supervise.Process{
		{
			Name: DBus,
			Command: func() (*exec.Cmd, error) {
				return e.command(programs.dbus, "--config-file="+e.in("config/dbus.conf"), "--nofork", "--nopidfile", "--nosyslog"), nil
			},
			Ready: func(ctx context.Context) error { return untilListening(ctx, e.bus()) },
		},
		{
			Name: Xvfb,
			Command: func() (*exec.Cmd, error) {
				cmd, err := e.display.command(programs.xvfb,
					"-screen", "0", fmt.Sprintf("%dx%dx%d", e.screen.mostWidth, e.screen.mostHeight, cfg.Depth), "-dpi", "96",
					"-auth", e.XAuthority, "-nolisten", "tcp", "-noreset", "-s", "0",
					"+extension", "RANDR", "+extension", "DAMAGE", "+extension", "XFIXES", "+extension", "XTEST",
					"+extension", "MIT-SHM")
				if err == nil {
					cmd.Dir, cmd.Env = e.home, e.variables()
				}
				return cmd, err
			},
			Ready: func(ctx context.Context) error {
				if err := e.display.ready(ctx); err != nil {
					return err
				}
				return e.screen.restore(e.Display())
			},
		},
		{
			Name: PulseAudio,
			Command: func() (*exec.Cmd, error) {
				return e.command(programs.pulseaudio, "-n", "-F", e.in("config/default.pa")), nil
			},
			Ready: func(ctx context.Context) error { return untilListening(ctx, e.sound()) },
		},
		{
			Name:    WindowManager,
			Command: func() (*exec.Cmd, error) { return e.windowManager(programs.openbox), nil },
			Ready:   func(ctx context.Context) error { return e.display.until(ctx, windowManagerReady) },
			Needs:   []string{Xvfb},
		},
		{
			// It goes on without a window manager and takes the next one, but stays mute for ever when its sound server
			// dies, and may end when its bus does.
			Name:         Firefox,
			Command:      firefox,
			Ready:        func(ctx context.Context) error { return e.display.until(ctx, firefoxReady) },
			ReadyTimeout: 90 * time.Second,
			Needs:        []string{Xvfb, DBus, PulseAudio},
			Restart:      supervise.RestartPolicy{ForgiveExit: true},
		},
	}, e, nil
}

func (e *Environment) windowManager(path string) *exec.Cmd {
	return e.command(path, "--sm-disable", "--config-file", e.in("config/openbox.xml"))
}

// check refuses what the programs would not understand, or understand as something else.
func (c Config) check() error {
	scheme, _, found := strings.Cut(c.StartURL, ":")
	switch {
	case c.Home == "":
		return fmt.Errorf("no home folder for the browser")
	case c.Width < 64 || c.Width > 7680 || c.Height < 64 || c.Height > 4320:
		return fmt.Errorf("screen of %d by %d pixels: must be within 64x64 and 7680x4320", c.Width, c.Height)
	case c.Depth != 24 && c.Depth != 16:
		return fmt.Errorf("depth of %d bits: must be 24 or 16", c.Depth)
	case !found || scheme == "" || strings.HasPrefix(scheme, "-") || strings.ContainsAny(c.StartURL, " \t\r\n|\x00"):
		return fmt.Errorf("start page %q is not a URL", c.StartURL)
	}
	return nil
}

// longestSocketDir keeps the paths of the sockets in it below the 108 bytes of sockaddr_un (unix(7)).
const longestSocketDir = 85

// newEnvironment makes the folders and writes the configuration files.
func newEnvironment(cfg Config) (*Environment, error) {
	home, err := filepath.Abs(cfg.Home)
	if err != nil {
		return nil, err
	}
	e := &Environment{
		home:        home,
		display:     &display{cookie: newCookie()},
		screen:      newScreen(cfg),
		page:        &startPage{url: cfg.StartURL},
		extra:       cfg.ExtraEnv,
		PulseSource: image.PulseAudioSink + ".monitor",
		XAuthority:  filepath.Join(home, "config", "Xauthority"),
		Downloads:   filepath.Join(home, "Downloads"),
		runtime:     filepath.Join(home, "run"),
	}
	if len(e.runtime) > longestSocketDir {
		if e.runtime, err = os.MkdirTemp("/tmp", "turtus-"); err != nil {
			return nil, err
		}
	}
	e.PulseServer = "unix:" + e.sound()
	e.PulseCookie = filepath.Join(home, "config", "pulse-cookie")
	e.DBusAddress = "unix:path=" + e.bus()

	for _, dir := range []string{home, e.runtime, filepath.Dir(e.sound()), e.Downloads, e.in("config"), e.in("tmp"),
		e.in(".config/gtk-3.0")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			_ = e.Close()
			return nil, err
		}
	}
	for name, content := range map[string][]byte{
		"config/dbus.conf":             image.DBusSession,
		"config/default.pa":            image.PulseAudioScript,
		"config/daemon.conf":           image.PulseAudioDaemon,
		"config/client.conf":           image.PulseAudioClient,
		"config/openbox.xml":           image.Openbox,
		"config/Xauthority":            xauthority(e.display.cookie),
		".config/gtk-3.0/settings.ini": image.GTKSettings,
	} {
		if err := os.WriteFile(e.in(name), content, 0o600); err != nil {
			_ = e.Close()
			return nil, err
		}
	}
	return e, nil
}

func (e *Environment) in(name string) string { return filepath.Join(e.home, name) }
func (e *Environment) bus() string           { return filepath.Join(e.runtime, "bus") }
func (e *Environment) sound() string         { return filepath.Join(e.runtime, "pulse", "native") }

// command makes a command in the environment of the browser.
func (e *Environment) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env = e.home, e.variables()
	return cmd
}

// inherited are the variables that the programs have of the agent's.
var inherited = []string{"PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_TIME", "LC_MESSAGES", "TZ"}

func (e *Environment) variables() []string {
	var env []string
	for _, name := range inherited {
		if value, found := os.LookupEnv(name); found {
			env = append(env, name+"="+value)
		}
	}
	if !slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "L") }) {
		env = append(env, "LANG=C.UTF-8")
	}
	env = append(env, e.Environ()...)
	env = append(env,
		"HOME="+e.home,
		"TMPDIR="+e.in("tmp"),
		"XDG_RUNTIME_DIR="+e.runtime,
		"PULSE_RUNTIME_PATH="+filepath.Dir(e.sound()),
		"PULSE_CONFIG="+e.in("config/daemon.conf"),
		"PULSE_CLIENTCONFIG="+e.in("config/client.conf"),
		// The machine's own services are not the browser's.
		"DBUS_SYSTEM_BUS_ADDRESS=unix:path="+filepath.Join(e.runtime, "none"),
		"GSETTINGS_BACKEND=memory",
		"GTK_USE_PORTAL=0",
		"GTK_A11Y=none",
		"NO_AT_BRIDGE=1",
		"GDK_BACKEND=x11",
		"LIBGL_ALWAYS_SOFTWARE=1",
	)
	return append(env, e.extra...)
}

// untilListening waits until somebody listens on a Unix socket.
func untilListening(ctx context.Context, path string) error {
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "unix", path)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", strconv.Quote(filepath.Base(path)), ctx.Err())
		case <-time.After(pollPause):
		}
	}
}
