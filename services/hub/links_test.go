package hub

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// board skips to the next word of the links.
func (c *client) board() wire.LinkBoard {
	c.Helper()
	return decode[wire.LinkBoard](c.house, c.await(wire.TypeLinksChanged))
}

func (c *client) suggests(url string) wire.SuggestedLink {
	c.Helper()
	c.sendEnvelope(wire.Envelope{Type: wire.TypeLinkSuggest, Id: "suggest", Payload: wire.NewEnvelope("", wire.LinkSuggest{Url: url}).Payload})
	board := c.board()
	require.Equal(c, wire.TypeOK, c.next().Type)
	require.NotEmpty(c, board.Suggested)
	return board.Suggested[len(board.Suggested)-1]
}

func (c *client) sentTo() string {
	c.Helper()
	return decode[wire.VBNavigate](c.house, c.await(wire.TypeVBNavigate)).Url
}

func TestWhoHasControlOpensWhatOthersSuggest(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	ann, ben := h.join(room, owner), h.join(room, friend)
	require.Equal(t, wire.LinkBoard{Suggested: []wire.SuggestedLink{}, Recent: []wire.OpenedLink{}, Needed: 2}, *ann.identity.Snapshot.Links)
	ann.ok(wire.TypeControlTake, wire.Empty{}, "")
	l := ben.suggests("https://films.example/one")
	require.Equal(t, friend.ID.UUID(), l.Person.Id)
	require.Equal(t, []string{friend.ID.String()}, l.Voters)
	ann.refused(wire.ErrorCodeBrowserNotRunning, wire.TypeLinkOpen, wire.LinkRef{Id: l.Id}, "")

	agent, _ := h.agent(room)
	require.Nil(t, agent.identity.Snapshot.Links, "what people suggest is no business of a browser")
	ben.refused(wire.ErrorCodeControlNotHeld, wire.TypeLinkOpen, wire.LinkRef{Id: l.Id}, "")
	ann.ok(wire.TypeLinkOpen, wire.LinkRef{Id: l.Id}, "")
	require.Equal(t, "https://films.example/one", agent.sentTo())
	board := ben.board()
	require.Empty(t, board.Suggested)
	require.Equal(t, "https://films.example/one", board.Recent[0].Url)
	ann.refused(wire.ErrorCodeTargetNotFound, wire.TypeLinkOpen, wire.LinkRef{Id: l.Id}, "")
	late := h.join(room, h.person())
	require.Equal(t, board.Recent, late.identity.Snapshot.Links.Recent)

	ann.ok(wire.TypeControlRelease, wire.Empty{}, "")
	free := ben.suggests("http://films.example/two")
	ben.ok(wire.TypeLinkOpen, wire.LinkRef{Id: free.Id}, "")
	require.Equal(t, "http://films.example/two", agent.sentTo(), "where nobody has control, who may take it opens")
}

