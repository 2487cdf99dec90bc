package hub

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func pointAt(x, y int) wire.PointerMove {
	return wire.PointerMove{At: &wire.PicturePoint{X: x, Y: y}}
}

func (c *client) pointers() wire.PointersMoved {
	c.Helper()
	e := c.next()
	require.Equal(c, wire.TypePointersMoved, e.Type, "%s", e.Payload)
	require.Zero(c, e.Version, "it is no part of what the room is")
	return decode[wire.PointersMoved](c.house, e)
}

func TestWhoWantsSeesWhereOthersPoint(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b, blind := h.join(room, owner), h.join(room, friend), h.join(room, h.person())
	a.await(wire.TypePeerJoined)
	a.await(wire.TypePeerJoined)
	b.await(wire.TypePeerJoined)
	a.ok(wire.TypePointersWant, wire.PointersWant{Want: true}, "")
	b.ok(wire.TypePointersWant, wire.PointersWant{Want: true}, "")

	b.ok(wire.TypePointerMove, pointAt(1, 65535), "")
	said := a.pointers()
	require.Equal(t, []wire.PointerAt{{Peer: b.identity.Peer, X: 1, Y: 65535}}, said.Moved)
	require.EqualValues(t, pointerInterval.Milliseconds(), said.Interval)
	b.ok(wire.TypePointerMove, pointAt(1, 65535), "") // nothing new
	b.ok(wire.TypePointerMove, wire.PointerMove{}, "")
	said = a.pointers()
	require.Empty(t, said.Moved)
	require.Equal(t, []string{b.identity.Peer}, said.Gone)
	b.ok(wire.TypePointerMove, wire.PointerMove{}, "")
	a.quiet()
	b.quiet()
	blind.quiet()

	t.Run("and none of numbers that are no place", func(t *testing.T) {
		for _, bad := range []string{`{"at":{"x":-1,"y":0}}`, `{"at":{"x":0,"y":65536}}`, `{"at":{"x":0.5,"y":0}}`, `{"at":{"x":1}}`, `{"at":{"x":1e99,"y":0}}`, `{"x":1,"y":1}`, `{"at":[1,2]}`} {
			b.refused(wire.ErrorCodeInvalidField, wire.TypePointerMove, json.RawMessage(bad), "")
		}
		a.quiet()
	})
	point := func(by *client) {
		a.call(wire.TypeEcho, wire.Echo{}, "") // what came before is heard
		by.ok(wire.TypePointerMove, pointAt(7, 7), "")
		require.Equal(t, by.identity.Peer, a.pointers().Moved[0].Peer)
	}
	gone := func(by *client) {
		require.Equal(t, []string{by.identity.Peer}, decode[wire.PointersMoved](h, a.await(wire.TypePointersMoved)).Gone)
	}
	t.Run("and none of whoever drives", func(t *testing.T) {
		point(b)
		b.ok(wire.TypeControlTake, wire.Empty{}, "")
		gone(b)
		b.ok(wire.TypePointerMove, pointAt(8, 8), "")
		b.ok(wire.TypeControlRelease, wire.Empty{}, "")
		require.Equal(t, wire.TypeControlChanged, a.next().Type)
		a.quiet()
	})
	t.Run("and none of whoever may not", func(t *testing.T) {
		point(b)
		h.setMute(room, owner, friend, rooms.Muted{Chat: true})
		gone(b)
		b.refused(wire.ErrorCodeForbidden, wire.TypePointerMove, pointAt(9, 9), "")
		h.setMute(room, owner, friend, rooms.Muted{})
	})
	t.Run("and none of whoever is away, until they point again", func(t *testing.T) {
		point(b)
		b.drop()
		gone(b)
		b = h.resume(room, friend, b.identity)
		point(b)
		judge := blind
		judge.ok(wire.TypePointersWant, wire.PointersWant{Want: true}, "")
		a.ok(wire.TypePointerMove, pointAt(5, 5), "")
		for said := decode[wire.PointersMoved](h, judge.await(wire.TypePointersMoved)); said.Moved[0].Peer != a.identity.Peer; {
			said = decode[wire.PointersMoved](h, judge.await(wire.TypePointersMoved))
		}
		b.quiet() // it has not said that it wants them, on this connection
		b.leave()
		gone(b)
	})
}

// setMute says who may not write or speak, as the API does.
func (h *house) setMute(room rooms.Room, by, target accounts.Person, to rooms.Muted) {
	h.Helper()
	_, _, err := h.rooms.Mute(h.Context(), room.ID.String(), by, target.ID, rooms.MuteChange{Chat: &to.Chat, Call: &to.Call})
	require.NoError(h, err)
	h.hub.MemberChanged(room.ID, target.ID)
}

