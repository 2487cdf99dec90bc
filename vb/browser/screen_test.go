package browser

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"turtus/vb/desktop"
)

// corner is the colour of the screen's last pixel but two, each way, or 0 while it can't be captured.
func corner(b *running, width, height int) (rgb uint32) {
	c, err := desktop.NewCapturer(b.Display())
	if err != nil {
		return 0
	}
	defer c.Close()
	f, err := c.Grab()
	if err != nil || f.Width != width || f.Height != height {
		return 0
	}
	p := f.Pix[(height-3)*f.Stride+4*(width-3):]
	return uint32(p[2])<<16 | uint32(p[1])<<8 | uint32(p[0])
}

func TestFirefoxFillsWhateverSizeTheScreenIsGiven(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><meta charset=utf-8><title>Green</title><body style="background:#0a0">`)
	}))
	t.Cleanup(server.Close)
	home := t.TempDir()
	t.Setenv("XAUTHORITY", filepath.Join(home, "config", "Xauthority")) // where Xlib looks for the cookie
	b := start(t, Config{Home: home, StartURL: server.URL, Width: 1280, Height: 720, Resize: desktop.Resize})
	fills := func(width, height int) {
		t.Helper()
		eventually(t, fmt.Sprintf("the page fills %dx%d", width, height), func() bool {
			_, place := b.windows(t)
			return place == [4]int{0, 0, width, height} && corner(b, width, height) == 0x00aa00
		})
	}
	fills(1280, 720)
	for _, size := range [][2]int{{1920, 1080}, {854, 480}, {1280, 720}, {640, 360}, {854, 480}} {
		if err := b.SetScreen(size[0], size[1]); err != nil {
			t.Fatal(err)
		}
		fills(size[0], size[1])
	}
	for _, size := range [][2]int{{1922, 1080}, {1920, 1082}, {0, 480}} {
		if err := b.SetScreen(size[0], size[1]); !errors.Is(err, ErrScreen) {
			t.Errorf("%v: %v", size, err)
		}
	}
	restarts := b.status(Firefox).Restarts
	b.kill(t, Xvfb)
	eventually(t, "everything is started again", func() bool { return b.status(Firefox).Restarts > restarts })
	b.waitReady(t)
	fills(854, 480)
}

func TestAScreenThatNobodyCanSetIsFixed(t *testing.T) {
	s := newScreen(Config{Width: 1024, Height: 600})
	if err := s.set(":1", 1024, 600); !errors.Is(err, ErrScreen) {
		t.Error(err)
	}
	if s.mostWidth != 1024 || s.mostHeight != 600 {
		t.Error("and Xvfb need not be larger")
	}
}
