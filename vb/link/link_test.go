package link

import (
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// patience is how long a test waits for what must come; it only decides how late a failure is told.
const patience = 30 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers every packet with itself, as long as the test runs.
func echo(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	require.NoError(t, conn.SetReadBuffer(4<<20))
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, maxPacket)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(buffer[:n], from)
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return conn
}

func open(t *testing.T, cfg Config) *Link {
	t.Helper()
	if cfg.To == "" {
		cfg.To = echo(t).LocalAddr().String()
	}
	l, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(l.Close)
	return l
}

func dial(t *testing.T, l *Link) *net.UDPConn {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(l.Addr()))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	require.NoError(t, conn.SetReadBuffer(4<<20))
	return conn
}

func send(t *testing.T, conn *net.UDPConn, number uint32, size int) {
	t.Helper()
	packet := make([]byte, size)
	binary.BigEndian.PutUint32(packet, number)
	_, err := conn.Write(packet)
	require.NoError(t, err)
}

func receive(t *testing.T, conn *net.UDPConn) uint32 {
	t.Helper()
	packet := make([]byte, maxPacket)
	n, err := conn.Read(packet)
	require.NoError(t, err)
	require.GreaterOrEqual(t, n, 4)
	return binary.BigEndian.Uint32(packet)
}

// settle waits until n packets came and each of them was delivered or dropped.
func settle(t *testing.T, counters func() Counters, n uint64) Counters {
	t.Helper()
	require.Eventually(t, func() bool {
		c := counters()
		return c.Received == n && c.Delivered+c.Lost+c.Overflowed == n
	}, patience, time.Millisecond)
	return counters()
}

func TestAPerfectLinkLosesNothingAndKeepsTheOrder(t *testing.T) {
	conn := dial(t, open(t, Config{}))
	for i := range uint32(200) {
		send(t, conn, i, 100)
	}
	for i := range uint32(200) {
		require.Equal(t, i, receive(t, conn))
	}
}

func TestThereAndBackTakesTwiceTheDelayAtLeast(t *testing.T) {
	l := open(t, Config{Delay: 40 * time.Millisecond})
	conn := dial(t, l)
	start := time.Now()
	send(t, conn, 7, 100)
	require.EqualValues(t, 7, receive(t, conn))
	require.GreaterOrEqual(t, time.Since(start), 80*time.Millisecond)
}

func TestEachClientIsAnotherOneForTheTarget(t *testing.T) {
	target, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	t.Cleanup(func() { target.Close() })
	require.NoError(t, target.SetReadDeadline(time.Now().Add(patience)))
	l := open(t, Config{To: target.LocalAddr().String()})
	first, second := dial(t, l), dial(t, l)
	send(t, first, 1, 10)
	send(t, second, 2, 10)
	buffer := make([]byte, 100)
	for range 2 {
		n, from, err := target.ReadFromUDPAddrPort(buffer)
		require.NoError(t, err)
		_, err = target.WriteToUDPAddrPort(buffer[:n], from)
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, receive(t, first))
	require.EqualValues(t, 2, receive(t, second))
}

func TestLossIsThePartThatWasAskedFor(t *testing.T) {
	for name, burst := range map[string]float64{"each by itself": 0, "in bursts": 4} {
		t.Run(name, func(t *testing.T) {
			const sent = 40000
			w := newWay(Conditions{Loss: 0.1, Burst: burst}, 1, 1)
			runs, before := 0, false
			for range sent {
				lost := w.lose()
				if lost && !before {
					runs++
				}
				before = lost
				if lost {
					w.counted.Lost++
				}
			}
			require.InDelta(t, 0.1, float64(w.counted.Lost)/sent, 0.02)
			require.InDelta(t, max(burst, 1/(1-0.1)), float64(w.counted.Lost)/float64(runs), 0.4, "mean length of a burst")
		})
	}
}

func TestTheSameSeedLosesTheSamePackets(t *testing.T) {
	came := func(seed uint64) (numbers []uint32) {
		l := open(t, Config{Seed: seed})
		require.NoError(t, l.SetUp(Conditions{Loss: 0.3}))
		conn := dial(t, l)
		for i := range uint32(100) {
			send(t, conn, i, 20)
		}
		for range settle(t, l.Up, 100).Delivered {
			numbers = append(numbers, receive(t, conn))
		}
		return numbers
	}
	first := came(5)
	require.Equal(t, first, came(5))
	require.NotEqual(t, first, came(6))
	require.Less(t, len(first), 90)
	require.Greater(t, len(first), 50)
}

