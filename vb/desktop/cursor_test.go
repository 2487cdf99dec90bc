package desktop_test

import (
	"context"
	"image"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/vb/desktop/desktoptest"
)

func TestTheCursorIsToldAtOnceAndThenWhenItChanges(t *testing.T) {
	const xterm, leftPointer = 152, 68 // X11/cursorfont.h
	display := desktoptest.StartXvfb(t, 320, 200)
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 320, 200))
	window.SetCursor(leftPointer)
	input, w := newInput(t, display), newWatcher(t, display)
	require.NoError(t, input.Move(30, 40))
	require.Equal(t, desktoptest.Motion, window.Next().Kind)
	first, err := w.Next(soon(t))
	require.NoError(t, err)
	require.Positive(t, first.Width)
	require.Len(t, first.RGBA, 4*first.Width*first.Height)
	visible := 0
	for i := 3; i < len(first.RGBA); i += 4 {
		if first.RGBA[i] != 0 {
			visible++
		}
	}
	require.Positive(t, visible, "an image, not emptiness")
	require.Less(t, visible, first.Width*first.Height, "with a transparent part")
	_, err = w.Next(briefly(t))
	require.ErrorIs(t, err, context.DeadlineExceeded)

	window.SetCursor(xterm)
	second, err := w.Next(soon(t))
	require.NoError(t, err)
	require.NotEqual(t, first.Serial, second.Serial)
	require.NotEqual(t, first.RGBA, second.RGBA)
	require.Positive(t, second.HotY)
}
