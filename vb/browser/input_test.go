package browser

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"turtus/vb/desktop"
	"turtus/vb/image"
)

// told is what a page has said last of itself.
type told struct{ texts chan string }

// page serves a page that fills the window, and whose script says things by say("..."); what is out of date before it is sent goes unsaid.
func page(t testing.TB, body string) (url string, p *told) {
	t.Helper()
	p = &told{texts: make(chan string, 1000)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><meta charset=utf-8><title>Page</title><body style="margin:0">
<script>let said, saying = false; async function say(text) {
	said = text; if (saying) return; saying = true;
	for (let sent; sent !== said;) await fetch("/say", {method: "POST", body: sent = said});
	saying = false;
}
addEventListener("mousemove", () => say("heeds the mouse"), {once: true})</script>`+body)
	})
	mux.HandleFunc("POST /say", func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		p.texts <- string(text)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/", p
}

// until passes over what the page says until it is this.
func (p *told) until(t *testing.T, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	last := "nothing"
	for last != want {
		select {
		case last = <-p.texts:
		case <-ctx.Done():
			t.Fatalf("the page says %q, not %q", last, want)
		}
	}
}

// hands are mouse and keyboard of a browser that a test has started.
type hands struct {
	*desktop.Input
	t testing.TB
}

func (h hands) tap(keysyms ...uint32) {
	h.t.Helper()
	for _, down := range []bool{true, false} {
		for _, keysym := range keysyms {
			if err := h.Key(keysym, down); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

func (h hands) types(text string) {
	h.t.Helper()
	for _, char := range text {
		if char < 0x100 {
			h.tap(uint32(char))
		} else {
			h.tap(0x01000000 + uint32(char))
		}
	}
}

// driven starts a browser that shows a page, with hands, and waits until the page's script hears of them: until a page has been there for a tenth
// of a second and three frames, Firefox keeps from its script what a person does, though it scrolls (dom.input_events.security).
func driven(t testing.TB, url string, p *told) (*running, hands) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("XAUTHORITY", filepath.Join(home, "config", "Xauthority")) // where Xlib looks for the cookie
	b := start(t, Config{Home: home, StartURL: url, Width: 1280, Height: 720})
	in, err := desktop.NewInput(b.Display())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	x := 400
	eventually(t, "the page heeds the mouse", func() bool {
		x = 801 - x
		if err := in.Move(x, 400); err != nil {
			t.Fatal(err)
		}
		select {
		case text := <-p.texts:
			return text == "heeds the mouse"
		default:
			return false
		}
	})
	return b, hands{in, t}
}

func TestFirefoxTakesWhatIsTypedAndPastedAndTellsWhatIsCopied(t *testing.T) {
	const control, deadAcute = 0xffe3, 0xfe51
	url, p := page(t, `<textarea id=t style="width:90vw;height:80vh"></textarea><script>t.oninput = () => say(t.value); t.focus();
t.onmousedown = () => setTimeout(() => say("clicked"))</script>`)
	b, hands := driven(t, url, p)
	clipboard, err := desktop.NewClipboard(b.Display())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	copied, served := make(chan string, 100), make(chan struct{})
	go func() {
		defer close(served)
		_ = clipboard.Run(ctx, func(text string) { copied <- text })
	}()
	defer func() {
		cancel()
		<-served
		_ = clipboard.Close()
	}()
	_ = hands.Button(1, true)
	_ = hands.Button(1, false)
	p.until(t, "clicked")

	text := "aZ09 !@#€äÖß ñ жЖщ 日本語 한글 😀→"
	hands.types(text)
	p.until(t, text)
	hands.tap(deadAcute)
	hands.tap('e')
	p.until(t, text+"é")

	hands.tap(control, 'a')
	hands.tap(control, 'c')
	eventually(t, "what was copied is told", func() bool { return len(copied) > 0 })
	if got := <-copied; got != text+"é" {
		t.Errorf("%q was copied", got)
	}
	pasted := "Grüße, 日本 🎉 " + fmt.Sprintf("%040000d", 7)
	if err := clipboard.Set(pasted); err != nil {
		t.Fatal(err)
	}
	hands.tap(control, 'v')
	p.until(t, pasted)

	hands.tap(control, 'a')
	hands.tap(control, 'x')
	p.until(t, "")
	eventually(t, "much is told too", func() bool { return len(copied) > 0 })
	if got := <-copied; got != pasted {
		t.Errorf("%d bytes were copied, not %d", len(got), len(pasted))
	}
}

func TestFirefoxScrollsAsFarAsUsualAndFinely(t *testing.T) {
	url, p := page(t, `<div style="width:20000px;height:20000px"></div><script>
let x = 0, y = 0; const tell = () => say([scrollX, scrollY, x.toFixed(1), y.toFixed(1)].map(Number).map(Math.round).join(" "));
addEventListener("wheel", e => { x += e.deltaX; y += e.deltaY; tell() }); addEventListener("scroll", tell)</script>`) // in either order
	_, hands := driven(t, url, p)
	scroll := func(dx, dy int, want string) {
		t.Helper()
		if err := hands.Scroll(dx, dy); err != nil {
			t.Fatal(err)
		}
		p.until(t, want)
	}
	scroll(0, 1, "0 7 0 7")
	scroll(0, image.WheelClicks-1, "0 138 0 138")
	scroll(1, 0, "7 138 7 138")
	scroll(image.WheelClicks-1, 0, "138 138 138 138")
	scroll(0, -image.WheelClicks, "138 0 138 0")
}
