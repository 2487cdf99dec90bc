package docker

import (
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"

	"turtus/services/wire"
)

// Ports where the operator names none: those that no service has for its own (RFC 6335, section 6). The engine says which are
// taken, since this process may be in another network than it.
const (
	firstDynamic = 49152
	lastDynamic  = 65535
	// dynamicTries is how many of them are tried for one browser.
	dynamicTries = 20
)

// candidates are the ports to try for a browser, in a random order, so that two servers with the same range don't race for each.
func (l *Launcher) candidates() []uint16 {
	low, high, tries := int(l.o.MinPort), int(l.o.MaxPort), 0
	if low == 0 {
		low, high, tries = firstDynamic, lastDynamic, dynamicTries
	}
	var ports []uint16
	for _, offset := range rand.Perm(high - low + 1) {
		ports = append(ports, uint16(low+offset))
		if len(ports) == tries {
			break
		}
	}
	return ports
}

// reserve keeps a port for a run, unless another has it. The run's port before is given back.
func (l *Launcher) reserve(port uint16, run uuid.UUID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if owner, taken := l.ports[port]; taken && owner != run {
		return false
	}
	for other, owner := range l.ports {
		if owner == run {
			delete(l.ports, other)
		}
	}
	l.ports[port] = run
	return true
}

func (l *Launcher) errNoPort() error {
	if l.o.MinPort == 0 {
		return wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "The server found no free UDP port for the browser's media. Try again.")
	}
	return wire.Errorf(wire.ErrorCodeBrowserNotAvailable,
		"All ports for the browsers' media (TURTUS_MEDIA_PORTS=%d-%d) are in use. Give the server a wider range.", l.o.MinPort, l.o.MaxPort)
}

// portTaken knows the engine's ways to say that another has the port.
func portTaken(err error) bool {
	text := err.Error()
	return strings.Contains(text, "port is already allocated") || strings.Contains(text, "address already in use")
}
