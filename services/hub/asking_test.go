package hub

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// askedRoom is a room that one asks to enter.
func (h *house) askedRoom(owner accounts.Person) rooms.Room {
	h.Helper()
	r, err := h.rooms.Create(context.Background(), owner, rooms.NewRoom{Title: "Movies", Entry: wire.EntryAsk})
	require.NoError(h, err)
	return r
}

// ask knocks, and returns the first answer.
func (h *house) ask(r rooms.Room, p accounts.Person) (*client, wire.Envelope) {
	h.Helper()
	return h.askOn(h.connect(), r, p)
}

func (h *house) askOn(c *client, r rooms.Room, p accounts.Person) (*client, wire.Envelope) {
	h.Helper()
	token, _, err := h.tokens.Asking(r, p.ID, accounts.SessionID(p.ID))
	require.NoError(h, err)
	c.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer}, "")
	return c, c.next()
}

func (h *house) waits(r rooms.Room, p accounts.Person) (*client, wire.DoorWaiting) {
	h.Helper()
	c, e := h.ask(r, p)
	require.Equal(h, wire.TypeDoorWaiting, e.Type, "%s", e.Payload)
	require.Equal(h, "1", e.Re)
	return c, decode[wire.DoorWaiting](h, e)
}

func (c *client) answered(answer wire.DoorAnsweredAnswer) wire.DoorAnswered {
	c.Helper()
	told := decode[wire.DoorAnswered](c.house, c.await(wire.TypeDoorAnswered))
	require.Equal(c, answer, told.Answer)
	c.awaitClose(wire.CloseCodeAnswered)
	return told
}

// door skips to the next word of who is at the door.
func (c *client) door() []wire.DoorRequest {
	c.Helper()
	return decode[wire.DoorEvent](c.house, c.await(wire.TypeDoorChanged)).Requests
}

func TestSomebodyAsksAndIsLetIn(t *testing.T) {
	h := newHouse(t, nil)
	owner, stranger, member := h.person(), h.person(), h.person()
	room := h.askedRoom(owner)
	require.NoError(t, h.rooms.LetIn(context.Background(), room.ID, owner.ID, member.ID))
	at := h.join(room, owner)
	require.NotNil(t, at.identity.Snapshot.Door)
	require.Empty(t, *at.identity.Snapshot.Door)
	other := h.join(room, member)
	require.Nil(t, other.identity.Snapshot.Door, "members do not hear of it")

	c, waiting := h.waits(room, stranger)
	require.Equal(t, room.Title, waiting.Title)
	require.True(t, waiting.SomebodyThere)
	require.Equal(t, stranger.ID.UUID(), waiting.Person.Id)
	requests := at.door()
	require.Len(t, requests, 1)
	require.Equal(t, waiting.Person, requests[0].Person)
	for _, messageType := range []string{wire.TypeChatSend, wire.TypeControlTake, wire.TypeDoorAnswer, wire.TypeHello, wire.TypeVBStatus, "nonsense"} {
		c.call(messageType, wire.Empty{}, "")
	}
	c.refused(wire.ErrorCodeNotForKind, wire.TypeControlTake, wire.Empty{}, "")
	require.Equal(t, wire.TypeEcho, c.echo().Type)
	other.refused(wire.ErrorCodeForbidden, wire.TypeDoorAnswer, wire.DoorAnswer{Id: requests[0].Id, LetIn: true}, "")
	other.quiet()
	require.Len(t, h.hub.live(room.ID).seats, 2, "who asks has no seat")

	at.ok(wire.TypeDoorAnswer, wire.DoorAnswer{Id: requests[0].Id, LetIn: true}, "")
	c.answered(wire.DoorAnsweredAnswerIn)
	inside := h.join(room, stranger)
	require.Equal(t, wire.RoleMember, inside.identity.Role)
	at.refused(wire.ErrorCodeTargetNotFound, wire.TypeDoorAnswer, wire.DoorAnswer{Id: requests[0].Id, LetIn: true}, "")

	again, e := h.ask(room, stranger)
	require.Equal(t, wire.TypeDoorAnswered, e.Type, "who is a member need not wait")
	require.Equal(t, wire.DoorAnsweredAnswerIn, decode[wire.DoorAnswered](h, e).Answer)
	again.awaitClose(wire.CloseCodeAnswered)
}

