package wire

import (
	"encoding/hex"
	"encoding/json"
	"os"
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

func FuzzDecodeInput(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 7})
	f.Add([]byte{9, 0, 0, 0, 7, 0, 0})
	f.Add(AppendInput(nil, Input{Op: InputKey, Epoch: 3, Keysym: 0xff0d, Down: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := DecodeInput(b)
		if err != nil {
			require.ErrorIs(t, err, ErrInputFrame)
			return
		}
		require.Equal(t, b, AppendInput(nil, in), "what decodes encodes to the same bytes")
	})
}
