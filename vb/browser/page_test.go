package browser

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

func TestARunningFirefoxShowsAPageInPlaceOfItsOwn(t *testing.T) {
	url, p := page(t, `<script>say("here")</script>`)
	b := start(t, Config{})
	eventually(t, "the page is shown", func() bool {
		err := b.Open(t.Context(), url)
		if err != nil && !errors.Is(err, ErrNotShown) {
			t.Fatal(err)
		}
		return err == nil
	})
	p.until(t, "here")
	b.waitTitle(t, "Page")
}

func TestNoFirefoxOnTheBusIsSaid(t *testing.T) {
	b := start(t, Config{}, DBus, Xvfb)
	if err := b.Open(t.Context(), "https://example.org/"); !errors.Is(err, ErrNoFirefox) {
		t.Error(err)
	}
	if err := b.Open(t.Context(), "--version"); err == nil || errors.Is(err, ErrNoFirefox) {
		t.Error("an option was taken for a page:", err)
	}
}

func TestABusThatIsNotThereIsSaid(t *testing.T) {
	b := start(t, Config{}, Xvfb)
	if err := b.Open(context.Background(), "https://example.org/"); err == nil || errors.Is(err, ErrNoFirefox) {
		t.Error(err)
	}
}

func TestACommandLineIsPackedAsFirefoxTakesIt(t *testing.T) {
	packed := commandLine("/home", "firefox", "-url", "https://example.org/")
	if n := binary.LittleEndian.Uint32(packed); n != 3 {
		t.Errorf("%d arguments", n)
	}
	if dir := packed[16:]; !strings.HasPrefix(string(dir), "/home\x00") {
		t.Errorf("the folder: %q", dir)
	}
	for i, want := range []string{"firefox", "-url", "https://example.org/"} {
		at := binary.LittleEndian.Uint32(packed[4*(i+1):])
		if got := string(packed[at : int(at)+len(want)+1]); got != want+"\x00" {
			t.Errorf("argument %d is %q", i, got)
		}
	}
}

func TestAnAnswerThatIsCutOffIsNoPanic(t *testing.T) {
	for _, bytes := range []string{"", "\xff\xff\xff\xff", "\x04\x00\x00\x00a", "\x00\x00\x00"} {
		r := reader{rest: []byte(bytes)}
		r.text()
		r.signature()
		if r.uint32(); !r.short {
			t.Errorf("%q was enough", bytes)
		}
	}
}