func TestARateHoldsBackAndItsBufferOverflows(t *testing.T) {
	// 1 Mbit/s: a packet of 1250 bytes takes 10 ms.
	l := open(t, Config{})
	require.NoError(t, l.SetUp(Conditions{Rate: 1_000_000, Buffer: 12_500}))
	conn := dial(t, l)
	start := time.Now()
	for i := range uint32(40) {
		send(t, conn, i, 1250)
	}
	up := settle(t, l.Up, 40)
	// Where the sender was held up, some that waited had left and made place.
	require.GreaterOrEqual(t, up.Delivered, uint64(10))
	require.LessOrEqual(t, up.Delivered, 11+uint64(time.Since(start)/(10*time.Millisecond)))
	require.GreaterOrEqual(t, time.Since(start), time.Duration(up.Delivered)*10*time.Millisecond)
	require.Equal(t, up.Delivered*1250, up.Bytes)
}

func TestAnOutageEndsWithTheNextConditions(t *testing.T) {
	l := open(t, Config{Loss: 1})
	conn := dial(t, l)
	send(t, conn, 1, 10)
	require.EqualValues(t, 1, settle(t, l.Up, 1).Lost)
	require.NoError(t, l.Set(Conditions{}))
	send(t, conn, 2, 10)
	require.EqualValues(t, 2, receive(t, conn))
}

func TestAHigherRateFreesWhatWaits(t *testing.T) {
	l := open(t, Config{})
	require.NoError(t, l.SetUp(Conditions{Rate: 8})) // one byte a second
	conn := dial(t, l)
	send(t, conn, 1, 1000)
	require.Eventually(t, func() bool { return l.Up().Received == 1 }, patience, time.Millisecond)
	require.Zero(t, l.Up().Delivered)
	require.NoError(t, l.SetUp(Conditions{}))
	require.EqualValues(t, 1, receive(t, conn))
}

func TestAShorterDelayLetsNothingOvertake(t *testing.T) {
	l := open(t, Config{})
	require.NoError(t, l.SetUp(Conditions{Delay: 100 * time.Millisecond}))
	conn := dial(t, l)
	send(t, conn, 1, 10)
	require.Eventually(t, func() bool { return l.Up().Received == 1 }, patience, time.Millisecond)
	require.NoError(t, l.SetUp(Conditions{}))
	send(t, conn, 2, 10)
	require.EqualValues(t, 1, receive(t, conn))
	require.EqualValues(t, 2, receive(t, conn))
}

func TestImpossibleConditionsAreRefused(t *testing.T) {
	for _, c := range []Conditions{{Delay: -1}, {Loss: 1.1}, {Loss: -1}, {Burst: -1}, {Rate: -1}, {Buffer: -1}} {
		_, err := New(Config{To: "127.0.0.1:9", Delay: c.Delay, Loss: c.Loss, Burst: c.Burst, Rate: c.Rate, Buffer: c.Buffer})
		require.ErrorIs(t, err, ErrConditions)
		l := open(t, Config{To: "127.0.0.1:9"})
		require.ErrorIs(t, l.Set(c), ErrConditions)
	}
}

func TestACandidateIsLedThroughTheLink(t *testing.T) {
	l := open(t, Config{To: "127.0.0.1:9"})
	const candidate = "candidate:1 1 udp 2130706431 10.1.2.3 4000 typ host generation 0"
	to, ok := Target(candidate)
	require.True(t, ok)
	require.Equal(t, "10.1.2.3:4000", to)
	led, ok := Target(l.Candidate(candidate))
	require.True(t, ok)
	require.Equal(t, l.Addr().String(), led)
	for _, other := range []string{
		"", "candidate:1 1 tcp 2130706431 10.1.2.3 4000 typ host", "candidate:1 1 udp 1 10.1.2.3 4000 typ srflx raddr 1.2.3.4 rport 5",
		"candidate:1 1 udp 1 fd00::1 4000 typ host", "candidate:1 1 udp 1 a.local 4000 typ host", "candidate:1 1 udp 1 10.1.2.3 70000 typ host",
	} {
		_, ok := Target(other)
		require.False(t, ok, other)
	}
}
