package process

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"turtus/services/browsers"
	"turtus/services/wire"
)

// prefix of the agent's settings.
const prefix = "TURTUS_VB_"

// inherited are the variables that an agent gets from the server, besides its own settings. Nothing else: no secret of the server.
var inherited = []string{"PATH", "LANG", "LC_ALL", "TZ"}

// environment is the agent's whole environment. What the server decides wins over what its own environment has.
func (l *Launcher) environment(home string, spec browsers.Spec, port uint16) ([]string, error) {
	env := map[string]string{"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home}
	for _, entry := range l.o.Environ {
		name, value, _ := strings.Cut(entry, "=")
		if slices.Contains(inherited, name) || strings.HasPrefix(name, prefix) {
			env[name] = value
		}
	}
	settings := map[string]string{
		"SIGNAL_SERVER": l.o.SignalServer, "TOKEN": spec.Token, "HOME": home,
		"TIMEOUT": milliseconds(spec.ViewerTimeout), "SIGNAL_TIMEOUT": milliseconds(spec.SignalTimeout),
		"WIDTH": strconv.Itoa(spec.Width), "HEIGHT": strconv.Itoa(spec.Height), "DEPTH": strconv.Itoa(spec.Depth),
		"FRAME_RATE": strconv.Itoa(spec.FrameRate), "UDP_PORT": strconv.Itoa(int(port)),
		"VERBOSITY": strings.ToLower(l.o.Verbosity.String()),
	}
	// What is not said, the agent knows better: its start page, and the ICE servers that the hub tells it.
	if spec.StartURL != "" {
		settings["START_URL"] = spec.StartURL
	}
	for name, value := range settings {
		env[prefix+name] = value
	}
	list := make([]string, 0, len(env))
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// setting is a variable of the server's environment.
func (l *Launcher) setting(name string) string {
	for _, entry := range l.o.Environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// reserve keeps the run's place and finds its UDP port; 0 lets the agent take any.
func (l *Launcher) reserve(run uuid.UUID) (uint16, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.procs[run]; known {
		return 0, fmt.Errorf("browser %s was started before", run)
	}
	if l.o.MinPort == 0 {
		l.procs[run] = nil
		return 0, nil
	}
	for port := int(l.o.MinPort); port <= int(l.o.MaxPort); port++ {
		if _, taken := l.ports[uint16(port)]; taken || !free(port) {
			continue
		}
		l.procs[run], l.ports[uint16(port)] = nil, run
		return uint16(port), nil
	}
	return 0, wire.Errorf(wire.ErrorCodeBrowserNotAvailable,
		"All UDP ports for the browsers' media (TURTUS_MEDIA_PORTS=%d-%d) are in use. Give the server a wider range.", l.o.MinPort, l.o.MaxPort)
}

// free says whether nobody listens on the UDP port.
func free(port int) bool {
	c, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
	if err != nil {
		return false
	}
	return c.Close() == nil
}
