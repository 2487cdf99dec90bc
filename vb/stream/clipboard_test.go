package stream

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/desktop/desktoptest"
)

func clipboardFrame(epoch uint32, text string) wire.Input {
	return wire.Input{Op: wire.InputClipboard, Epoch: epoch, Text: text}
}

// copies has a program copy a text, and returns when it was asked for and handed over.
func copies(program *desktoptest.Selection, text string) {
	program.Copy()
	program.Asked()
	program.Answer("UTF8_STRING", text)
}

// presses has the controller press a key, after which what is copied is its own.
func (p *page) presses(epoch uint32, window *desktoptest.Window) {
	p.t.Helper()
	p.send(key(epoch, keyA, true))
	until(window, desktoptest.KeyPress)
	p.send(key(epoch, keyA, false))
}

func (p *page) copied() string {
	p.t.Helper()
	e, err := wire.Decode[wire.ClipboardEvent](p.event(wire.EventClipboard))
	require.NoError(p.t, err)
	return e.Text
}

// copiedUntil lists what the page is told of the clipboard before it is told of an epoch.
func (p *page) copiedUntil(epoch uint32) (texts []string) {
	p.t.Helper()
	for {
		e := p.event(wire.EventClipboard, wire.EventControl)
		if e.Type == wire.EventClipboard {
			c, err := wire.Decode[wire.ClipboardEvent](e)
			require.NoError(p.t, err)
			texts = append(texts, c.Text)
			continue
		}
		c, err := wire.Decode[wire.ControlEvent](e)
		require.NoError(p.t, err)
		if c.Epoch == int64(epoch) {
			return texts
		}
	}
}

func TestTheControllersClipboardIsThereBeforeItsNextKey(t *testing.T) {
	r, window, ann, ben := stage(t)
	program := desktoptest.OpenSelection(t, r.cfg.Display())
	r.give(1, ann)
	for _, text := range []string{"Grüße 🎉", strings.Repeat("ü", wire.MaxClipboard/2)} {
		ann.send(clipboardFrame(1, text))
		ann.send(key(1, keyA, true))
		until(window, desktoptest.KeyPress)
		ann.send(key(1, keyA, false))
		got, is := program.Paste("UTF8_STRING")
		require.True(t, is)
		assert.Equal(t, text, string(got))
	}
	ben.send(clipboardFrame(1, "ben's"))
	assert.Equal(t, wire.ErrorCodeControlNotHeld, ben.refusal())
	got, _ := program.Paste("UTF8_STRING")
	assert.NotEqual(t, "ben's", string(got))
}

func TestWhatIsCopiedIsToldToTheControllerAlone(t *testing.T) {
	r, window, ann, ben := stage(t)
	program := desktoptest.OpenSelection(t, r.cfg.Display())
	r.give(1, ann, ben)
	ann.presses(1, window)
	longest := strings.Repeat("<", wire.MaxClipboard)
	for _, text := range []string{"<a href=\"häß\">", longest} {
		copies(program, text)
		assert.Equal(t, text, ann.copied())
	}

	r.SetControl(ControlHolder{Peer: ben.peer, Epoch: 2})
	assert.Empty(t, ben.copiedUntil(2))
	ann.copiedUntil(2)
	copies(program, "late from ann")
	program.Copy()
	program.Asked()
	ben.presses(2, window)
	program.Answer("UTF8_STRING", "later still")
	copies(program, "for ben")
	assert.Equal(t, "for ben", ben.copied(), "nothing older comes first")

	r.SetControl(ControlHolder{Epoch: 3})
	assert.Empty(t, ann.copiedUntil(3))
	assert.Empty(t, ben.copiedUntil(3))
	copies(program, "for nobody")
	r.SetControl(ControlHolder{Peer: ann.peer, Epoch: 4})
	assert.Empty(t, ann.copiedUntil(4))
	assert.Empty(t, ben.copiedUntil(4))
	ann.presses(4, window)
	copies(program, "for ann")
	assert.Equal(t, "for ann", ann.copied())
}

func TestWhatTheControllerSentForPastingGoesWithItsControl(t *testing.T) {
	r, window, ann, ben := stage(t)
	program := desktoptest.OpenSelection(t, r.cfg.Display())
	r.give(1, ann, ben)
	ann.send(clipboardFrame(1, "ann's password"))
	ann.send(key(1, keyA, true))
	until(window, desktoptest.KeyPress)
	r.give(2, ben, ann)
	_, is := program.Paste("UTF8_STRING")
	assert.False(t, is)
}
