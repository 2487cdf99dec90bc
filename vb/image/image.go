// Package image holds the configuration of the programs in a virtual browser. The container image is built from the
// same files; package browser takes them from here where browsers run as local processes.
package image

import _ "embed"

// FirefoxPolicies is Firefox's policies.json (https://mozilla.github.io/policy-templates/).
//
//go:embed firefox/policies.json
var FirefoxPolicies []byte

// FirefoxPreferences is the user.js of the profile, without what depends on a browser's settings.
//
//go:embed firefox/user.js
var FirefoxPreferences []byte

// WheelClicks is how many clicks of the wheel FirefoxPreferences make a notch.
const WheelClicks = 20

// PulseAudioScript is the start script of the sound server (default.pa(5)). Its null sink is named PulseAudioSink.
//
//go:embed pulseaudio/default.pa
var PulseAudioScript []byte

// PulseAudioSink is the name of the only sink; its monitor has ".monitor" appended.
const PulseAudioSink = "turtus"

// PulseAudioDaemon is the sound server's daemon.conf (pulse-daemon.conf(5)).
//
//go:embed pulseaudio/daemon.conf
var PulseAudioDaemon []byte

// PulseAudioClient is its clients' client.conf (pulse-client.conf(5)).
//
//go:embed pulseaudio/client.conf
var PulseAudioClient []byte

// Openbox is the window manager's rc.xml.
//
//go:embed openbox/rc.xml
var Openbox []byte

// DBusSession is the configuration of the session bus (dbus-daemon(1)).
//
//go:embed dbus/session.conf
var DBusSession []byte

// GTKSettings is GTK 3's settings.ini.
//
//go:embed gtk/settings.ini
var GTKSettings []byte

// Seccomp is the profile of the container, as the Docker Engine takes it: what Firefox needs for its own sandbox and all
// else that was seen to be called, by families. Every other system call fails with EPERM.
//
//go:embed seccomp.json
var Seccomp []byte
