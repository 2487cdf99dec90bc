package stream

import (
	"slices"
	"sync/atomic"
	"testing"

	"turtus/services/wire"
	"turtus/vb/desktop/desktoptest"
	"turtus/vb/sound"
)

func (r *room) troubled(part Part) bool {
	return slices.ContainsFunc(r.Problems(), func(p Problem) bool { return p.Part == part })
}

func TestInputWorksAgainWithTheXServerBeforeAnybodyDrives(t *testing.T) {
	server := desktoptest.StartServer(t, 320, 240)
	var display atomic.Value
	display.Store(server.Display)
	r := newRoom(t, "", func(cfg *Config) { cfg.Display = func() string { return display.Load().(string) } })
	ann := r.open("ann", "s1")
	ann.channel(wire.ChannelEvents)
	r.give(1, ann)
	display.Store("")
	server.Kill()
	r.until(func() bool {
		ann.send(key(1, keyA, true))
		return r.troubled(partInput)
	})
	display.Store(desktoptest.StartXvfb(t, 320, 240))
	r.until(func() bool { return len(r.Problems()) == 0 })
}

func TestWhatNobodyWantsIsNoProblem(t *testing.T) {
	server := desktoptest.StartServer(t, 320, 240)
	var display atomic.Value
	display.Store(server.Display)
	r := newRoom(t, "", func(cfg *Config) {
		cfg.Display = func() string { return display.Load().(string) }
		cfg.Sound = func() sound.Config { return sound.Config{} }
	})
	ann := r.open("ann", "s1")
	r.until(func() bool { return r.troubled(partSound) })
	display.Store("")
	server.Kill()
	r.until(func() bool { return r.troubled(partCursor) && r.troubled(partPicture) })
	r.Stop(ann.peer, ann.session)
	r.until(func() bool { return r.Viewers() == 0 })
	r.until(func() bool { return len(r.Problems()) == 0 })
}
