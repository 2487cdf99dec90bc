package wire

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzEnvelope: what is read of an envelope is what is written again, so nothing is lost or added on a message's way through the hub.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"type":"signal","id":"1","target":"p","payload":{"session":"s"}}`))
	f.Add([]byte(`{"type":"ok","re":"1","version":9007199254740993,"sender":"p","payload":{"a":"<\u2028\ud800>"}}`))
	f.Add([]byte(`{"TYPE":"a","type":"b","payload":null,"payload":[1e400]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e Envelope
		if json.Unmarshal(text, &e) != nil {
			return
		}
		written, err := json.Marshal(e)
		require.NoError(t, err)
		var again Envelope
		require.NoError(t, json.Unmarshal(written, &again))
		// What is said of a message stays as it is; the payload's spelling may change, not what it says.
		require.Equal(t, plain(t, e.Payload), plain(t, again.Payload))
		e.Payload, again.Payload = nil, nil
		require.Equal(t, e, again)
	})
}

func plain(t *testing.T, payload json.RawMessage) (value any) {
	t.Helper()
	if len(payload) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	require.NoError(t, d.Decode(&value))
	return value
}
