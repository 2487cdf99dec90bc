// Package agent is what every Launcher knows of the program turtus-agent: the settings that it takes, and how to read what it says.
package agent

import (
	"log/slog"
	"strconv"
	"strings"
	"time"

	"turtus/services/browsers"
)

// Prefix of the agent's settings in its environment.
const Prefix = "TURTUS_VB_"

// Ports are an agent's for media. It takes any for a UDP of 0; with a TCP of 0 it has none.
type Ports struct{ UDP, TCP uint16 }

// Opened are those of a browser with a port of its own: the same number over TCP, where the operator opened ports, and so knows them.
func Opened(port uint16, tcp bool) Ports {
	if !tcp {
		return Ports{UDP: port}
	}
	return Ports{port, port}
}

// Environment is the agent's settings for a browser, the token left out: those of environ (as os.Environ returns it) that are the
// agent's, and over them what the server decides.
func Environment(environ []string, spec browsers.Spec, signalServer string, ports Ports, verbosity slog.Level) map[string]string {
	env := make(map[string]string)
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, Prefix) {
			env[name] = value
		}
	}
	delete(env, Prefix+"TOKEN")
	delete(env, Prefix+"TOKEN_FILE")
	settings := map[string]string{
		"SIGNAL_SERVER": signalServer,
		"TIMEOUT":       milliseconds(spec.ViewerTimeout), "SIGNAL_TIMEOUT": milliseconds(spec.SignalTimeout),
		"WIDTH": strconv.Itoa(spec.Width), "HEIGHT": strconv.Itoa(spec.Height), "DEPTH": strconv.Itoa(spec.Depth),
		"FRAME_RATE": strconv.Itoa(spec.FrameRate), "UDP_PORT": strconv.Itoa(int(ports.UDP)), "TCP_PORT": strconv.Itoa(int(ports.TCP)),
		"VERBOSITY": strings.ToLower(verbosity.String()),
	}
	// What is not said, the agent knows better: its start page, and the ICE servers that the hub tells it.
	if spec.StartURL != "" {
		settings["START_URL"] = spec.StartURL
	}
	for name, value := range settings {
		env[Prefix+name] = value
	}
	return env
}

// List is an environment as programs are given it, in any order.
func List(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