func TestAPointerMovesAsFastAsAHandAndNoFaster(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.PointerRate, o.PointerBurst = 0.001, 2 })
	owner := h.person()
	a := h.join(h.room(owner), owner)
	a.ok(wire.TypePointerMove, pointAt(1, 1), "")
	a.ok(wire.TypePointerMove, pointAt(2, 2), "")
	require.Positive(t, *a.refused(wire.ErrorCodeRateLimited, wire.TypePointerMove, pointAt(3, 3), "").RetryAfter)
}

// crowded is a room whose peers nobody reads to but the test.
func crowded(people int) (r *room, peers []*peer) {
	o := Options{}
	o.setDefaults()
	h := &Hub{o: o}
	r = newRoom(h, rooms.ID{})
	for i := range people {
		s := &seat{
			id: PeerID(fmt.Sprintf("%026d", i)), kind: wire.PeerKindViewer, personID: accounts.PersonID{byte(i), byte(i >> 8), 1}, pointers: true,
			permissions: rooms.UsualPolicy.Of(wire.RoleMember), conn: &conn{o: &h.o, out: newQueue(o.QueueMessages, o.QueueBytes), closed: make(chan struct{})},
		}
		r.seats[s.id] = s
		peers = append(peers, &peer{hub: h, conn: s.conn, room: r, seat: s})
	}
	return r, peers
}

// read takes what waits for a peer.
func (p *peer) read() (frames [][]byte) {
	for frame := p.conn.out.next(); frame != nil; frame = p.conn.out.next() {
		frames = append(frames, frame)
		p.conn.out.done()
	}
	return frames
}

// Time passes when all wait, so what is counted here is counted, and not measured.
func TestAPointerCrowdCostsEachReceiverSoMuch(t *testing.T) {
	for _, c := range []struct {
		people, moving int
		interval       time.Duration
	}{{200, 50, crowdInterval}, {21, 21, crowdInterval}, {20, 20, pointerInterval}} {
		t.Run(fmt.Sprintf("%d people, %d of them moving", c.people, c.moving), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const long, step = 10 * time.Second, 10 * time.Millisecond
				r, peers := crowded(c.people)
				reader := peers[c.people-1] // it moves itself where all do
				frames, bytes, shown := 0, 0, map[string]wire.PointerAt{}
				read := func() {
					synctest.Wait()
					for _, frame := range reader.read() {
						var e wire.Envelope
						require.NoError(t, json.Unmarshal(frame, &e))
						said := decode[wire.PointersMoved](t, e)
						require.EqualValues(t, c.interval.Milliseconds(), said.Interval)
						require.LessOrEqual(t, len(said.Moved), mostPointers)
						for _, at := range said.Moved {
							shown[at.Peer] = at
						}
						frames++
						bytes += len(frame)
					}
				}
				x := 0
				for elapsed := time.Duration(0); elapsed < long; elapsed += step {
					if elapsed%pointerInterval == 0 { // as fast as a page says it
						x++
						for _, p := range peers[:c.moving] {
							require.NoError(t, movePointer(p, wire.NewEnvelope(wire.TypePointerMove, pointAt(x, 60_000))))
						}
					}
					time.Sleep(step)
					read()
				}
				time.Sleep(c.interval)
				read()
				require.Equal(t, 1+int(long/c.interval), frames, "the first at once, and one each interval")
				require.LessOrEqual(t, bytes/int(long/time.Second), int(time.Second/c.interval)*(100+60*mostPointers), "bytes a second")
				require.Len(t, shown, min(c.moving, mostPointers), "the same ones all the time")
				for _, at := range shown {
					require.Equal(t, x, at.X, "the newest is told")
				}
				require.False(t, r.pointers.waiting, "nothing runs while nobody moves")
				time.Sleep(time.Hour)
				read()
				require.Equal(t, 1+int(long/c.interval), frames)
				// Those who rest give their places to those who move.
				late := peers[c.moving-1]
				if c.moving > mostPointers {
					require.NoError(t, movePointer(late, wire.NewEnvelope(wire.TypePointerMove, pointAt(1, 1))))
					require.Len(t, r.pointers.out, mostPointers)
					require.NotNil(t, r.pointers.out[late.seat.id])
				}
				for _, p := range peers {
					r.remove(p.seat, wire.PeerLeftReasonLeft)
				}
				require.Empty(t, r.pointers.out)
			})
		})
	}
}

func TestPointersTakeNobodysPlaceInTheQueue(t *testing.T) {
	q := newQueue(2, 1<<20)
	for range 100 {
		q.pass([]byte("passing"))
	}
	require.Len(t, q.waiting, mostPassing)
	require.True(t, q.put([]byte("1")))
	require.True(t, q.put([]byte("2")))
	require.False(t, q.put([]byte("3")), "its own messages fill it, as ever")
	for frame := q.next(); frame != nil; frame = q.next() {
		q.done()
	}
	require.Zero(t, q.bytes)
	require.Zero(t, q.passing)
	q.pass([]byte("passing"))
	require.Len(t, q.waiting, 1)
}
