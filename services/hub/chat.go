package hub

import (
	"cmp"
	"slices"

	"golang.org/x/time/rate"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

const (
	// historyLength is how many messages a snapshot holds at most, and how many for everybody are remembered.
	historyLength = 50
	// mostRemembered bounds them together with the whispers among them, of which each snapshot has its reader's alone.
	mostRemembered = 10 * historyLength
)

// chat is what a live room knows of its messages. It needs the room's lock.
type chat struct {
	messages []wire.ChatMessage // the last historyLength for everybody and the whispers among them, by seq
	cleared  int64              // nothing up to this seq is there any more
	more     bool               // there are earlier ones
	revision int64              // of the latest change of a message, the earlier ones included
	changed  []wire.ChatMessage // the last historyLength that were changed, earlier ones too
	paces    map[accounts.PersonID]*pace
}

// pace bounds what one person says in a room, by all of their connections together.
type pace struct {
	chat      *rate.Limiter
	removals  *rate.Limiter // in the chat's stead, of who moderates: to clear up after a flood silences nobody
	reactions *rate.Limiter // to messages and over the picture
	typing    *rate.Limiter
	asks      *rate.Limiter // for control
	knocks    *rate.Limiter // to be let in
	pointer   *rate.Limiter
	hand      *rate.Limiter // raised, for one that is down can't be lowered
}

// paceOf is that of a person. It needs the lock.
func (r *room) paceOf(person accounts.PersonID) *pace {
	c, o := &r.chat, r.hub.o
	if known := c.paces[person]; known != nil {
		return known
	}
	if len(c.paces) >= 2*o.RoomSize { // those who left long ago
		here := make(map[accounts.PersonID]bool)
		for _, s := range r.seats {
			here[s.personID] = true
		}
		for _, v := range r.door {
			here[v.personID] = true
		}
		for id := range c.paces {
			if !here[id] {
				delete(c.paces, id)
			}
		}
	}
	c.paces[person] = &pace{
		chat: rate.NewLimiter(o.ChatRate, o.ChatBurst), removals: rate.NewLimiter(o.RemovalRate, o.RemovalBurst),
		reactions: rate.NewLimiter(o.ReactionRate, o.ReactionBurst), typing: rate.NewLimiter(o.TypingRate, o.TypingBurst),
		asks: rate.NewLimiter(o.AskRate, o.AskBurst), knocks: rate.NewLimiter(o.AskRate, o.AskBurst),
		pointer: rate.NewLimiter(o.PointerRate, o.PointerBurst), hand: rate.NewLimiter(o.HandRate, o.HandBurst),
	}
	return c.paces[person]
}

// take is what the database has: the room was read before the page.
func (c *chat) take(stored rooms.Room, page []rooms.Message, more bool) {
	c.revision = max(c.revision, stored.Revision)
	c.cleared = max(c.cleared, stored.ClearedSeq)
	page = slices.DeleteFunc(page, func(m rooms.Message) bool { return m.Seq <= c.cleared })
	c.more = c.more || more && len(page) > 0 && page[0].Seq > c.cleared+1
	for _, m := range page {
		w := m.Wire()
		c.requote(&w)
		if !c.remember(w) {
			c.change(w)
		}
	}
}

func (c *chat) snapshot(s *seat, to *wire.RoomSnapshot) {
	to.MoreMessages, to.Revision, to.ClearedSeq = c.more, c.revision, c.cleared
	for _, m := range slices.Backward(c.messages) {
		if !hears(s, m) {
			continue
		}
		if len(to.Messages) == historyLength { // whispers make it no longer
			to.MoreMessages = true
			break
		}
		to.Messages = append(to.Messages, m)
	}
	slices.Reverse(to.Messages)
}

// forgetWhispers drops what was whispered by and to somebody whose account is gone, as the database did.
func (r *room) forgetWhispers(person accounts.PersonID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := func(m wire.ChatMessage) bool {
		return m.To != nil && (m.To.Id == person.UUID() || m.Author.Id == person.UUID())
	}
	r.chat.messages, r.chat.changed = slices.DeleteFunc(r.chat.messages, gone), slices.DeleteFunc(r.chat.changed, gone)
}

// hears says whether a message is for a seat: all viewers hear all but the whispers of others.
func hears(s *seat, m wire.ChatMessage) bool {
	person := s.personID.UUID()
	return s.kind == wire.PeerKindViewer && (m.To == nil || m.To.Id == person || m.Author.Id == person)
}

func (c *chat) find(seq int64) (int, bool) {
	return slices.BinarySearchFunc(c.messages, seq, func(have wire.ChatMessage, seq int64) int { return cmp.Compare(have.Seq, seq) })
}

// remember keeps a message for snapshots, in order, and says whether it is new.
func (c *chat) remember(m wire.ChatMessage) bool {
	i, found := c.find(m.Seq)
	if found || m.Seq <= c.cleared {
		return false
	}
	c.messages = slices.Insert(c.messages, i, m)
	forAll := 0
	for i := len(c.messages) - 1; i >= 0; i-- {
		if c.messages[i].To == nil {
			forAll++
		}
		if forAll > historyLength || len(c.messages)-i > mostRemembered {
			c.messages = slices.Delete(c.messages, 0, i+1)
			c.more = true
			break
		}
	}
	return true
}

// clear forgets all up to a seq. It says false for what the room has heard already.
func (c *chat) clear(seq int64) bool {
	if seq <= c.cleared {
		return false
	}
	gone := func(m wire.ChatMessage) bool { return m.Seq <= seq }
	c.cleared, c.more = seq, false
	c.messages, c.changed = slices.DeleteFunc(c.messages, gone), slices.DeleteFunc(c.changed, gone)
	return true
}

// change puts a newer revision in the place of the one that is remembered, and where it is quoted. It says false for what the room has
// heard already.
func (c *chat) change(m wire.ChatMessage) bool {
	i, found := c.find(m.Seq)
	j := c.lastChange(m.Seq)
	switch {
	case m.Seq <= c.cleared:
		return false
	case found && c.messages[i].Revision >= m.Revision, j >= 0 && c.changed[j].Revision >= m.Revision:
		return false
	case found:
		c.messages[i] = m
	case !c.forgotten(m.Seq): // it was changed before the room heard of it, or while its history is being read
		c.remember(m)
	}
	c.revision = max(c.revision, m.Revision)
	if j >= 0 {
		c.changed = slices.Delete(c.changed, j, j+1)
	}
	c.changed = append(c.changed, m)
	if surplus := len(c.changed) - historyLength; surplus > 0 {
		c.changed = slices.Delete(c.changed, 0, surplus)
	}
	for k := range c.messages {
		c.requote(&c.messages[k])
	}
	return true
}

func (c *chat) lastChange(seq int64) int {
	return slices.IndexFunc(c.changed, func(have wire.ChatMessage) bool { return have.Seq == seq })
}

// requote gives a message the quote that the room knows: its own may have been read before a change that the room has heard of.
func (c *chat) requote(m *wire.ChatMessage) {
	if m.ReplyTo == nil || m.ReplyTo.DeletedAt != nil {
		return
	}
	if j := c.lastChange(m.ReplyTo.Seq); j >= 0 {
		source := c.changed[j]
		m.ReplyTo = &wire.Quote{Seq: source.Seq, Author: source.Author, Text: rooms.Excerpt(source.Text), DeletedAt: source.DeletedAt}
	}
}

// forgotten says whether a message is older than all that are remembered, and older ones are not.
func (c *chat) forgotten(seq int64) bool {
	return c.more && len(c.messages) > 0 && seq < c.messages[0].Seq
}

// addMessage shows a stored message to the viewers, unless they have heard it. The author, if given, gets it as chat.stored with re and
// key either way. A repeated message is one whose key came again: the first time its storing may have been cut short after the commit, with
// nobody told, so it counts as unheard unless it is remembered, or so old that it would not be.
func (r *room) addMessage(m wire.ChatMessage, repeated bool, author *peer, re, key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.Key = nil
	r.chat.requote(&m)
	if repeated && r.chat.forgotten(m.Seq) || !r.chat.remember(m) {
		if author != nil {
			author.send(stored(m, re, key, 0))
		}
		return
	}
	e := r.chatEvent(wire.TypeChatMessage, m)
	frame := encode(e)
	for _, s := range r.seats {
		switch {
		case s.conn == nil || !hears(s, m):
		case author != nil && s.conn == author.conn:
			s.conn.send(encode(stored(m, re, key, e.Version)))
		default:
			s.conn.send(frame)
		}
	}
}

// chatEvent is an increment where all viewers hear it; of a whisper, which the others know nothing of, it has no version. It needs the lock.
func (r *room) chatEvent(messageType string, m wire.ChatMessage) wire.Envelope {
	e := wire.NewEnvelope(messageType, wire.ChatEvent{Message: m})
	if m.To == nil {
		r.version++
		e.Version = r.version
	}
	return e
}

// changeMessage shows the viewers what became of a message, unless they have heard it. One that is not remembered may be told twice: the
// page knows by its revision.
func (r *room) changeMessage(m wire.ChatMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.Key = nil
	r.chat.requote(&m)
	if !r.chat.change(m) {
		return
	}
	frame := encode(r.chatEvent(wire.TypeChatChanged, m))
	for _, s := range r.seats {
		if s.conn != nil && hears(s, m) {
			s.conn.send(frame)
		}
	}
}

// sendChat stores a message before anybody hears of it. The same key again answers the stored message again; the others hear it
// then only if they have not yet.
func sendChat(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.ChatSend](e)
	if err != nil {
		return err
	}
	need := rooms.Chat
	if payload.Announcement != nil && *payload.Announcement {
		need |= rooms.Moderate
	}
	may, err := p.mayWrite(need)
	if err != nil {
		return err
	}
	n := rooms.Said(payload, may)
	ctx, cancel := p.callContext()
	defer cancel()
	m, duplicate, err := p.hub.o.Rooms.Append(ctx, p.room.id, p.seat.personID, n)
	if err != nil {
		return err
	}
	p.room.addMessage(m.Wire(), duplicate, p, e.Id, payload.Key)
	return nil
}

