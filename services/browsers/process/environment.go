package process

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/google/uuid"

	"turtus/services/browsers"
	"turtus/services/browsers/agent"
	"turtus/services/wire"
)

// inherited are the variables that an agent gets from the server, besides its own settings. Nothing else: no secret of the server.
var inherited = []string{"PATH", "LANG", "LC_ALL", "TZ"}

// environment is the agent's whole environment. What the server decides wins over what its own environment has.
func (l *Launcher) environment(home string, spec browsers.Spec, port uint16) []string {
	env := agent.Environment(l.o.Environ, spec, l.o.SignalServer, agent.Opened(port, l.o.MediaTCP), l.o.Verbosity)
	env["PATH"], env["HOME"] = "/usr/local/bin:/usr/bin:/bin", home
	env[agent.Prefix+"TOKEN"], env[agent.Prefix+"HOME"] = spec.Token, home
	for _, entry := range l.o.Environ {
		if name, value, _ := strings.Cut(entry, "="); slices.Contains(inherited, name) {
			env[name] = value
		}
	}
	return agent.List(env)
}

// setting is a variable of the server's environment.
func (l *Launcher) setting(name string) string {
	for _, entry := range l.o.Environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// reserve keeps the run's place and finds its port; 0 lets the agent take any.
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
		if _, taken := l.ports[uint16(port)]; taken || !free(port, l.o.MediaTCP) {
			continue
		}
		l.procs[run], l.ports[uint16(port)] = nil, run
		return uint16(port), nil
	}
	return 0, wire.Errorf(wire.ErrorCodeBrowserNotAvailable,
		"All ports for the browsers' media (TURTUS_MEDIA_PORTS=%d-%d) are in use. Give the server a wider range.", l.o.MinPort, l.o.MaxPort)
}

// free says whether nobody listens on the UDP port, nor on that of TCP where it is wanted.
func free(port int, tcp bool) bool {
	c, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
	if err != nil {
		return false
	}
	_ = c.Close()
	if !tcp {
		return true
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{Port: port})
	if err != nil {
		return false
	}
	return l.Close() == nil
}
