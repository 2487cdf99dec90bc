package hub

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestARoomHoldsItsSizeWhenAHundredComeAtOnce(t *testing.T) {
	const crowd, size = 100, 23
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	resize := func(n int) {
		_, err := h.rooms.Update(context.Background(), room.ID.String(), owner, rooms.Change{Size: &n})
		require.NoError(t, err)
		h.hub.RoomUpdated(room.ID)
	}
	resize(size)
	people, tokens, clients := make([]accounts.Person, crowd), make([]string, crowd), make([]*client, crowd)
	for i := range crowd {
		people[i] = h.person()
		tokens[i], clients[i] = h.token(room, people[i]), h.connect()
	}
	var all sync.WaitGroup
	begin := make(chan struct{})
	first := make([]wire.Envelope, crowd)
	for i, c := range clients {
		all.Go(func() {
			<-begin
			c.send(wire.TypeHello, wire.Hello{Token: tokens[i], Kind: wire.PeerKindViewer}, "")
			first[i] = <-c.messages
		})
	}
	close(begin)
	all.Wait()

	var in []int
	for i, e := range first {
		if e.Type == wire.TypeIdentity {
			in = append(in, i)
			clients[i].identity = decode[wire.Identity](h, e)
			continue
		}
		require.Equal(t, wire.TypeError, e.Type, "%s", e.Payload)
		refusal := decode[wire.WSError](h, e)
		require.Equal(t, wire.ErrorCodeRoomFull, refusal.Code)
		require.NotEmpty(t, refusal.Detail)
		clients[i].awaitClose(wire.CloseCodeRoomFull)
	}
	require.Len(t, in, size)

	t.Run("and who was there keeps the seat", func(t *testing.T) {
		clients[in[0]].drop()
		back := h.resume(room, people[in[0]], clients[in[0]].identity)
		require.True(t, back.identity.Resumed)
	})
	t.Run("and the owner comes in above it", func(t *testing.T) {
		require.Equal(t, wire.RoleOwner, h.join(room, owner).identity.Role)
	})
	t.Run("and a lower one sends nobody away", func(t *testing.T) {
		resize(2)
		require.Equal(t, size+1, h.hub.People(room.ID))
	})
	t.Run("and no room is larger than the server allows", func(t *testing.T) {
		resize(1000)
		r := h.hub.live(room.ID)
		r.mu.Lock()
		defer r.mu.Unlock()
		require.Equal(t, 50, r.size())
	})
}

func TestARoomIsFullOfPeopleNotOfTheirTabs(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.RoomSize = 2 })
	owner, first, second, third := h.person(), h.person(), h.person(), h.person()
	room := h.room(owner)
	for range 3 {
		h.join(room, first)
	}
	h.join(room, second)
	h.join(room, first) // a second screen of who is there, in a full room
	require.Equal(t, 2, h.hub.People(room.ID))
	c := h.connect()
	c.send(wire.TypeHello, wire.Hello{Token: h.token(room, third), Kind: wire.PeerKindViewer}, "")
	c.awaitError(wire.ErrorCodeRoomFull)
	c.awaitClose(wire.CloseCodeRoomFull)
}