// editChat changes a message of one's own.
func editChat(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.ChatEdit](e)
	if err != nil {
		return err
	}
	if _, err := p.mayWrite(rooms.Chat); err != nil {
		return err
	}
	ctx, cancel := p.callContext()
	defer cancel()
	m, err := p.hub.o.Rooms.EditMessage(ctx, p.room.id, p.seat.personID, payload.Seq, payload.Text)
	if err != nil {
		return err
	}
	p.room.changeMessage(m.Wire())
	return nil
}

// deleteChat removes a message: one's own also when one may not write any more, anybody's by who moderates.
func deleteChat(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.ChatRef](e)
	if err != nil {
		return err
	}
	moderates, err := p.mayRemove()
	if err != nil {
		return err
	}
	ctx, cancel := p.callContext()
	defer cancel()
	m, err := p.hub.o.Rooms.RemoveMessage(ctx, p.room.id, p.seat.personID, moderates, payload.Seq)
	if err != nil {
		return err
	}
	p.room.changeMessage(m.Wire())
	return nil
}

// mayWrite counts a message or a change against the person's pace, and says what they may do.
func (p *peer) mayWrite(need rooms.Permissions) (may rooms.Permissions, err error) {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if !p.sits() {
		return 0, errSuperseded
	}
	if err := p.seat.permissions.Require(need); err != nil {
		return 0, err
	}
	if limit := p.room.paceOf(p.seat.personID).chat; !limit.Allow() {
		return 0, p.tooMany("chat messages", limit)
	}
	return p.seat.permissions, nil
}

// mayRemove counts a removal against the person's pace, and says whether they moderate.
func (p *peer) mayRemove() (moderates bool, err error) {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if !p.sits() {
		return false, errSuperseded
	}
	moderates = p.seat.permissions.Has(rooms.Moderate)
	limit := p.room.paceOf(p.seat.personID).chat
	if moderates {
		limit = p.room.paceOf(p.seat.personID).removals
	}
	if !limit.Allow() {
		return moderates, p.tooMany("removals", limit)
	}
	return moderates, nil
}

// stored is the answer to the author; version is 0 for a message that the room has heard of before.
func stored(m wire.ChatMessage, re, key string, version int64) wire.Envelope {
	m.Key = &key
	e := wire.NewEnvelope(wire.TypeChatStored, wire.ChatEvent{Message: m})
	e.Re, e.Version = re, version
	return e
}
