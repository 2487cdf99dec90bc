// Package browser knows the processes that make a virtual browser: a D-Bus session bus, Xvfb, PulseAudio, the window
// manager openbox, and Firefox with its policies and uBlock Origin. The agent hands them to package supervise and then
// captures the screen and the sound of the Environment.
//
// Everything lives in one private folder: two browsers share neither display, sound, bus, cookies nor files, and the
// Firefox of the system is not changed.
package browser

import (
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
	// Home is the private folder of the browser. It is made when missing, with mode 0700, and is not removed.
	Home string

	Width, Height int // of the screen in pixels; 1280 by 720 when zero
	Depth         int // of a pixel in bits, 24 (when zero) or 16
	FrameRate     int // how often Firefox paints, in frames per second; 30 when zero

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
	PulseServer  string // PULSE_SERVER; the sound that Firefox plays is the default sink's monitor, see PulseSource
	PulseCookie  string // PULSE_COOKIE
	PulseSource  string // name of the PulseAudio source to record
	XAuthority   string // XAUTHORITY
	DBusAddress  string // DBUS_SESSION_BUS_ADDRESS
	Downloads    string // folder that Firefox downloads to
	display      displayNumber
	runtimeDir   string
	ownedRuntime bool
}

// Display is the DISPLAY of Xvfb, as ":7". It is empty until Xvfb is ready for the first time, and stays the same over
// its restarts unless somebody else took the number meanwhile; so read it again after each supervise.Ready of Xvfb.
func (e *Environment) Display() string { return e.display.String() }

// Environ returns the variables that let a client reach the display, the sound server and the bus, as "NAME=value".
func (e *Environment) Environ() []string { return nil }

// Close removes what the browser keeps outside of Home. Call it when the processes have ended.
func (e *Environment) Close() error { return nil }

// Processes prepares Home and returns the processes of a browser in it. The error is a *MissingProgramError when a
// program is not installed.
func Processes(cfg Config) ([]supervise.Process, *Environment, error) { return nil, nil, nil }
