package relay

import (
	"bufio"
	"bytes"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// FuzzCandidates: whatever an agent names, a viewer may reach what is the agent's own, and nothing else.
func FuzzCandidates(f *testing.F) {
	for _, line := range []string{
		"candidate:1 1 udp 2122260223 192.0.2.7 61000 typ host", "candidate:1 1 UDP 1 ::ffff:192.0.2.7 61000 typ host", "candidate:1 1 udp 1 169.254.169.254 80 typ host",
		"candidate:1 1 tcp 1 192.0.2.7 9 typ host", "candidate:1 1 udp 1 192.0.2.7 0 typ host", "candidate:1 1 udp 1 fe80::1%eth0 5 typ host", "candidate:1 1 udp 1 192.0.2.7 70000 typ host",
	} {
		f.Add(line, "v=0\r\na="+line+"\r\na="+line, "192.0.2.7:5000")
	}
	f.Fuzz(func(t *testing.T, candidate, sdp, remote string) {
		s := wire.Signal{Candidate: &wire.ICECandidate{Candidate: &candidate}, Description: &wire.SessionDescription{Sdp: sdp}}
		own := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.7:61000")}
		for _, a := range CandidatesOf(s, own) {
			require.Contains(t, own, a)
		}
		from, err := netip.ParseAddrPort(remote)
		found := Candidates(s, remote)
		if err == nil && !from.Addr().Unmap().IsLoopback() && !isMachines(from.Addr().Unmap()) {
			for _, a := range found {
				require.Equal(t, from.Addr().Unmap(), a.Addr())
				require.NotZero(t, a.Port())
			}
		}
		all := newTargets()
		all.add("ann", found)
		for _, a := range found {
			if a.Addr().IsLinkLocalUnicast() || a.Addr().IsMulticast() || a.Addr().IsUnspecified() {
				require.False(t, all.has("ann", a))
			}
		}
		require.False(t, all.has("ben", own[0]))
		require.LessOrEqual(t, len(all.byViewer["ann"]), maxTargets)
	})
}

func isMachines(a netip.Addr) bool {
	for _, own := range machineAddresses() {
		if own == a {
			return true
		}
	}
	return false
}

// FuzzFrames: what comes by TCP is read frame by frame, each as long as it says, with nothing lost, and none longer than a datagram.
func FuzzFrames(f *testing.F) {
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
	f.Add([]byte("\x40\x00\x00\x03abcd\x40\x01\x00\x00"))
	f.Add([]byte("\x40\x00\xff\xfc"))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte("\x00\x01\x20\x00\x21\x12\xa4\x42............"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		c := &fromBytes{Reader: bytes.NewReader(sent)}
		s := &stream{Conn: c, reader: bufio.NewReaderSize(c, maxDatagram+100)}
		p := make([]byte, maxDatagram+100)
		var read []byte
		for {
			n, err := s.Read(p)
			if err != nil {
				break
			}
			require.Positive(t, n)
			require.Equal(t, frameSize(p[:4]), n)
			read = append(read, p[:n]...)
		}
		require.True(t, bytes.HasPrefix(sent, read))
	})
}

type fromBytes struct {
	*bytes.Reader
	net.Conn
}

func (c *fromBytes) Read(p []byte) (int, error)      { return c.Reader.Read(p) }
func (c *fromBytes) SetReadDeadline(time.Time) error { return nil }

// FuzzCredentials: a credential begins something for the peer alone that it was made for, by its own password, until it ends.
func FuzzCredentials(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	good, _ := credential([]byte("secret"), "ann", now.Add(time.Hour))
	for _, name := range []string{good, strings.Replace(good, "ann", "ben", 1), "1:ann", ":ann", good + ":", "+" + good, " " + good, "99999999999999999999:ann", ""} {
		f.Add(name, realm)
	}
	f.Add(good, "other")
	r := &Relay{o: Options{Secret: []byte("secret"), Now: func() time.Time { return now }}}
	f.Fuzz(func(t *testing.T, username, asked string) {
		peer, key, ok := r.authenticate(&turn.RequestAttributes{Username: username, Realm: asked, Method: stun.MethodAllocate})
		if !ok {
			require.Empty(t, key)
			return
		}
		end, name, _ := strings.Cut(username, ":")
		until, err := strconv.ParseInt(end, 10, 64)
		require.NoError(t, err)
		require.Greater(t, until, now.Unix())
		require.Equal(t, name, peer)
		require.NotEmpty(t, peer)
		require.Equal(t, realm, asked)
		require.Equal(t, turn.GenerateAuthKey(username, realm, password64([]byte("secret"), username)), key, "its password is of all of the name")
	})
}
