package hub

import (
	"net"
	"sync"
)

// maxStrangers is how many connections at the agents' door may be of those who have not said hello. An agent says it within moments.
const maxStrangers = 64

// Door is a listener for Agents, at a socket that every browser reaches and where nothing tells one from another. Somebody who has broken out of
// one may open connections without end there: so of those who have shown no token the oldest is closed for a new one, and neither the other
// browsers nor the rest of the server run out of places.
func Door(l net.Listener) net.Listener { return &door{Listener: l} }

type door struct {
	net.Listener
	mu        sync.Mutex
	strangers []*caller // the oldest first
}

func (d *door) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &caller{Conn: conn, door: d}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.strangers = append(d.strangers, c)
	if len(d.strangers) > maxStrangers {
		_ = d.strangers[0].Conn.Close()
		d.strangers = d.strangers[1:]
	}
	return c, nil
}

// caller is a connection at the door.
type caller struct {
	net.Conn
	door *door
	once sync.Once
}

// welcome says that it has shown a token.
func (c *caller) welcome() { c.once.Do(c.leave) }

func (c *caller) leave() {
	d := c.door
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, other := range d.strangers {
		if other == c {
			d.strangers = append(d.strangers[:i:i], d.strangers[i+1:]...)
			return
		}
	}
}

func (c *caller) Close() error {
	c.welcome()
	return c.Conn.Close()
}
