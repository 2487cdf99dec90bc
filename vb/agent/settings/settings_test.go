package settings

import (
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestDefaults(t *testing.T) {
	s, err := Read([]string{"-s", "ws://hub/ws"}, environment("TURTUS_VB_TOKEN", "t"), io.Discard)
	require.NoError(t, err)
	assert.Equal(t, Settings{
		SignalServer: "ws://hub/ws", Token: "t", Timeout: time.Minute, SignalTimeout: time.Minute, Verbosity: slog.LevelInfo,
		Width: 1280, Height: 720, Depth: 24, FrameRate: 30, StartURL: "about:blank",
	}, s)
}

func TestAFlagWinsOverItsVariable(t *testing.T) {
	env := environment("TURTUS_VB_TOKEN", "t", "TURTUS_VB_SIGNAL_SERVER", "wss://variable/", "TURTUS_VB_TIMEOUT", "7",
		"TURTUS_VB_VERBOSITY", "3", "TURTUS_VB_ICE_SERVERS", `[{"urls":["stun:s:1"]}]`, "TURTUS_VB_LOOPBACK", "true", "TURTUS_VB_ONE_BY_ONE", "true")
	s, err := Read([]string{"--signal-server=ws://flag/", "-v", "warn"}, env, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "ws://flag/", s.SignalServer)
	assert.Equal(t, 7*time.Millisecond, s.Timeout)
	assert.Equal(t, slog.LevelWarn, s.Verbosity)
	assert.True(t, s.Loopback)
	assert.True(t, s.OneByOne)
	assert.Equal(t, []string{"stun:s:1"}, s.ICEServers[0].Urls)
}

func TestWrongValuesAreNamedAllAtOnce(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  []string
		want []string
	}{
		{nil, nil, []string{"--signal-server", "TURTUS_VB_TOKEN"}},
		{[]string{"-s", "unix://run/hub.sock"}, nil, []string{"--signal-server"}},
		{[]string{"--addresses", "192.0.2.1"}, nil, []string{"--addresses", "--udp-port"}},
		{[]string{"--addresses", "192.0.2.1,host", "--udp-port", "5000"}, nil, []string{"--addresses", "TURTUS_VB_ADDRESSES", `"host"`}},
		{[]string{"-s", "http://hub"}, nil, []string{"--signal-server", "TURTUS_VB_SIGNAL_SERVER"}},
		{[]string{"-t", "-1"}, nil, []string{"--timeout"}},
		{[]string{"--width", "1", "--height", "99999"}, nil, []string{"--width", "--height"}},
		{[]string{"--depth", "16"}, nil, []string{"--depth"}},
		{[]string{"--frame-rate", "0", "--udp-port", "70000", "--bitrate", "1"}, nil, []string{"--frame-rate", "--udp-port", "--bitrate"}},
		{[]string{"--start-url", "file:///etc/passwd"}, nil, []string{"--start-url"}},
		{[]string{"--ice-servers", "stun:s"}, nil, []string{"--ice-servers"}},
		{[]string{"--ice-servers", `[{"urls":["http://s"]}]`}, nil, []string{"--ice-servers"}},
		{[]string{"-v", "loud"}, nil, []string{"--verbosity"}},
		{nil, []string{"TURTUS_VB_HEIGHT", "tall", "TURTUS_VB_WIDTH", "2"}, []string{"TURTUS_VB_HEIGHT", "TURTUS_VB_WIDTH"}},
		{nil, []string{"TURTUS_VB_TOKEN_FILE", "/nowhere"}, []string{"TURTUS_VB_TOKEN_FILE"}},
		{[]string{"more"}, nil, []string{`"more"`}},
		{[]string{"--token", "t"}, nil, []string{"--token"}},
	} {
		_, err := Read(c.args, environment(c.env...), io.Discard)
		require.Error(t, err, "%v", c.args)
		for _, want := range c.want {
			assert.ErrorContains(t, err, want)
		}
	}
}

func TestTheTokenByAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(path, []byte("from-file\n"), 0o600))
	s, err := Read([]string{"-s", "ws://hub/"}, environment("TURTUS_VB_TOKEN_FILE", path), io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "from-file", s.Token)
}

func TestTheTokenByTheInput(t *testing.T) {
	by := environment("TURTUS_VB_TOKEN_FILE", "-")
	input, writer := io.Pipe()
	go func() { _, _ = writer.Write([]byte("from-input\nmore")) }() // and it stays open
	token, err := readToken(by, input)
	require.NoError(t, err)
	assert.Equal(t, "from-input", token)
	require.NoError(t, input.Close())
	token, err = readToken(by, strings.NewReader("no line's end"))
	require.NoError(t, err)
	assert.Equal(t, "no line's end", token)
	_, err = readToken(by, strings.NewReader(""))
	require.ErrorContains(t, err, "is empty")
}

func TestAHubAtASocketAndAddressesOfTheMachine(t *testing.T) {
	s, err := Read([]string{"-s", "unix:///run/turtus/hub.sock", "--udp-port", "5000"},
		environment("TURTUS_VB_TOKEN", "t", "TURTUS_VB_ADDRESSES", "192.0.2.1, 2001:db8::1"), io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "unix:///run/turtus/hub.sock", s.SignalServer)
	assert.Equal(t, []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, s.Addresses)
}

func TestHelpTellsEveryFlag(t *testing.T) {
	var help strings.Builder
	_, err := Read([]string{"--help"}, environment(), &help)
	require.ErrorIs(t, err, ErrHelp)
	for _, flag := range []string{"--signal-server", "--timeout", "--udp-port", "TURTUS_VB_TOKEN"} {
		assert.Contains(t, help.String(), flag)
	}
}
