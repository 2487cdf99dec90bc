package stream

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// eachPort runs a test with a socket for each viewer, and with one for all.
func eachPort(t *testing.T, oneByOne bool, test func(t *testing.T, p *page, v *viewer)) {
	socket, err := net.ListenUDP("udp", nil)
	require.NoError(t, err)
	raw, err := socket.SyscallConn()
	require.NoError(t, err)
	var unknown error
	require.NoError(t, raw.Control(func(fd uintptr) { _, unknown = unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT) }))
	require.NoError(t, socket.Close())
	if unknown != nil {
		t.Skip("this kernel can cut no packets: it has no UDP_SEGMENT")
	}
	for name, port := range map[string]int{"a socket of its own": 0, "one port for all": freePort(t)} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, "", func(cfg *Config) { cfg.UDPPort, cfg.OneByOne = port, oneByOne })
			r.light = true
			p := r.open("ann", "s1")
			test(t, p, r.viewer("ann", "s1"))
		})
	}
}

func TestAFrameLeavesByFewerCallsThanItHasPackets(t *testing.T) {
	eachPort(t, false, func(_ *testing.T, p *page, v *viewer) {
		p.room.until(func() bool {
			v.sender.picture(keyframe(10)) // until the connection takes one
			return v.bunch.Spared.Load() > 0
		})
		p.room.until(func() bool { return p.packets.Load() >= 2 })
	})
}

func TestWhereItIsWantedEachPacketIsACallOfItsOwn(t *testing.T) {
	eachPort(t, true, func(t *testing.T, p *page, v *viewer) {
		p.room.until(func() bool {
			v.sender.picture(keyframe(10))
			return p.packets.Load() > 20
		})
		require.Zero(t, v.bunch.Spared.Load()+v.bunch.Refused.Load())
	})
}