func TestAVoteOpensALink(t *testing.T) {
	h := newHouse(t, nil)
	owner, ben, eve := h.person(), h.person(), h.person()
	room := h.room(owner)
	one := h.join(room, owner)
	one.ok(wire.TypeControlTake, wire.Empty{}, "")
	b, e := h.join(room, ben), h.join(room, eve)
	h.join(room, h.person())
	agent, _ := h.agent(room)
	l := b.suggests("https://films.example/")
	for range 2 { // again counts once
		b.ok(wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
	}
	e.ok(wire.TypeLinkSuggest, wire.LinkSuggest{Url: "https://films.example/"}, "") // the same link is a vote for it
	one.ok(wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
	require.Equal(t, "https://films.example/", agent.sentTo(), "three of four")
}

func TestOnlyWebAddressesAreSuggested(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	h.join(room, owner).ok(wire.TypeControlTake, wire.Empty{}, "")
	c := h.join(room, friend)
	for _, url := range []string{"", "file:///etc/passwd", "about:config", "javascript:alert(1)", "https://", "https://user:secret@films.example/", "-url x", "ftp://films.example/", "data:text/html,x"} {
		c.refused(wire.ErrorCodeInvalidField, wire.TypeLinkSuggest, wire.LinkSuggest{Url: url}, "")
	}
	for i := range maxLinksPerson {
		c.suggests(fmt.Sprintf("https://films.example/%d", i))
	}
	c.refused(wire.ErrorCodeRateLimited, wire.TypeLinkSuggest, wire.LinkSuggest{Url: "https://films.example/more"}, "")
}

func TestALinkIsTakenBackByWhoSuggestedItAndWhoCouldOpenIt(t *testing.T) {
	h := newHouse(t, nil)
	owner, ben, eve := h.person(), h.person(), h.person()
	room := h.room(owner)
	ann, b, e := h.join(room, owner), h.join(room, ben), h.join(room, eve)
	ann.ok(wire.TypeControlTake, wire.Empty{}, "")
	for _, by := range []*client{b, ann} {
		l := b.suggests("https://films.example/")
		e.refused(wire.ErrorCodeControlNotHeld, wire.TypeLinkWithdraw, wire.LinkRef{Id: l.Id}, "")
		by.ok(wire.TypeLinkWithdraw, wire.LinkRef{Id: l.Id}, "")
		by.refused(wire.ErrorCodeTargetNotFound, wire.TypeLinkWithdraw, wire.LinkRef{Id: l.Id}, "")
	}
}

func TestLinksFollowThePermissions(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	ann, ben := h.join(room, owner), h.join(room, friend)
	none := wire.RolePermissions{Member: []wire.Permission{wire.PermissionControl}, Guest: []wire.Permission{}}
	_, err := h.rooms.Update(context.Background(), room.Slug, owner, rooms.Change{Policy: &none})
	require.NoError(t, err)
	h.hub.RoomUpdated(room.ID)
	ben.await(wire.TypeSelfUpdated)
	l := ann.suggests("https://films.example/")
	ben.refused(wire.ErrorCodeForbidden, wire.TypeLinkSuggest, wire.LinkSuggest{Url: "https://films.example/x"}, "")
	ben.refused(wire.ErrorCodeForbidden, wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
	ben.refused(wire.ErrorCodeForbidden, wire.TypeLinkOpen, wire.LinkRef{Id: l.Id}, "")
	ben.ok(wire.TypeControlTake, wire.Empty{}, "")
	ben.refused(wire.ErrorCodeForbidden, wire.TypeLinkOpen, wire.LinkRef{Id: l.Id}, "")
}

func TestVotesCountOfThoseWhoAreHereAndMay(t *testing.T) {
	h := newHouse(t, nil)
	owner, ben, eve, ida := h.person(), h.person(), h.person(), h.person()
	room := h.room(owner)
	ann, b, e, i := h.join(room, owner), h.join(room, ben), h.join(room, eve), h.join(room, ida)
	ann.ok(wire.TypeControlTake, wire.Empty{}, "")
	l := b.suggests("https://films.example/")
	require.Equal(t, 3, e.board().Needed)
	b.ok(wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
	e.quiet() // what changes nothing is told to nobody
	e.ok(wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
	require.Len(t, b.board().Suggested[0].Voters, 2)
	ann.refused(wire.ErrorCodeBrowserNotRunning, wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
	require.Len(t, h.join(room, owner).identity.Snapshot.Links.Suggested[0].Voters, 2, "after an error nothing has changed")

	agent, _ := h.agent(room)
	i.leave()
	board := b.board()
	require.Equal(t, 2, board.Needed)
	require.Len(t, board.Suggested[0].Voters, 2)
	e.ok(wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
	require.Equal(t, wire.TypePeerLeft, agent.next().Type)
	require.Equal(t, wire.TypeVBNavigate, agent.next().Type, "a browser hears nothing of the board")
}

func TestALockedControlTakesTheVote(t *testing.T) {
	h := newHouse(t, nil)
	owner, ben, eve := h.person(), h.person(), h.person()
	room := h.room(owner)
	ann, b, e := h.join(room, owner), h.join(room, ben), h.join(room, eve)
	h.agent(room)
	l := b.suggests("https://films.example/")
	require.Len(t, l.Voters, 1)
	_, err := h.rooms.SetLocks(context.Background(), room.Slug, owner, rooms.LockChange{Control: new(true)}, nil)
	require.NoError(t, err)
	h.hub.RoomUpdated(room.ID)
	for range 2 {
		ann.await(wire.TypeLinksChanged)
	}
	e.refused(wire.ErrorCodeForbidden, wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
	e.ok(wire.TypeLinkSuggest, wire.LinkSuggest{Url: "https://films.example/"}, "")
	ann.ok(wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
	require.Equal(t, []string{owner.ID.String()}, e.board().Suggested[0].Voters, "what was given before the lock opens nothing")
}

func TestLinksGoAtThePaceOfTheChat(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ChatRate, o.ChatBurst = rate.Every(time.Hour), 2 })
	owner := h.person()
	room := h.room(owner)
	c := h.join(room, owner)
	l := c.suggests("https://films.example/")
	c.ok(wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
	c.refused(wire.ErrorCodeRateLimited, wire.TypeLinkVote, wire.LinkRef{Id: l.Id}, "")
}

func TestWhatSomebodySuggestedGoesWithThem(t *testing.T) {
	h := newHouse(t, nil)
	owner, ben, eve := h.person(), h.person(), h.person()
	room := h.room(owner)
	ann, b, e := h.join(room, owner), h.join(room, ben), h.join(room, eve)
	b.suggests("https://films.example/one")
	require.Len(t, ann.board().Suggested, 1)
	_, _, err := h.rooms.Ban(context.Background(), room.Slug, owner, ben.ID, "", false)
	require.NoError(t, err)
	h.hub.MemberChanged(room.ID, ben.ID)
	require.Empty(t, ann.board().Suggested)
	e.ok(wire.TypeLinkSuggest, wire.LinkSuggest{Url: "https://films.example/two"}, "")
	require.Len(t, ann.board().Suggested, 1)
	h.hub.PersonGone(eve.ID)
	for left := 1; left > 0; {
		left = len(ann.board().Suggested)
	}
}
