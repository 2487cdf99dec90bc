package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/vb/agent/settings"
	"turtus/vb/stream"
)

func TestMetricsAreServedOnASocketOfTheUserAlone(t *testing.T) {
	a := newAgent(settings.Settings{}, slog.New(slog.DiscardHandler))
	streamer, err := stream.New(stream.Config{Display: func() string { return "" }, Signaller: a})
	require.NoError(t, err)
	t.Cleanup(streamer.Close)
	a.streamer = streamer
	home := filepath.Join(t.TempDir(), strings.Repeat("deep", 40)) // longer than a socket's path may be
	require.NoError(t, os.Mkdir(home, 0o700))
	path := filepath.Join(home, "metrics.sock")
	for range 2 { // also in place of a socket that a killed one left
		end := a.serveMetrics(home)
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		client := http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialSocket(ctx, path)
			},
		}}
		answer, err := client.Get("http://agent/metrics")
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Contains(t, string(body), `turtus_stream_viewers{layer="high"} 0`)
		end()
		a.parts.Wait()
		require.NoError(t, inReach(path, func(name string) error {
			left, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
			require.NoError(t, err)
			left.SetUnlinkOnClose(false)
			return left.Close()
		}))
	}
}

func TestASocketThatIsInUseIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.sock")
	first, err := listenPrivately(path)
	require.NoError(t, err)
	_, err = listenPrivately(path)
	require.Error(t, err)
	require.NoError(t, os.Remove(path))
	second, err := listenPrivately(path)
	require.NoError(t, err)
	require.NoError(t, first.Close())
	conn, err := net.Dial("unix", path)
	require.NoError(t, err, "each removes its own alone")
	require.NoError(t, conn.Close())
	require.NoError(t, second.Close())
	assert.NoFileExists(t, path)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err = listenPrivately(path)
	require.Error(t, err)
	assert.FileExists(t, path, "what is no socket is somebody's")
}
