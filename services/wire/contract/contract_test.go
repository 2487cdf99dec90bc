package contract

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClientPayloadIsCheckedAgainstTheContract(t *testing.T) {
	is := func(messageType, payload, checked string) {
		t.Helper()
		got, err := ClientPayload(messageType, json.RawMessage(payload))
		require.NoError(t, err)
		require.JSONEq(t, checked, string(got))
	}
	ok := func(messageType, payload string) {
		t.Helper()
		is(messageType, payload, payload)
	}
	wrong := func(messageType, payload, field string) {
		t.Helper()
		var fieldErr *FieldError
		_, err := ClientPayload(messageType, json.RawMessage(payload))
		require.ErrorAs(t, err, &fieldErr)
		require.Equal(t, field, fieldErr.Field, fieldErr.Detail)
	}
	ok("chat.send", `{"key":"1","text":"hello"}`)
	ok("control.take", `{}`)
	ok("signal", `{"session":"s","candidate":{"candidate":"x","sdpMid":null}}`)
	is("signal", `{"session":"s","candidate":{"sdpMLineIndex":-1},"candidate":{"candidate":"x","Candidate":5}}`, `{"session":"s","candidate":{"candidate":"x"}}`)
	is("vb.activity", `{"epoch":1e3}`, `{"epoch":1000}`)
	wrong("chat.send", `{"key":"1","text":""}`, "text")
	wrong("chat.send", `{"key":"1","text":"`+strings.Repeat("x", 4001)+`"}`, "text")
	wrong("chat.send", `{"key":"1","text":"a","role":"owner"}`, "")
	wrong("signal", `{"session":"s","description":{"type":"bogus","sdp":""}}`, "description.type")
	wrong("control.give", `[]`, "")
	wrong("control.give", `{`, "payload")
	for _, unknown := range []string{"nonsense", "identity" /* a server's message is none of a client's */} {
		_, err := ClientPayload(unknown, json.RawMessage(`{}`))
		require.ErrorIs(t, err, ErrUnknownType)
	}
}
