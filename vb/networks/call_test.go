package networks

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// talk is how a page's call with one other comes to it.
type talk struct {
	At                   int // which of the page's peer connections it is
	State                string
	Local, Remote, Relay string
	Ufrag                string // of the page, another one after each ICE restart
	Packets, Lost        int
	Energy               float64 // of what was played so far
}

// readTalk reads the connection that the page sends its voice by; the picture's sends nothing, and one with a page of the test before never comes about.
const readTalk = `(async () => {
  const at = window.connections.findLastIndex((c) => c.connectionState === 'connected' && c.getSenders().some((s) => s.track))
  const stats = await window.connections[at].getStats()
  const all = [...stats.values()]
  const transport = all.find((s) => s.type === 'transport')
  const pair = stats.get(transport.selectedCandidatePairId)
  const local = stats.get(pair.localCandidateId), remote = stats.get(pair.remoteCandidateId)
  const sound = all.find((s) => s.type === 'inbound-rtp' && s.kind === 'audio')
  return { at, state: window.connections[at].connectionState, local: local.candidateType, remote: remote.candidateType, relay: local.relayProtocol ?? '',
    ufrag: transport.iceLocalUsernameFragment, packets: sound.packetsReceived, lost: sound.packetsLost, energy: sound.totalAudioEnergy }
})()`

// speak turns the microphone on, which beeps once a second.
func (c *chromium) speak() {
	c.t.Helper()
	c.until("the microphone is on", `(() => { const b = document.querySelector('[data-testid=microphone]')
	  if (b.dataset.state === 'off') b.click()
	  return b.dataset.state === 'on' })()`)
}

// hears waits until the other's voice comes and is played, more of it than was, and returns how.
func (c *chromium) hears(what string, holds func(talk) bool) (last talk) {
	c.t.Helper()
	var before *talk
	require.Eventually(c.t, func() bool {
		now, ok := evaluate[talk](c, readTalk)
		if !ok || now.State != "connected" || !holds(now) {
			return false
		}
		if before == nil {
			before = &now
		}
		last = now
		return now.Packets > before.Packets+20 && now.Energy > before.Energy
	}, patience, 200*time.Millisecond, "the voice comes to the page, "+what)
	return last
}

// inCall has two pages in the room, which talk.
func inCall(t *testing.T, s *server, house, address, otherHouse, otherAddress string) (one, other *chromium) {
	t.Helper()
	one, other = startChromium(t, house), startChromium(t, otherHouse)
	one.join(s.link(address))
	other.join(s.link(otherAddress))
	one.speak()
	other.speak()
	return one, other
}

func TestACallGoesOnInBadNetworks(t *testing.T) {
	if os.Getenv(wanted) == "" {
		t.Skip("make networks runs it, as root")
	}
	build(t)
	s := startServer(t)
	any := func(talk) bool { return true }
	both := func(t *testing.T, what string, holds func(talk) bool, pages ...*chromium) (last talk) {
		t.Helper()
		for _, page := range pages {
			last = page.hears(what, holds)
		}
		return last
	}

	t.Run("a line that goes away for some seconds, another address, and a path that is cut", func(t *testing.T) {
		filter(t, lets)
		one, other := inCall(t, s, home, serverAddress, friend, serverAddress)
		both(t, "directly", any, one, other)
		first, ok := evaluate[talk](other, readTalk)
		require.True(t, ok)

		in(t, home, "ip link set lan down")
		other.until("the friend notices", `window.connections[`+strconv.Itoa(first.At)+`].connectionState !== 'connected'`)
		in(t, home, "ip link set lan up")
		move(t, homeAddress)
		back := both(t, "after the line was away", any, one, other)
		require.Equal(t, first.At, back.At, "it is the same peer connection")

		move(t, homeOther)
		t.Cleanup(func() { move(t, homeAddress) })
		moved := both(t, "from another address", func(n talk) bool { return n.Ufrag != back.Ufrag }, other)
		both(t, "from another address", any, one)
		require.Equal(t, first.At, moved.At)

		filter(t, apartment)
		round := both(t, "by the relay", func(n talk) bool { return n.Local == "relay" || n.Remote == "relay" }, one, other)
		require.Equal(t, first.At, round.At)
		t.Logf("first %+v; back %+v; moved %+v; round %+v", first, back, moved, round)
	})

	t.Run("one packet of twenty lost", func(t *testing.T) {
		filter(t, lets)
		one, other := inCall(t, s, home, serverAddress, friend, serverAddress)
		both(t, "without loss", any, one, other)
		before, ok := evaluate[talk](one, readTalk)
		require.True(t, ok)
		filter(t, lossy)
		after := one.hears("though packets are lost", func(n talk) bool { return n.Lost >= before.Lost+2 })
		require.Equal(t, before.At, after.At)
	})

	t.Run("where the relay alone carries it, and of that only the web's port", func(t *testing.T) {
		filter(t, webAlone)
		one, other := inCall(t, s, home, serverAddress, neighbour, serverAtHome)
		got := both(t, "by the relay", func(n talk) bool { return n.Local == "relay" && n.Remote == "relay" }, other, one)
		require.Equal(t, "tls", got.Relay)
	})
}
