package hub

import (
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestANoticeReachesEveryPageInEveryRoomAndNoBrowser(t *testing.T) {
	h := newHouse(t, nil)
	owner, other := h.person(), h.person()
	one, two := h.room(owner), h.room(other)
	pages := []*client{h.join(one, owner), h.join(one, other), h.join(two, other)}
	agent, _ := h.agent(one)
	h.hub.ShowNotice(&wire.Notice{Text: "The server restarts at ten.", Level: wire.NoticeLevelWarning})
	for _, c := range pages {
		require.Equal(t, "The server restarts at ten.", decode[wire.NoticeEvent](t, c.await(wire.TypeNotice)).Notice.Text)
	}
	h.hub.ShowNotice(nil)
	for _, c := range pages {
		require.Nil(t, decode[wire.NoticeEvent](t, c.await(wire.TypeNotice)).Notice)
	}
	require.Equal(t, wire.TypeEcho, agent.echo().Type, "a browser hears nothing of it")
}

func TestTheSizeOfRoomsCanBeChangedWhileTheyAreInUse(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.RoomSize = 1 })
	owner, second, third := h.person(), h.person(), h.person()
	room := h.room(owner)
	h.hub.SetRoomSize(2)
	h.join(room, owner)
	h.join(room, second)
	refused := h.connect()
	refused.send(wire.TypeHello, wire.Hello{Token: h.token(room, third), Kind: wire.PeerKindViewer}, "")
	refused.awaitClose(wire.CloseCodeRoomFull)
	h.hub.SetRoomSize(1)
	require.Equal(t, 2, h.hub.People(room.ID), "who sits there stays")
	h.hub.SetRoomSize(3)
	h.join(room, third)
	people, inUse := h.hub.Load()
	require.Equal(t, 3, people)
	require.Equal(t, 1, inUse)
}
