package hub

import (
	"crypto/rand"
	"reflect"
	"slices"
	"strings"
	"time"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

const (
	maxLinks       = 20 // suggested in a room at a time
	maxLinksPerson = 5  // of them by one person
	recentLinks    = 10 // remembered of those that were opened
)

// links are what people suggest to open in the room's browser. They live with the room, and are under its lock.
type links struct {
	suggested []*link
	recent    []wire.OpenedLink
	told      wire.LinkBoard // what everybody heard last
}

type link struct {
	id     string
	url    string
	by     accounts.PersonID
	person wire.PublicPerson
	at     time.Time
	votes  map[accounts.PersonID]bool
}

// voting is what it takes to vote: a vote sends the browser somewhere, so nobody votes who could not with control. While control is locked, that is
// who moderates.
const voting = rooms.Chat | rooms.Navigate | rooms.Control

// voters are the people here who may vote now. It needs the room's lock, as does all that follows but the handlers.
func (r *room) voters() map[accounts.PersonID]bool {
	people := make(map[accounts.PersonID]bool)
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer && s.permissions.Has(voting) {
			people[s.personID] = true
		}
	}
	return people
}

// needed is how many votes open a link: of more than half of those who may vote, and at least two.
func needed(voters map[accounts.PersonID]bool) int { return max(2, len(voters)/2+1) }

// linkBoard has the votes that count now.
func (r *room) linkBoard() wire.LinkBoard {
	may := r.voters()
	board := wire.LinkBoard{Suggested: make([]wire.SuggestedLink, len(r.links.suggested)), Recent: slices.Clone(r.links.recent), Needed: needed(may)}
	if board.Recent == nil {
		board.Recent = []wire.OpenedLink{}
	}
	for i, l := range r.links.suggested {
		voters := make([]string, 0, len(l.votes))
		for person := range l.votes {
			if may[person] {
				voters = append(voters, person.String())
			}
		}
		slices.Sort(voters)
		board.Suggested[i] = wire.SuggestedLink{Id: l.id, Url: l.url, Person: l.person, At: l.at.UTC(), Voters: voters}
	}
	return board
}

func (r *room) tellLinks() {
	r.links.told = r.linkBoard()
	r.tellViewers(wire.TypeLinksChanged, r.links.told)
}

// followLinks tells the board anew where who is here, or what they may do, has changed whose votes count or how many are needed.
func (r *room) followLinks() {
	if len(r.links.suggested) > 0 && !reflect.DeepEqual(r.links.told, r.linkBoard()) {
		r.tellLinks()
	}
}

// dropLinksOf takes away what somebody suggested who is no member any more.
func (r *room) dropLinksOf(person accounts.PersonID) {
	before := len(r.links.suggested)
	r.links.suggested = slices.DeleteFunc(r.links.suggested, func(l *link) bool { return l.by == person })
	if len(r.links.suggested) < before {
		r.tellLinks()
	}
}

func (r *room) link(id string) (*link, error) {
	for _, l := range r.links.suggested {
		if l.id == id {
			return l, nil
		}
	}
	return nil, wire.Errorf(wire.ErrorCodeTargetNotFound, "That link is not suggested any more.")
}

func (r *room) dropLink(l *link) {
	r.links.suggested = slices.DeleteFunc(r.links.suggested, func(other *link) bool { return other == l })
}

// mayOpen says whether a seat may send the browser to an address: who has control may, and where nobody has, who may take it and navigate.
func (r *room) mayOpen(s *seat) error {
	if !s.permissions.Has(rooms.Navigate) {
		return s.permissions.Require(rooms.Navigate)
	}
	holder := r.control.ForViewers().Holder
	if holder == nil && s.permissions.Has(rooms.Control) || holder != nil && *holder == string(s.id) {
		return nil
	}
	return wire.Errorf(wire.ErrorCodeControlNotHeld, "Who has control opens links. Vote for it, or ask for control.")
}

