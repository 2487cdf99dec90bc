package hub

import (
	"errors"
	"math"
	"strings"
	"time"

	"crypto/rand"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// maxAsking bounds how many ask to be let into a room at a time.
const maxAsking = 30

// visitor is somebody who asks to be let in. They have no seat and hear nothing of the room; those who moderate it hear of them. It is under the
// room's lock, and has a pin of it.
type visitor struct {
	id       string
	personID accounts.PersonID
	session  accounts.SessionID
	person   wire.PublicPerson
	from     string // the address that they ask from
	since    time.Time
	until    time.Time
	conn     *conn
	expiry   *time.Timer
	// answered says that somebody lets them in at this moment.
	answered bool
}

// ask is the hello of somebody who asks to be let in.
func (p *peer) ask(re string, claims rooms.Claims, person wire.PublicPerson) error {
	r := p.hub.enter(claims.Room)
	waits := false
	defer func() {
		if !waits {
			p.hub.leave(r) // a visitor keeps the pin
		}
	}()
	err := r.load()
	if err == nil {
		waits, err = p.askAsStranger(r, re, claims, person)
	}
	if err != nil {
		return p.refuse(re, wire.CloseCodeInternal, err)
	}
	p.log = p.log.With("room", r.id.String())
	return nil
}

// askAsStranger puts somebody at the door who is no member by then: one who was let in meanwhile must not wait there.
func (p *peer) askAsStranger(r *room, re string, claims rooms.Claims, person wire.PublicPerson) (waits bool, err error) {
	ctx, cancel := p.callContext()
	defer cancel()
	for range helloTries {
		change := r.lastMemberChange()
		standing, err := p.hub.o.Rooms.Standing(ctx, r.id, claims.Person)
		if err != nil {
			return false, err
		}
		if waits, err = r.receive(p, re, claims, person, standing, change); !errors.Is(err, errMembersChanged) {
			return waits, err
		}
	}
	return false, wire.Errorf(wire.ErrorCodeUnavailable, "The members of the room change too fast. Try again.")
}

// receive puts somebody at the door, in the place of their own other page where there is one, or answers them at once.
func (r *room) receive(p *peer, re string, claims rooms.Claims, person wire.PublicPerson, standing rooms.Standing, change int) (waits bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.hub.o.Now()
	switch {
	case r.deleted:
		return false, wire.Errorf(wire.ErrorCodeNotFound, "The room was deleted.")
	case r.frozen:
		return false, wire.Errorf(wire.ErrorCodeUnavailable, "The server restarts.")
	case r.hub.signedOut(claims):
		return false, errSignedOut
	case change != r.memberChanges:
		return false, errMembersChanged
	case standing.Banned:
		return false, wire.Errorf(wire.ErrorCodeBanned, "You were banned from this room.")
	case standing.Role != "":
		tellAnswer(p.conn, re, wire.DoorAnsweredAnswerIn, 0)
		return false, nil
	case r.info.Entry != wire.EntryAsk:
		tellAnswer(p.conn, re, wire.DoorAnsweredAnswerChanged, 0)
		return false, nil
	}
	if again, ok := r.askAgain[claims.Person]; ok && again.After(now) {
		tellAnswer(p.conn, re, wire.DoorAnsweredAnswerNotNow, again.Sub(now))
		return false, nil
	}
	// Whoever takes the asking back, or asks from another page, is heard of anew each time.
	if pace := r.paceOf(claims.Person).knocks; !pace.Allow() {
		return false, p.tooMany("requests to enter", pace)
	}
	v := r.visitorOf(claims.Person)
	fresh := v == nil
	from := sourceOf(p.remote)
	switch {
	case !fresh:
		v.conn.close(wire.CloseCodeSeatTaken, "you ask from another page")
	case !r.yield(from):
		return false, wire.Errorf(wire.ErrorCodeRoomFull, "Many ask to enter just now. Try again in a while.")
	default:
		v = &visitor{id: strings.ToLower(rand.Text()), personID: claims.Person, since: now, until: now.Add(r.hub.o.AskLife)}
		v.expiry = time.AfterFunc(r.hub.o.AskLife, func() { r.expireVisitor(v) })
		r.door = append(r.door, v)
	}
	v.conn, v.session, v.person, v.from = p.conn, claims.Session, person, from
	p.room, p.asks = r, v
	r.attended = r.somebodyAnswers()
	r.tellVisitor(v, re)
	r.tellDoor()
	return fresh, nil
}

func tellAnswer(c *conn, re string, answer wire.DoorAnsweredAnswer, again time.Duration) {
	e := wire.NewEnvelope(wire.TypeDoorAnswered, wire.DoorAnswered{Answer: answer, RetryAfter: int(math.Ceil(again.Seconds()))})
	e.Re = re
	c.send(encode(e))
	c.close(wire.CloseCodeAnswered, "you were answered at the door")
}

// tellVisitor says how it stands. It needs the lock, as does all that follows but answerDoor and the timer's.
func (r *room) tellVisitor(v *visitor, re string) {
	e := wire.NewEnvelope(wire.TypeDoorWaiting, wire.DoorWaiting{Title: r.info.Title, Person: v.person, SomebodyThere: r.attended, Until: v.until.UTC()})
	e.Re = re
	v.conn.send(encode(e))
}

// somebodyAnswers says whether anybody is here who may.
func (r *room) somebodyAnswers() bool {
	for _, s := range r.seats {
		if s.conn != nil && s.permissions.Has(rooms.Moderate) {
			return true
		}
	}
	return false
}

// attend tells those at the door when the first who may answer comes, or the last goes.
func (r *room) attend() {
	if len(r.door) == 0 || r.attended == r.somebodyAnswers() {
		return
	}
	r.attended = !r.attended
	for _, v := range r.door {
		r.tellVisitor(v, "")
	}
}

// requests are those at the door as a seat may see them: nil where it may not.
func (r *room) requests(s *seat) []wire.DoorRequest {
	if !s.permissions.Has(rooms.Moderate) {
		return nil
	}
	list := make([]wire.DoorRequest, len(r.door))
	for i, v := range r.door {
		list[i] = wire.DoorRequest{Id: v.id, Person: v.person, Since: v.since.UTC()}
	}
	return list
}

// tellDoor tells who may answer who is at the door. It is no increment: the others don't hear of it.
func (r *room) tellDoor() {
	for _, s := range r.seats {
		if s.permissions.Has(rooms.Moderate) {
			r.tellDoorTo(s)
		}
	}
}

func (r *room) tellDoorTo(s *seat) {
	if s.conn == nil {
		return
	}
	list := r.requests(s)
	if list == nil {
		list = []wire.DoorRequest{}
	}
	s.conn.send(encode(wire.NewEnvelope(wire.TypeDoorChanged, wire.DoorEvent{Requests: list})))
}

func (r *room) visitorOf(person accounts.PersonID) *visitor {
	for _, v := range r.door {
		if v.personID == person {
			return v
		}
	}
	return nil
}

// goAway takes visitors from the door, after end has told each why.
func (r *room) goAway(which func(*visitor) bool, end func(*visitor)) {
	stay := make([]*visitor, 0, len(r.door))
	for _, v := range r.door {
		if !which(v) {
			stay = append(stay, v)
			continue
		}
		v.expiry.Stop()
		end(v)
		r.hub.leave(r)
	}
	if len(stay) < len(r.door) {
		r.door = stay
		r.tellDoor()
	}
}

// answerAll answers visitors.
func (r *room) answerAll(which func(*visitor) bool, answer wire.DoorAnsweredAnswer) {
	var again time.Duration
	if answer == wire.DoorAnsweredAnswerNotNow || answer == wire.DoorAnsweredAnswerNobody {
		again = r.hub.o.AskAgain
	}
	now := r.hub.o.Now()
	r.goAway(which, func(v *visitor) {
		if again > 0 {
			for person, until := range r.askAgain {
				if !until.After(now) {
					delete(r.askAgain, person)
				}
			}
			r.askAgain[v.personID] = now.Add(again)
		}
		tellAnswer(v.conn, "", answer, again)
	})
}

// closeVisitors ends connections of visitors without an answer.
func (r *room) closeVisitors(which func(*visitor) bool, code wire.CloseCode, text string) {
	r.goAway(which, func(v *visitor) { v.conn.close(code, text) })
}

func everyVisitor(*visitor) bool { return true }

// withdraw is for the end of a visitor's connection: who goes from the door asks no more.
func (r *room) withdraw(p *peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.goAway(func(v *visitor) bool { return v == p.asks && v.conn == p.conn }, func(*visitor) {})
}

func (r *room) expireVisitor(v *visitor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answerAll(func(other *visitor) bool { return other == v && !v.answered }, wire.DoorAnsweredAnswerNobody)
}

// answerDoor lets somebody in, or does not. Who is let in is a member, or visits, before they are told.
func answerDoor(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.DoorAnswer](e)
	if err != nil {
		return err
	}
	r := p.room
	v, by, err := r.takeUp(p, payload)
	if err != nil || !payload.LetIn {
		return err
	}
	ctx, cancel := p.callContext()
	defer cancel()
	err = p.hub.o.Rooms.LetIn(ctx, r.id, by, v.personID)
	r.mu.Lock()
	defer r.mu.Unlock()
	v.answered = false
	if err != nil {
		if !p.hub.o.Now().Before(v.until) { // their time has ended meanwhile
			r.answerAll(func(other *visitor) bool { return other == v }, wire.DoorAnsweredAnswerNobody)
		}
		return err
	}
	r.memberChanges++ // who asks from another page at this moment is a member
	r.answerAll(func(other *visitor) bool { return other.personID == v.personID }, wire.DoorAnsweredAnswerIn)
	return nil
}

// takeUp finds who is to be answered, and answers them where they are not let in. Of two who answer at once the first is heard.
func (r *room) takeUp(p *peer, answer wire.DoorAnswer) (v *visitor, by accounts.PersonID, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.sits() {
		return nil, by, errSuperseded
	}
	if err := p.seat.permissions.Require(rooms.Moderate); err != nil {
		return nil, by, err
	}
	for _, other := range r.door {
		if other.id == answer.Id && !other.answered {
			v = other
		}
	}
	if v == nil {
		return nil, by, wire.Errorf(wire.ErrorCodeTargetNotFound, "They are not at the door any more, or somebody else has answered.")
	}
	if answer.LetIn {
		v.answered = true
	} else {
		r.answerAll(func(other *visitor) bool { return other == v }, wire.DoorAnsweredAnswerNotNow)
	}
	return v, p.seat.personID, nil
}
