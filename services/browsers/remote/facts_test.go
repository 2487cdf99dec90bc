package remote

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/browsers"
)

type describer struct {
	*fakeLauncher
	facts browsers.Facts
}

func (d describer) Facts(context.Context) (browsers.Facts, error) { return d.facts, nil }

func TestWhatBrowsersAreStartedByIsTheLaunchersToSay(t *testing.T) {
	h := newHouse(t, nil)
	plain, err := h.client.Facts(ctx)
	require.NoError(t, err)
	require.Equal(t, browsers.Facts{Launcher: h.launcher.Name()}, plain)
	h.crash()
	want := browsers.Facts{
		Launcher: "docker", Isolated: true, Version: "28.5.2", Folder: "/var/lib/docker", Image: "turtus-browser", ImageThere: true, ImageVersion: "1.2.3",
	}
	h.preparer = describer{h.launcher, want}
	h.serve()
	h.available()
	got, err := h.client.Facts(ctx)
	require.NoError(t, err)
	require.Equal(t, want, got)
	h.kill()
	require.Eventually(t, func() bool {
		_, err := h.client.Facts(ctx)
		return err != nil
	}, patience, time.Millisecond)
}

type meter struct {
	*fakeLauncher
	usage map[uuid.UUID]browsers.Usage
}

func (m meter) Usage(context.Context) (map[uuid.UUID]browsers.Usage, error) { return m.usage, nil }

func TestWhatBrowsersTakeComesThroughTheSocket(t *testing.T) {
	h := newHouse(t, nil)
	none, err := h.client.Usage(ctx)
	require.NoError(t, err)
	require.Empty(t, none, "of a launcher that can't measure")
	h.crash()
	want := map[uuid.UUID]browsers.Usage{uuid.New(): {At: time.Now().UTC().Round(0), CPU: time.Minute, Memory: 500 << 20}}
	h.preparer = meter{h.launcher, want}
	h.serve()
	h.available()
	got, err := h.client.Usage(ctx)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
