package contract

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// reread reads a payload as the hub and the agent do, and writes what they have understood.
func reread[T any](payload json.RawMessage) (json.RawMessage, error) {
	read, err := wire.Decode[T](wire.Envelope{Payload: payload})
	if err != nil {
		return nil, err
	}
	return json.Marshal(read)
}

var readers = map[string]func(json.RawMessage) (json.RawMessage, error){
	wire.TypeHello: reread[wire.Hello], wire.TypeEcho: reread[wire.Echo], wire.TypeSignal: reread[wire.Signal],
	wire.TypeStreamRequest: reread[wire.StreamRequest], wire.TypeStreamPrefer: reread[wire.StreamPrefer], wire.TypeStreamStop: reread[wire.StreamStop],
	wire.TypeChatSend: reread[wire.ChatSend], wire.TypeChatEdit: reread[wire.ChatEdit], wire.TypeChatDelete: reread[wire.ChatRef],
	wire.TypeChatReact: reread[wire.ChatReact], wire.TypeChatTyping: reread[wire.Typing], wire.TypeChatSlow: reread[wire.SlowMode],
	wire.TypeChatClear: reread[struct{}], wire.TypeReaction: reread[wire.FloatingReaction], wire.TypePresenceUpdate: reread[wire.PresenceUpdate],
	wire.TypePointerMove: reread[wire.PointerMove], wire.TypePointersWant: reread[wire.PointersWant], wire.TypeHandRaise: reread[struct{}], wire.TypeHandLower: reread[wire.HandLower],
	wire.TypeControlTake: reread[struct{}], wire.TypeControlRequest: reread[struct{}], wire.TypeControlCancel: reread[struct{}],
	wire.TypeControlGive: reread[wire.ControlPeer], wire.TypeControlDeny: reread[wire.ControlPeer], wire.TypeControlRelease: reread[struct{}],
	wire.TypeDoorAnswer: reread[wire.DoorAnswer], wire.TypeLinkSuggest: reread[wire.LinkSuggest], wire.TypeLinkVote: reread[wire.LinkRef],
	wire.TypeLinkOpen: reread[wire.LinkRef], wire.TypeLinkWithdraw: reread[wire.LinkRef], wire.TypeVBStatus: reread[wire.VBStatus],
	wire.TypeVBActivity: reread[wire.VBActivity], wire.TypeVBEnding: reread[wire.VBEnding],
}

// FuzzClientPayload: what passes the contract is read by Go, and what Go has understood of it passes the contract too. So nothing that is said
// twice, or under a name in capitals, comes past the bounds.
func FuzzClientPayload(f *testing.F) {
	for messageType := range Spec().Components.Schemas["ClientMessages"].Value.Properties {
		require.Contains(f, readers, messageType)
		f.Add(messageType, []byte(`{}`))
	}
	for _, seed := range [][2]string{
		{"hello", `{"token":"x","kind":"viewer","resume":{"peer":"p","key":"k","control":true}}`},
		{"signal", `{"session":"call:a:","description":{"type":"offer","sdp":"v=0"}}`},
		{"signal", `{"session":"call:a:","candidate":{"candidate":"","sdpMid":"0","sdpMLineIndex":0}}`},
		{"signal", `{"session":"s","candidate":{"sdpMLineIndex":-1},"candidate":{}}`},
		{"chat.send", `{"key":"k","text":"x","to":"0190a0a0-0000-7000-8000-000000000000","replyTo":1}`},
		{"chat.send", `{"key":"k","text":"x","TEXT":""}`},
		{"signal", `{"session":"s","description":{"type":"offer","sdp":"","Type":"bogus"},"candidate":{"CANDIDATE":5}}`},
		{"chat.edit", `{"seq":9007199254740993,"text":"x"}`},
		{"chat.react", `{"seq":1,"emoji":"👍","on":true}`},
		{"presence.update", `{"media":{"microphone":true,"camera":false,"screen":"s"}}`},
		{"presence.update", `{"media":{"microphone":true,"camera":false,"screen":"s"},"media":{"microphone":true,"camera":false}}`},
		{"pointer.move", `{"at":{"x":1e3,"y":65535}}`},
		{"hand.lower", `{"peer":"p1","all":false}`},
		{"link.suggest", `{"url":"https://example.org"}`},
		{"vb.status", `{"state":"starting","step":"x","progress":0.5}`},
		{"vb.activity", `{"epoch":1e3}`},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, messageType string, payload []byte) {
		checked, err := ClientPayload(messageType, payload)
		if _, ok := errors.AsType[*FieldError](err); ok || errors.Is(err, ErrUnknownType) {
			return
		}
		require.NoError(t, err)
		read, err := readers[messageType](checked)
		require.NoError(t, err)
		again, err := ClientPayload(messageType, read)
		require.NoError(t, err, "%s was understood as %s", payload, read)
		require.JSONEq(t, string(read), string(again))
	})
}