// open sends the browser to a link and takes it from the suggestions.
func (r *room) open(l *link) error {
	agent := r.agent()
	if agent == nil || agent.conn == nil || !agent.conn.send(encode(wire.NewEnvelope(wire.TypeVBNavigate, wire.VBNavigate{Url: l.url}))) {
		return wire.Errorf(wire.ErrorCodeBrowserNotRunning, "The room's browser is not running.")
	}
	r.dropLink(l)
	r.links.recent = slices.DeleteFunc(r.links.recent, func(other wire.OpenedLink) bool { return other.Url == l.url })
	r.links.recent = append([]wire.OpenedLink{{Url: l.url, Person: l.person, At: r.hub.o.Now().UTC()}}, r.links.recent...)
	r.links.recent = r.links.recent[:min(len(r.links.recent), recentLinks)]
	return nil
}

// suggestLink puts a link on the board; the same one again is a vote for it by who may vote.
func suggestLink(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.LinkSuggest](e)
	if err != nil {
		return err
	}
	if err := rooms.CheckLink(payload.Url); err != nil {
		return err
	}
	return p.onBoard(func(r *room, s *seat) (bool, error) {
		if err := s.permissions.Require(rooms.Chat); err != nil {
			return false, err
		}
		own := 0
		for _, l := range r.links.suggested {
			if l.url == payload.Url {
				if !s.permissions.Has(voting) {
					return false, nil
				}
				return r.vote(l, s)
			}
			if l.by == s.personID {
				own++
			}
		}
		if own >= maxLinksPerson || len(r.links.suggested) >= maxLinks {
			err := wire.Errorf(wire.ErrorCodeRateLimited, "Enough links are suggested. Wait until one of them is opened or taken back.")
			err.RetryAfter = 30
			return false, err
		}
		r.links.suggested = append(r.links.suggested, &link{
			id: strings.ToLower(rand.Text()), url: payload.Url, by: s.personID, person: *s.person, at: r.hub.o.Now(), votes: map[accounts.PersonID]bool{s.personID: true},
		})
		return true, nil
	})
}

// vote counts one of each person, and opens what has enough; a vote again opens what has enough since others went. After an error there is no new one.
func (r *room) vote(l *link, s *seat) (changed bool, err error) {
	had := l.votes[s.personID]
	l.votes[s.personID] = true
	may, here := r.voters(), 0
	for person := range l.votes {
		if may[person] {
			here++
		}
	}
	if here < needed(may) {
		return !had, nil
	}
	if err := r.open(l); err != nil {
		if !had {
			delete(l.votes, s.personID)
		}
		return false, err
	}
	return true, nil
}

// voteLink counts one of each person who is here.
func voteLink(p *peer, e wire.Envelope) error {
	return onLink(p, e, func(r *room, s *seat, l *link) (bool, error) {
		if err := s.permissions.Require(voting); err != nil {
			return false, err
		}
		return r.vote(l, s)
	})
}

func openLink(p *peer, e wire.Envelope) error {
	return onLink(p, e, func(r *room, s *seat, l *link) (bool, error) {
		if err := r.mayOpen(s); err != nil {
			return false, err
		}
		return true, r.open(l)
	})
}

// withdrawLink is for who suggested it, who could open it, and who moderates.
func withdrawLink(p *peer, e wire.Envelope) error {
	return onLink(p, e, func(r *room, s *seat, l *link) (bool, error) {
		if l.by != s.personID && !s.permissions.Has(rooms.Moderate) {
			if err := r.mayOpen(s); err != nil {
				return false, err
			}
		}
		r.dropLink(l)
		return true, nil
	})
}

func onLink(p *peer, e wire.Envelope, do func(*room, *seat, *link) (changed bool, err error)) error {
	payload, err := wire.Decode[wire.LinkRef](e)
	if err != nil {
		return err
	}
	return p.onBoard(func(r *room, s *seat) (bool, error) {
		l, err := r.link(payload.Id)
		if err != nil {
			return false, err
		}
		return do(r, s, l)
	})
}

// onBoard changes the board, at the pace of what people write, and tells everybody what became of it.
func (p *peer) onBoard(do func(*room, *seat) (changed bool, err error)) error {
	r := p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.sits() {
		return errSuperseded
	}
	if limit := r.paceOf(p.seat.personID).chat; !limit.Allow() {
		return p.tooMany("links and votes", limit)
	}
	changed, err := do(r, p.seat)
	if err != nil || !changed {
		return err
	}
	r.tellLinks()
	return nil
}
