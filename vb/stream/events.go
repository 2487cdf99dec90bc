package stream

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"sync"

	"turtus/services/wire"
	"turtus/vb/desktop"
)

// event is an AgentEvents message, encoded once for all who get it.
type event struct {
	text []byte
	// dispensable events are left out for a viewer that reads slowly: the next one says more.
	dispensable bool
}

func newEvent(eventType string, payload any) event {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // no page has it in HTML, and copied HTML would be five times as long
	err := encoder.Encode(struct {
		Type    string `json:"type"`
		Payload any    `json:"payload"`
	}{eventType, payload})
	if err != nil {
		panic(fmt.Sprintf("stream: marshal %s: %v", eventType, err)) // no payload of the contract does that
	}
	dispensable := eventType == wire.EventPointer || eventType == wire.EventStatistics || eventType == wire.EventClipboard
	return event{text: bytes.TrimSuffix(text.Bytes(), []byte("\n")), dispensable: dispensable}
}

// maxEvent is the longest event in bytes: browsers take no message over 256 KiB.
const maxEvent = 256 << 10

// clipboardEvent fails for a text of control characters alone, which JSON makes six times as long.
func clipboardEvent(text string) (event, bool) {
	e := newEvent(wire.EventClipboard, wire.ClipboardEvent{Text: text})
	return e, len(e.text) <= maxEvent
}

func screenEvent(width, height, frameRate int) event {
	return newEvent(wire.EventScreen, wire.ScreenEvent{Width: width, Height: height, FrameRate: frameRate})
}

func errorEvent(code wire.ErrorCode, detail string) event {
	return newEvent(wire.EventError, wire.WSError{Code: code, Detail: detail})
}

// cursorEvent encodes the pointer's picture; one with no visible pixel has an empty png.
func cursorEvent(c desktop.CursorImage) (event, error) {
	payload := wire.CursorEvent{Width: c.Width, Height: c.Height, HotX: c.HotX, HotY: c.HotY}
	visible := false
	for i := 3; i < len(c.RGBA); i += 4 {
		if c.RGBA[i] != 0 {
			visible = true
			break
		}
	}
	if visible {
		img := &image.NRGBA{Pix: c.RGBA, Stride: 4 * c.Width, Rect: image.Rect(0, 0, c.Width, c.Height)}
		var file bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		if err := encoder.Encode(&file, img); err != nil {
			return event{}, fmt.Errorf("encode the cursor: %w", err)
		}
		payload.Png = base64.StdEncoding.EncodeToString(file.Bytes())
	}
	return newEvent(wire.EventCursor, payload), nil
}

// lastEvents are what a newcomer is told: the newest event of each kind that is the same for all.
type lastEvents struct {
	mu             sync.Mutex
	screen, cursor event
}

func (l *lastEvents) setScreen(e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.screen = e
}

func (l *lastEvents) setCursor(e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cursor = e
}

func (l *lastEvents) all() []event {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := []event{l.screen}
	if l.cursor.text != nil {
		all = append(all, l.cursor)
	}
	return all
}