func TestWhoIsNotLetInWaitsBeforeTheyAskAgain(t *testing.T) {
	h := newHouse(t, nil)
	owner, stranger := h.person(), h.person()
	room := h.askedRoom(owner)
	at := h.join(room, owner)
	c, _ := h.waits(room, stranger)
	at.ok(wire.TypeDoorAnswer, wire.DoorAnswer{Id: at.door()[0].Id}, "")
	require.Equal(t, 60, c.answered(wire.DoorAnsweredAnswerNotNow).RetryAfter)
	again, e := h.ask(room, stranger)
	require.Equal(t, wire.DoorAnsweredAnswerNotNow, decode[wire.DoorAnswered](h, e).Answer)
	require.Positive(t, decode[wire.DoorAnswered](h, e).RetryAfter)
	again.awaitClose(wire.CloseCodeAnswered)
	token, _, err := h.tokens.Asking(room, stranger.ID, accounts.SessionID(stranger.ID))
	require.NoError(t, err)
	require.NotEmpty(t, token)
	_, err = h.rooms.Join(context.Background(), room.Slug, stranger, nil)
	require.Equal(t, wire.ErrorCodeRoomAsk, wire.CodeOf(err))
}

func TestNobodyWaitsForEver(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.AskLife = time.Millisecond })
	owner, stranger := h.person(), h.person()
	room := h.askedRoom(owner)
	h.join(room, owner)
	c, _ := h.waits(room, stranger)
	require.Positive(t, c.answered(wire.DoorAnsweredAnswerNobody).RetryAfter)
	_, e := h.ask(room, stranger)
	require.Equal(t, wire.TypeDoorAnswered, e.Type, "asking again is paced")
}

func TestWhoeverAsksHearsWhenSomebodyComesWhoMayAnswer(t *testing.T) {
	h := newHouse(t, nil)
	owner, stranger := h.person(), h.person()
	room := h.askedRoom(owner)
	c, waiting := h.waits(room, stranger)
	require.False(t, waiting.SomebodyThere)
	at := h.join(room, owner)
	require.Len(t, *at.identity.Snapshot.Door, 1, "who comes sees who waits")
	require.True(t, decode[wire.DoorWaiting](h, c.await(wire.TypeDoorWaiting)).SomebodyThere)
	at.leave()
	require.False(t, decode[wire.DoorWaiting](h, c.await(wire.TypeDoorWaiting)).SomebodyThere)
}

func TestWhoeverLeavesTheDoorAsksNoMore(t *testing.T) {
	h := newHouse(t, nil)
	owner, stranger := h.person(), h.person()
	room := h.askedRoom(owner)
	at := h.join(room, owner)
	for _, end := range []func(*client){(*client).leave, (*client).drop} {
		c, _ := h.waits(room, stranger)
		require.Len(t, at.door(), 1)
		end(c)
		require.Empty(t, at.door())
	}
	h.waits(room, stranger)
	require.Len(t, at.door(), 1, "leaving is not held against them")
}

func TestTwoPagesOfOnePersonAskOnce(t *testing.T) {
	h := newHouse(t, nil)
	owner, stranger := h.person(), h.person()
	room := h.askedRoom(owner)
	at := h.join(room, owner)
	first, _ := h.waits(room, stranger)
	id := at.door()[0].Id
	second, _ := h.waits(room, stranger)
	first.awaitClose(wire.CloseCodeSeatTaken)
	requests := at.door()
	require.Len(t, requests, 1)
	require.Equal(t, id, requests[0].Id)
	at.ok(wire.TypeDoorAnswer, wire.DoorAnswer{Id: id, LetIn: true}, "")
	second.answered(wire.DoorAnsweredAnswerIn)
}

func TestOfTwoWhoAnswerAtOnceOneIsHeard(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.askedRoom(owner)
	left, right := h.join(room, owner), h.join(room, owner)
	stranger := h.person()
	c, _ := h.waits(room, stranger)
	id := left.door()[0].Id
	answers := make([]wire.Envelope, 2)
	var both sync.WaitGroup
	for i, side := range []*client{left, right} {
		both.Go(func() {
			side.sendEnvelope(wire.Envelope{Type: wire.TypeDoorAnswer, Id: "answer", Payload: wire.NewEnvelope("", wire.DoorAnswer{Id: id, LetIn: true}).Payload})
			for answers[i].Re != "answer" {
				answers[i] = side.next()
			}
		})
	}
	both.Wait()
	require.ElementsMatch(t, []string{wire.TypeOK, wire.TypeError}, []string{answers[0].Type, answers[1].Type})
	c.answered(wire.DoorAnsweredAnswerIn)
}

