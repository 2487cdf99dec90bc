package desktop_test

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/vb/desktop"
	"turtus/vb/desktop/desktoptest"
)

// board is a clipboard that is served, and a program that uses it.
type board struct {
	t       *testing.T
	b       *desktop.Clipboard
	program *desktoptest.Selection
	copied  chan string
	display string
}

func newBoard(t *testing.T, giveUpAfter time.Duration) *board {
	t.Helper()
	display := desktoptest.StartXvfb(t, 320, 200)
	d := &board{t: t, b: newClipboard(t, display), program: desktoptest.OpenSelection(t, display), copied: make(chan string, 10), display: display}
	if giveUpAfter > 0 {
		d.b.GiveUpAfter(giveUpAfter)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.b.Run(ctx, func(text string) { d.copied <- text }) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	return d
}

func (d *board) told() string {
	d.t.Helper()
	select {
	case text := <-d.copied:
		return text
	case <-soon(d.t).Done():
		d.t.Fatal("what was copied is not told")
		return ""
	}
}

// marked copies a text that is told: nothing else was before it.
func (d *board) marked() {
	d.t.Helper()
	d.program.Copy()
	d.program.Asked()
	d.program.Answer("UTF8_STRING", "mark")
	require.Equal(d.t, "mark", d.told())
}

func TestWhatWasSetIsPasted(t *testing.T) {
	d := newBoard(t, 0)
	_, is := d.program.Paste("UTF8_STRING")
	require.False(t, is, "nothing is there at first")
	for _, text := range []string{"Grüße, 日本 🎉\n", "", strings.Repeat("ü", desktop.MaxClipboard/2)} {
		require.NoError(t, d.b.Set(text))
		for _, target := range []string{"UTF8_STRING", "text/plain;charset=utf-8"} {
			got, is := d.program.Paste(target)
			require.True(t, is)
			require.Equal(t, text, string(got))
		}
	}
	for target, words := range map[string]int{"TARGETS": 4, "TIMESTAMP": 1} {
		got, is := d.program.Paste(target)
		require.True(t, is)
		require.Len(t, got, 8*words, target)
		require.NotZero(t, binary.NativeEndian.Uint64(got))
	}
	_, is = d.program.Paste("image/png")
	require.False(t, is)
	require.ErrorIs(t, d.b.Set(strings.Repeat("a", desktop.MaxClipboard+1)), desktop.ErrClipboard)
	require.NoError(t, d.b.Forget())
	_, is = d.program.Paste("UTF8_STRING")
	require.False(t, is, "nothing of it is left")
	d.marked() // and what was set was not told as if somebody had copied it
}

func TestWhatIsCopiedIsTold(t *testing.T) {
	d := newBoard(t, 0)
	require.NoError(t, d.b.Set("ours"))
	d.program.Copy()
	d.program.Asked()
	d.program.Answer("UTF8_STRING", "häß 🎉")
	require.Equal(t, "häß 🎉", d.told())
	require.NoError(t, d.b.Set("ours again"))
	d.program.Lost()
}

func TestAnOldLossOfTheClipboardIsNotTakenForANewOne(t *testing.T) {
	d := newBoard(t, 0)
	for range 50 {
		require.NoError(t, d.b.Set("ours"))
		d.program.Copy()
		require.NoError(t, d.b.Set("ours again")) // perhaps before the loss is heard of
		got, is := d.program.Paste("UTF8_STRING")
		require.True(t, is)
		require.Equal(t, "ours again", string(got))
	}
}

func TestMuchIsCopiedInParts(t *testing.T) {
	d := newBoard(t, 0)
	text := strings.Repeat("0123456789ä", 4000)
	for _, size := range []int{7000, len(text)} {
		d.program.Copy()
		d.program.Asked()
		require.True(t, d.program.AnswerInParts(text, size))
		require.Equal(t, text, d.told())
	}
	d.program.Copy()
	d.program.Asked()
	require.True(t, d.program.AnswerInParts("", 10))
	require.Empty(t, d.told())
}

func TestWhatIsTooLongOrNoTextIsNotTold(t *testing.T) {
	d := newBoard(t, 0)
	tooLong := strings.Repeat("a", desktop.MaxClipboard+1)
	for name, answer := range map[string]func(){
		"too long":          func() { d.program.Answer("UTF8_STRING", tooLong) },
		"too long in parts": func() { require.False(t, d.program.AnswerInParts(tooLong, 5000), "it is not taken to the end") },
		"not UTF-8":         func() { d.program.Answer("UTF8_STRING", "\xc3") },
		"of another type":   func() { d.program.Answer("image/png", "text") },
	} {
		t.Run(name, func(t *testing.T) {
			d.program.Copy()
			d.program.Asked()
			answer()
			d.marked()
		})
	}
}

func TestAProgramThatNeverHandsOverIsGivenUp(t *testing.T) {
	d := newBoard(t, 50*time.Millisecond)
	d.program.Copy()
	d.program.Asked()
	d.program.Abandoned()

	d.program.Copy()
	d.program.Asked()
	require.NoError(t, d.b.Set("meanwhile"), "nobody waits for it")
	got, is := d.program.Paste("UTF8_STRING")
	require.True(t, is)
	require.Equal(t, "meanwhile", string(got))
}

func TestAProgramThatNeverHandsOverDoesNotKeepTheNextFromIt(t *testing.T) {
	d := newBoard(t, time.Hour)
	d.program.Copy()
	d.program.Asked()
	other := desktoptest.OpenSelection(t, d.display)
	other.Copy()
	d.program.Abandoned()
	other.Asked()
	other.Answer("UTF8_STRING", "newer")
	require.Equal(t, "newer", d.told())
}

func TestAProgramThatDiesTakesOnlyItsOwnCopyAlong(t *testing.T) {
	d := newBoard(t, time.Hour)
	for range 3 {
		dying := desktoptest.OpenSelection(t, d.display)
		dying.Copy()
		dying.Asked()
		dying.Die()
		d.marked()
	}
}

func TestAPastingProgramThatDiesHarmsNobody(t *testing.T) {
	d := newBoard(t, 0)
	require.NoError(t, d.b.Set("text"))
	for range 20 {
		dying := desktoptest.OpenSelection(t, d.display)
		dying.AskAndDie("UTF8_STRING")
		require.NoError(t, d.b.Set("text"))
	}
	got, is := d.program.Paste("UTF8_STRING")
	require.True(t, is)
	require.Equal(t, "text", string(got))
}

func TestWhatWasCopiedBeforeIsForgotten(t *testing.T) {
	d := newBoard(t, time.Hour)
	early := desktoptest.OpenSelection(t, d.display)
	for range 20 {
		early.Copy() // perhaps not heard of yet
		require.NoError(t, d.b.Forget())
		d.marked()
	}
	early = desktoptest.OpenSelection(t, d.display)
	early.Copy()
	early.Asked()
	require.NoError(t, d.b.Forget())
	early.Abandoned()
	early.Answer("UTF8_STRING", "early")
	d.marked()
}
