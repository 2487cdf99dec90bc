package relay

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/stretchr/testify/require"
)

func dial(t *testing.T, r *Relay) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort(localhost, strconv.Itoa(r.Port())))
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func ended(t *testing.T, c net.Conn) {
	t.Helper()
	_, err := c.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection goes on")
}

func TestAStreamThatSpeaksNoTURNIsEnded(t *testing.T) {
	r := open(t, nil)
	for name, text := range map[string]string{
		"HTTP":                    "GET / HTTP/1.1\r\nHost: turtus\r\n\r\n",
		"TLS":                     "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"more than may come":      "\x00\x01\x20\x00\x21\x12\xa4\x42............",
		"a length that overflows": "\x40\x00\xff\xfc.........",
		"frames of no kind":       "\xc0\x00\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, r)
			_, err := c.Write([]byte(text))
			require.NoError(t, err)
			ended(t, c)
		})
	}
	require.Eventually(t, func() bool { return r.Statistics().Streams == 0 }, patience, time.Millisecond)
}

func TestAStreamInSmallPiecesIsUnderstood(t *testing.T) {
	c := dial(t, open(t, nil))
	request := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	for _, b := range request.Raw {
		_, err := c.Write([]byte{b})
		require.NoError(t, err)
	}
	header := make([]byte, 20)
	_, err := io.ReadFull(c, header)
	require.NoError(t, err)
	require.Equal(t, stun.BindingSuccess.Value(), binary.BigEndian.Uint16(header))
}

func TestWhatOneClientOfIPv6HasCountsAsOneAddress(t *testing.T) {
	of := func(address string) netip.Prefix { return origin(netip.MustParseAddrPort(address)) }
	require.Equal(t, of("[2001:db8:1:2::1]:1"), of("[2001:db8:1:2:ffff::9]:2"))
	require.NotEqual(t, of("[2001:db8:1:2::1]:1"), of("[2001:db8:1:3::1]:1"))
	require.NotEqual(t, of("192.0.2.1:1"), of("192.0.2.2:1"))
	require.Equal(t, of("192.0.2.1:1"), of("[::ffff:192.0.2.1]:2"))
}

func TestStreamsOfOneAddressAreBounded(t *testing.T) {
	r := open(t, func(o *Options) { o.MaxStreamsPerAddress = 2 })
	first := dial(t, r)
	dial(t, r)
	require.Eventually(t, func() bool { return r.Statistics().Streams == 2 }, patience, time.Millisecond)
	ended(t, dial(t, r))
	require.NoError(t, first.Close())
	require.Eventually(t, func() bool { return r.Statistics().Streams == 1 }, patience, time.Millisecond)
	dial(t, r)
	require.Eventually(t, func() bool { return r.Statistics().Streams == 2 }, patience, time.Millisecond)
}