func TestTheDoorFollowsTheRoom(t *testing.T) {
	h := newHouse(t, nil)
	owner, stranger := h.person(), h.person()
	room := h.askedRoom(owner)
	change := func(entry wire.Entry) {
		_, err := h.rooms.Update(context.Background(), room.ID.String(), owner, rooms.Change{Entry: &entry})
		require.NoError(t, err)
		h.hub.RoomUpdated(room.ID)
	}
	t.Run("that is entered otherwise now", func(t *testing.T) {
		c, _ := h.waits(room, stranger)
		change(wire.EntryOpen)
		require.Zero(t, c.answered(wire.DoorAnsweredAnswerChanged).RetryAfter)
		c, e := h.ask(room, stranger)
		require.Equal(t, wire.TypeDoorAnswered, e.Type)
		c.awaitClose(wire.CloseCodeAnswered)
		change(wire.EntryAsk)
	})
	t.Run("whose invite they accept meanwhile", func(t *testing.T) {
		invited := h.person()
		c, _ := h.waits(room, invited)
		invite, err := h.rooms.CreateInvite(context.Background(), room.Slug, owner, rooms.NewInvite{})
		require.NoError(t, err)
		_, _, err = h.rooms.AcceptInvite(context.Background(), invite.Code, invited, "")
		require.NoError(t, err)
		h.hub.MemberChanged(room.ID, invited.ID)
		c.answered(wire.DoorAnsweredAnswerIn)
	})
	t.Run("and whoever signs out", func(t *testing.T) {
		c, _ := h.waits(room, stranger)
		h.hub.SessionEnded(accounts.SessionID(stranger.ID))
		c.awaitClose(wire.CloseCodeSignedOut)
		gone := h.person()
		c, _ = h.waits(room, gone)
		h.hub.PersonGone(gone.ID)
		c.awaitClose(wire.CloseCodeSignedOut)
	})
	t.Run("whose moderators change", func(t *testing.T) {
		helper, asking := h.person(), h.person()
		require.NoError(t, h.rooms.LetIn(context.Background(), room.ID, owner.ID, helper.ID))
		at := h.join(room, helper)
		c, _ := h.waits(room, asking)
		_, _, err := h.rooms.SetRole(context.Background(), room.Slug, owner, helper.ID, wire.RoleModerator)
		require.NoError(t, err)
		h.hub.MemberChanged(room.ID, helper.ID)
		require.Len(t, at.door(), 1, "a new moderator sees who waits")
		require.True(t, decode[wire.DoorWaiting](h, c.await(wire.TypeDoorWaiting)).SomebodyThere)
		_, _, err = h.rooms.SetRole(context.Background(), room.Slug, owner, helper.ID, wire.RoleMember)
		require.NoError(t, err)
		h.hub.MemberChanged(room.ID, helper.ID)
		require.Empty(t, at.door(), "who moderates no more sees nobody")
		c.leave()
	})
	t.Run("that is deleted", func(t *testing.T) {
		c, _ := h.waits(room, h.person())
		h.hub.RoomDeleted(room.ID)
		c.awaitClose(wire.CloseCodeRoomDeleted)
	})
}

func TestTheDoorHoldsNoCrowd(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.askedRoom(owner)
	for range maxAsking {
		h.waits(room, h.person())
	}
	c, e := h.ask(room, h.person())
	require.Equal(t, wire.TypeError, e.Type)
	require.Equal(t, wire.ErrorCodeRoomFull, decode[wire.WSError](h, e).Code)
	c.awaitClose(wire.CloseCodeRoomFull)
}

func TestAfterARestartTheOneWhoAskedAsksAgain(t *testing.T) {
	h := newHouse(t, nil)
	owner, stranger := h.person(), h.person()
	room := h.askedRoom(owner)
	c, _ := h.waits(room, stranger)
	first := h.hub
	h.start(nil)
	require.NoError(t, first.Shutdown(context.Background()))
	c.awaitClose(wire.CloseCodeServerRestarting)
	at := h.join(room, owner)
	h.waits(room, stranger)
	require.Len(t, at.door(), 1)
}

func TestNobodyRingsWithoutEnd(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.AskRate, o.AskBurst = rate.Every(time.Hour), 2 })
	owner, stranger := h.person(), h.person()
	room := h.askedRoom(owner)
	at := h.join(room, owner)
	for range 2 {
		c, _ := h.waits(room, stranger)
		require.Len(t, at.door(), 1)
		c.leave()
		require.Empty(t, at.door())
	}
	c, e := h.ask(room, stranger)
	require.Equal(t, wire.ErrorCodeRateLimited, decode[wire.WSError](h, e).Code)
	c.awaitClose(wire.CloseCodeInternal)
	at.quiet()
}

func TestNoAddressKeepsTheDoorShutForAnother(t *testing.T) {
	h := newHouse(t, nil)
	room := h.askedRoom(h.person())
	var last *client
	for range maxAsking {
		last, _ = h.waits(room, h.person())
	}
	elsewhere := &websocket.Dialer{NetDialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext}
	_, e := h.askOn(h.connectBy(elsewhere), room, h.person())
	require.Equal(t, wire.TypeDoorWaiting, e.Type, "%s", e.Payload)
	last.answered(wire.DoorAnsweredAnswerNobody)
	c, e := h.ask(room, h.person())
	require.Equal(t, wire.ErrorCodeRoomFull, decode[wire.WSError](h, e).Code, "who has most of the door gets no more of it")
	c.awaitClose(wire.CloseCodeRoomFull)
}

