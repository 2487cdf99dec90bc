package stream

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/vb/desktop/desktoptest"
	"turtus/vb/link"
)

// offered waits until the page was made an offer for the nth time.
func (p *page) offered(n int) {
	p.room.until(func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.offers) >= n
	})
}

func TestALostPathIsRestartedWithoutBeingAsked(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	window := desktoptest.OpenWindow(t, display, whole)
	port := freePort(t)
	r := newRoom(t, display, func(c *Config) { c.UDPPort = port })
	r.narrow = &link.Config{}
	p := r.open("ann", "s1")
	d := p.decoder()
	d.decode(p.next())

	require.NoError(t, p.link().Set(link.Conditions{Loss: 1}))
	p.offered(2)
	require.NoError(t, p.link().Set(link.Conditions{}))
	window.Fill(whole, green)
	p.shows(d, 10, 10, green)
	v := r.viewer("ann", "s1")
	require.NotNil(t, v, "the session is the one from before")
	assert.EqualValues(t, 2, v.sender.paths.Load())
}

func TestASessionWhosePathStaysLostEnds(t *testing.T) {
	r := newRoom(t, desktoptest.StartXvfb(t, 320, 240), nil)
	r.open("ann", "s1").next()
	v := r.viewer("ann", "s1")
	v.post(func() error {
		v.pathLost(0)
		v.outage.since = time.Now().Add(-2 * iceFailed)
		return nil
	})
	r.until(func() bool { return r.Viewers() == 0 })
}
