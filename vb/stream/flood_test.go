package stream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/desktop/desktoptest"
)

// noise is a frame that may be anything: of random bytes, a true one cut or lengthened, or one that is as long as can be.
func noise(random *rand.Rand) []byte {
	frame := make([]byte, random.IntN(40))
	if random.IntN(50) == 0 {
		frame = make([]byte, 60_000)
	}
	for i := range frame {
		frame[i] = byte(random.Uint32())
	}
	if random.IntN(2) == 0 {
		valid := wire.AppendInput(nil, wire.Input{
			Op: uint8(random.IntN(9)), Copy: random.IntN(2) == 0, Number: uint32(random.IntN(200)), Epoch: 1, Button: 1, Down: true, Keysym: keyA + 1, Text: "noise", Sequence: 1 << 30,
		})
		frame = append(valid[:random.IntN(len(valid)+1)], frame[:min(len(frame), random.IntN(3))]...)
	}
	return frame
}

func TestNoiseOnTheChannelsChangesNothingAndHarmsNobodyElse(t *testing.T) {
	r, window, ann, ben := stage(t)
	r.give(1, ann)
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		frame := make([]byte, random.IntN(40))
		for i := range frame {
			frame[i] = byte(random.Uint32())
		}
		label := []string{wire.ChannelInput, wire.ChannelPointer, wire.ChannelEvents}[random.IntN(3)]
		require.NoError(t, ben.channel(label).Send(frame))
	}
	require.NoError(t, ben.channel(wire.ChannelInput).Send(wire.AppendInput(nil, wire.Input{Op: wire.InputMove, Epoch: 1})))
	require.NoError(t, ben.channel(wire.ChannelInput).SendText("hello"))
	assert.Contains(t, []wire.ErrorCode{wire.ErrorCodeInvalidField, wire.ErrorCodeControlNotHeld}, ben.refusal())
	window.Quiet(100 * time.Millisecond)
	ann.send(key(1, keyA, true))
	assert.Equal(t, "a", until(window, desktoptest.KeyPress).Text, "the controller drives on")
	assert.Equal(t, 2, r.Viewers(), "and nobody was thrown out")
}

// flood sends noise on a channel, as fast as it goes, until told to stop.
func (p *page) flood(label string, seed uint64, stop <-chan struct{}) {
	dc := p.channel(label)
	low := make(chan struct{}, 1)
	dc.SetBufferedAmountLowThreshold(64 << 10)
	dc.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	random := rand.New(rand.NewPCG(seed, 7))
	for dc.Send(noise(random)) == nil {
		for dc.BufferedAmount() > 512<<10 {
			select {
			case <-low:
			case <-stop:
				return
			}
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}

func TestAFloodOfNoiseKeepsNobodyFromWatchingAndDriving(t *testing.T) {
	r, window, ann, ben := stage(t)
	r.give(1, ann)
	d := ann.decoder()
	stop := make(chan struct{})
	var floods sync.WaitGroup
	for seed, label := range []string{wire.ChannelInput, wire.ChannelPointer, wire.ChannelEvents} {
		floods.Go(func() { ben.flood(label, uint64(seed), stop) })
	}
	defer func() {
		close(stop)
		floods.Wait()
	}()
	for round := range 20 {
		colour := red
		if round%2 == 1 {
			colour = green
		}
		window.Fill(whole, colour)
		ann.shows(d, 100, 100, colour)
		ann.send(wire.Input{Op: wire.InputMove, Epoch: 1, X: uint16(3000 * round), Y: 100, Sequence: uint32(round + 1)})
		ann.send(key(1, keyA, true))
		ann.send(key(1, keyA, false))
		press := until(window, desktoptest.KeyPress)
		assert.Equal(t, "a", press.Text, "nobody else's key, and no modifier")
	}
	assert.Equal(t, webrtc.PeerConnectionStateConnected, ann.pc.ConnectionState())
	r.SetControl(ControlHolder{Epoch: 2})
	require.False(t, ann.control(2))
	codes, _, state := window.Down()
	assert.Empty(t, codes)
	assert.Zero(t, state)
}

func TestTenThousandKeysByTwoAlternatingControllersLeaveNothingHeld(t *testing.T) {
	r, window, ann, ben := stage(t)
	pages := []*doubtful{{page: ann, random: rand.New(rand.NewPCG(5, 6))}, {page: ben, random: rand.New(rand.NewPCG(7, 8))}}
	keys := [][]uint32{{'a', 'b', 'c', 'D', 0x010020ac, 0x01000436}, {'k', 'l', 'm', 'N', 0x010065e5, 0x0101f600}}
	const keyReturn, turns, each = 0xff0d, 90, 200
	random := rand.New(rand.NewPCG(3, 4))
	for turn := range uint32(turns) {
		epoch, me := turn+1, turn%2
		holder, other := pages[me], pages[1-me]
		r.give(epoch, holder.page, other.page)
		press := func(n int) {
			for range n {
				switch random.IntN(10) {
				case 0:
					holder.send(key(epoch, keyShift, random.IntN(2) == 0))
				case 1:
					holder.send(wire.Input{Op: wire.InputButton, Epoch: epoch, Button: uint8(1 + random.IntN(3)), Down: random.IntN(2) == 0})
				default:
					holder.send(key(epoch, keys[me][random.IntN(len(keys[me]))], random.IntN(3) > 0))
				}
			}
		}
		press(each)
		other.send(key(epoch, keys[1-me][0], true))
		other.send(key(epoch-1, keys[1-me][1], true))
		holder.send(key(epoch, keyReturn, true))
		holder.send(key(epoch, keyReturn, false))
		mine := false
		for {
			e := window.Next()
			if e.Kind != desktoptest.KeyPress || e.Keysym == keyShift {
				continue
			}
			if e.Keysym == keyReturn {
				break
			}
			mine = mine || slices.Contains(keys[me], e.Keysym)
			require.True(t, slices.Contains(keys[me], e.Keysym) || !mine && slices.Contains(keys[1-me], e.Keysym),
				fmt.Sprintf("turn %d: nobody who drives pressed %#x", turn, e.Keysym))
		}
		press(20) // perhaps too late
	}
	r.SetControl(ControlHolder{Epoch: turns + 1})
	require.False(t, ann.control(turns+1))
	codes, _, state := window.Down()
	assert.Empty(t, codes)
	assert.Zero(t, state)
}