func TestAnAddressIsTheSameWhateverItsPort(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:5": "192.0.2.1", "[::ffff:192.0.2.1]:6": "192.0.2.1", "[2001:db8:1:2:3::4]:7": "2001:db8:1:2::/64", "[fe80::1%eth0]:8": "fe80::/64", "pipe": "pipe",
	} {
		require.Equal(t, want, sourceOf(remote))
	}
}

// slowDoor lets nobody in, after a while.
type slowDoor struct {
	Rooms
	begun, release chan struct{}
}

func (s slowDoor) LetIn(context.Context, rooms.ID, accounts.PersonID, accounts.PersonID) error {
	close(s.begun)
	<-s.release
	return wire.Errorf(wire.ErrorCodeRoomLocked, "The room is locked.")
}

func TestWhoCouldNotBeLetInIsAnsweredWhenTheirTimeHasEndedMeanwhile(t *testing.T) {
	slow := slowDoor{begun: make(chan struct{}), release: make(chan struct{})}
	var later atomic.Int64
	h := newHouse(t, func(o *Options) {
		slow.Rooms = o.Rooms
		o.Rooms, o.AskLife = slow, time.Hour
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	owner, stranger := h.person(), h.person()
	room := h.askedRoom(owner)
	at := h.join(room, owner)
	c, _ := h.waits(room, stranger)
	at.send(wire.TypeDoorAnswer, wire.DoorAnswer{Id: at.door()[0].Id, LetIn: true}, "")
	<-slow.begun
	later.Store(int64(2 * time.Hour))
	live := h.hub.live(room.ID)
	live.mu.Lock()
	v := live.door[0]
	live.mu.Unlock()
	live.expireVisitor(v) // the timer fires once
	close(slow.release)
	at.awaitError(wire.ErrorCodeRoomLocked)
	c.answered(wire.DoorAnsweredAnswerNobody)
}

func TestWhoAsksIsBannedAtTheDoor(t *testing.T) {
	h := newHouse(t, nil)
	owner, stranger := h.person(), h.person()
	room := h.askedRoom(owner)
	at := h.join(room, owner)
	require.False(t, h.hub.Asks(room.ID, stranger.ID))
	c, _ := h.waits(room, stranger)
	require.Len(t, at.door(), 1)
	require.True(t, h.hub.Asks(room.ID, stranger.ID))
	_, _, err := h.rooms.Ban(context.Background(), room.Slug, owner, stranger.ID, "", h.hub.Asks(room.ID, stranger.ID))
	require.NoError(t, err)
	h.hub.MemberChanged(room.ID, stranger.ID)
	c.awaitClose(wire.CloseCodeBanned)
	require.Empty(t, at.door())
	again, e := h.ask(room, stranger)
	require.Equal(t, wire.ErrorCodeBanned, decode[wire.WSError](h, e).Code)
	again.awaitClose(wire.CloseCodeBanned)
}

// guest is somebody without an account, signed in.
func (h *house) guest() (p accounts.Person) {
	h.Helper()
	require.NoError(h, db.InTx(context.Background(), h.pool, func(q *db.Queries) (err error) {
		p, err = accounts.InsertGuest(context.Background(), q, "Guest", time.Now())
		return err
	}))
	h.signIn(p)
	return p
}

func TestAVisitDoesNotEndUnderWhoSitsThere(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.SessionCheck = time.Millisecond })
	owner, stranger := h.person(), h.guest()
	room := h.askedRoom(owner)
	at := h.join(room, owner)
	c, request := h.waits(room, stranger)
	require.Equal(t, "Guest", request.Person.DisplayName)
	at.ok(wire.TypeDoorAnswer, wire.DoorAnswer{Id: at.door()[0].Id, LetIn: true}, "")
	c.answered(wire.DoorAnsweredAnswerIn)
	sits := h.join(room, stranger)
	almost := func() {
		_, err := h.pool.Exec(context.Background(), "UPDATE members SET visits_until = now() + interval '5 minutes' WHERE person_id = $1", stranger.ID.UUID())
		require.NoError(t, err)
	}
	left := func() (hours float64) {
		require.NoError(t, h.pool.QueryRow(context.Background(),
			"SELECT extract(epoch FROM visits_until - now())::float8 / 3600 FROM members WHERE person_id = $1", stranger.ID.UUID()).Scan(&hours))
		return hours
	}
	almost()
	require.Eventually(t, func() bool { return left() > 11 }, patience, time.Millisecond)
	sits.leave()
	at.await(wire.TypePeerLeft)
}
