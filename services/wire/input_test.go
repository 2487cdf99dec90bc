package wire

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The same vectors are read by the page's tests (web/src/room/stream/input.test.ts).
func TestInputFramesMatchTheSharedVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/input.json")
	require.NoError(t, err)
	var vectors []struct {
		Name, Hex string
		Input     Input
	}
	require.NoError(t, json.Unmarshal(raw, &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			frame, err := hex.DecodeString(v.Hex)
			require.NoError(t, err)
			in, err := DecodeInput(frame)
			require.NoError(t, err)
			require.Equal(t, v.Input, in)
			require.Equal(t, frame, AppendInput(nil, in))
		})
	}
}

func TestAClipboardIsBoundedAndUTF8(t *testing.T) {
	longest := AppendInput(nil, Input{Op: InputClipboard, Text: strings.Repeat("a", MaxClipboard)})
	in, err := DecodeInput(longest)
	require.NoError(t, err)
	require.Len(t, in.Text, MaxClipboard)
	_, err = DecodeInput(append(longest, 'a'))
	require.ErrorIs(t, err, ErrInputFrame)
	_, err = DecodeInput([]byte{InputClipboard, 0, 0, 0, 7, 0xc3})
	require.ErrorIs(t, err, ErrInputFrame)
}

func TestACopyIsOfAButtonAWheelAKeyOrARelease(t *testing.T) {
	for op := range uint8(9) {
		frame := AppendInput(nil, Input{Op: op, Copy: true, Number: 4, Epoch: 7, Button: 1})
		in, err := DecodeInput(frame)
		if op < InputButton || op > InputRelease {
			require.ErrorIs(t, err, ErrInputFrame, "opcode %d", op)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, op, in.Op)
		require.EqualValues(t, 4, in.Number)
		_, err = DecodeInput(frame[:len(frame)-1])
		require.ErrorIs(t, err, ErrInputFrame)
		_, err = DecodeInput(append(frame, 0))
		require.ErrorIs(t, err, ErrInputFrame)
	}
}

func FuzzDecodeInput(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 7})
	f.Add([]byte{9, 0, 0, 0, 7, 0, 0})
	f.Add(AppendInput(nil, Input{Op: InputKey, Epoch: 3, Keysym: 0xff0d, Down: true}))
	f.Add(AppendInput(nil, Input{Op: InputClipboard, Epoch: 3, Text: "häß"}))
	f.Add([]byte{InputClipboard, 0, 0, 0, 7, 0xff})
	f.Add(AppendInput(nil, Input{Op: InputButton, Copy: true, Number: 1 << 31, Epoch: 3, Button: 2, Down: true, X: 5, Y: 6}))
	f.Add([]byte{InputCopy, 0, 0, 0, 7, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := DecodeInput(b)
		if err != nil {
			require.ErrorIs(t, err, ErrInputFrame)
			return
		}
		require.Equal(t, b, AppendInput(nil, in), "what decodes encodes to the same bytes")
	})
}
