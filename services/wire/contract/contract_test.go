package contract

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClientPayloadIsCheckedAgainstTheContract(t *testing.T) {
	ok := func(messageType, payload string) {
		t.Helper()
		require.NoError(t, ClientPayload(messageType, json.RawMessage(payload)))
	}
	wrong := func(messageType, payload, field string) {
		t.Helper()
		var fieldErr *FieldError
		require.ErrorAs(t, ClientPayload(messageType, json.RawMessage(payload)), &fieldErr)
		require.Equal(t, field, fieldErr.Field, fieldErr.Detail)
	}
	ok("chat.send", `{"key":"1","text":"hello"}`)
	ok("control.take", `{}`)
	ok("signal", `{"session":"s","candidate":{"candidate":"x","sdpMid":null}}`)
	wrong("chat.send", `{"key":"1","text":""}`, "text")
	wrong("chat.send", `{"key":"1","text":"`+strings.Repeat("x", 4001)+`"}`, "text")
	wrong("chat.send", `{"key":"1","text":"a","role":"owner"}`, "")
	wrong("signal", `{"session":"s","description":{"type":"bogus","sdp":""}}`, "description.type")
	wrong("control.give", `[]`, "")
	wrong("control.give", `{`, "payload")
	require.ErrorIs(t, ClientPayload("nonsense", json.RawMessage(`{}`)), ErrUnknownType)
	require.ErrorIs(t, ClientPayload("identity", json.RawMessage(`{}`)), ErrUnknownType, "a server's message is none of a client's")
}
