package rooms

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

func (h *house) say(t *testing.T, r Room, by accounts.Person, text string) Message {
	t.Helper()
	m, _, err := h.Append(ctx, r.ID, by.ID, NewMessage{Key: text, Text: text})
	require.NoError(t, err)
	return m
}

func TestAMessageIsChangedByItsAuthorAlone(t *testing.T) {
	h := newHouse(t)
	ada, grace := h.account(t), h.account(t)
	r, other := h.room(t, ada, wire.PrivacyPublic), h.room(t, ada, wire.PrivacyPublic)
	m := h.say(t, r, ada, "helo")

	edited, err := h.EditMessage(ctx, r.ID, ada.ID, m.Seq, "  hello\x00 ")
	require.NoError(t, err)
	require.Equal(t, "hello", edited.Text, "cleaned as any text")
	require.NotNil(t, edited.EditedAt)
	require.EqualValues(t, 1, edited.Revision)
	again, err := h.EditMessage(ctx, r.ID, ada.ID, m.Seq, "hello")
	require.NoError(t, err)
	require.Equal(t, edited, again, "the text that it has already changes nothing")

	_, err = h.EditMessage(ctx, r.ID, grace.ID, m.Seq, "mine")
	requireCode(t, wire.ErrorCodeForbidden, err)
	_, err = h.EditMessage(ctx, r.ID, ada.ID, m.Seq, " ")
	requireCode(t, wire.ErrorCodeInvalidField, err)
	_, err = h.EditMessage(ctx, other.ID, ada.ID, m.Seq, "elsewhere")
	requireCode(t, wire.ErrorCodeNotFound, err)
	_, err = h.EditMessage(ctx, NewID(), ada.ID, m.Seq, "nowhere")
	requireCode(t, wire.ErrorCodeNotFound, err)
	page, _, err := h.Messages(ctx, r.ID, accounts.PersonID{}, 0, 10)
	require.NoError(t, err)
	require.Equal(t, []Message{edited}, page)
}

func TestARemovedMessageKeepsItsNumberAndLosesItsText(t *testing.T) {
	h := newHouse(t)
	owner, friend, stranger := h.account(t), h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	own, others := h.say(t, r, friend, "oops"), h.say(t, r, friend, "rude")

	_, err := h.RemoveMessage(ctx, r.ID, stranger.ID, false, own.Seq)
	requireCode(t, wire.ErrorCodeForbidden, err)
	removed, err := h.RemoveMessage(ctx, r.ID, friend.ID, false, own.Seq)
	require.NoError(t, err)
	require.Empty(t, removed.Text)
	require.NotNil(t, removed.DeletedAt)
	again, err := h.RemoveMessage(ctx, r.ID, friend.ID, false, own.Seq)
	require.NoError(t, err)
	require.Equal(t, removed, again)
	_, err = h.EditMessage(ctx, r.ID, friend.ID, own.Seq, "back")
	requireCode(t, wire.ErrorCodeNotFound, err)
	_, err = h.RemoveMessage(ctx, r.ID, owner.ID, true, others.Seq)
	require.NoError(t, err)

	page, _, err := h.Messages(ctx, r.ID, accounts.PersonID{}, 0, 10)
	require.NoError(t, err)
	require.Len(t, page, 2)
	var kept, noted int
	require.NoError(t, h.pool.QueryRow(ctx, "SELECT count(*) FROM messages WHERE text <> ''").Scan(&kept))
	require.NoError(t, h.pool.QueryRow(ctx, "SELECT count(*) FROM audit WHERE action = 'message.removed' AND person_id = $1", owner.ID.UUID()).Scan(&noted))
	require.Zero(t, kept, "nothing of it stays in the database")
	require.Equal(t, 1, noted, "only what a moderator removed of others")
	next := h.say(t, r, friend, "next")
	require.EqualValues(t, 3, next.Seq)
}

func TestARetryOfAMessageThatWasChangedMeanwhileAnswersItAsItIs(t *testing.T) {
	h := newHouse(t)
	ada := h.account(t)
	r := h.room(t, ada, wire.PrivacyPublic)
	m := h.say(t, r, ada, "helo")
	for _, change := range []func() (Message, error){
		func() (Message, error) { return h.EditMessage(ctx, r.ID, ada.ID, m.Seq, "hello") },
		func() (Message, error) { return h.RemoveMessage(ctx, r.ID, ada.ID, false, m.Seq) },
	} {
		changed, err := change()
		require.NoError(t, err)
		retry, duplicate, err := h.Append(ctx, r.ID, ada.ID, NewMessage{Key: m.Key, Text: "helo"})
		require.NoError(t, err)
		require.True(t, duplicate)
		require.Equal(t, changed, retry)
	}
}

func TestWhoWasAwayIsToldWhatChangedSince(t *testing.T) {
	h := newHouse(t)
	ada := h.account(t)
	r := h.room(t, ada, wire.PrivacyPublic)
	for i := range 5 {
		h.say(t, r, ada, fmt.Sprint(i))
	}
	for _, seq := range []int64{4, 1, 2, 4} {
		_, err := h.EditMessage(ctx, r.ID, ada.ID, seq, fmt.Sprintf("changed %d%s", seq, fmt.Sprint(h.revision(t, r))))
		require.NoError(t, err)
	}
	require.EqualValues(t, 4, h.revision(t, r))
	page, more, err := h.Changes(ctx, r.ID, accounts.PersonID{}, 1, 2)
	require.NoError(t, err)
	require.True(t, more)
	require.Equal(t, []int64{1, 2}, []int64{page[0].Seq, page[1].Seq}, "in the order of the changes")
	page, more, err = h.Changes(ctx, r.ID, accounts.PersonID{}, page[1].Revision, 2)
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, page, 1)
	require.EqualValues(t, 4, page[0].Seq, "only its latest change")
	all, _, err := h.Changes(ctx, r.ID, accounts.PersonID{}, -1, 10)
	require.NoError(t, err)
	require.Len(t, all, 3, "what was never changed is none of it")
}

func (h *house) revision(t *testing.T, r Room) int64 {
	t.Helper()
	now, err := h.ByID(ctx, r.ID)
	require.NoError(t, err)
	return now.Revision
}

func TestChangesAtTheSameMomentAreNumberedOneAfterTheOther(t *testing.T) {
	h := newHouse(t)
	ada := h.account(t)
	r := h.room(t, ada, wire.PrivacyPublic)
	m := h.say(t, r, ada, "0")
	results := atOnce(20, func(i int) error {
		_, err := h.EditMessage(ctx, r.ID, ada.ID, m.Seq, fmt.Sprintf("edit %d", i))
		return err
	})
	require.Equal(t, 20, count(results, ""))
	require.EqualValues(t, 20, h.revision(t, r))
	page, _, err := h.Messages(ctx, r.ID, accounts.PersonID{}, 0, 1)
	require.NoError(t, err)
	require.EqualValues(t, 20, page[0].Revision)
}

func TestAReplyQuotesTheMessageAsItIsNow(t *testing.T) {
	h := newHouse(t)
	ada, grace := h.account(t), h.account(t)
	r := h.room(t, ada, wire.PrivacyPublic)
	m := h.say(t, r, ada, "shall we?")
	reply, _, err := h.Append(ctx, r.ID, grace.ID, NewMessage{Key: "r", Text: "yes", ReplyTo: m.Seq})
	require.NoError(t, err)
	require.Equal(t, wire.Quote{Seq: m.Seq, Author: ada.Public(), Text: "shall we?"}, *reply.ReplyTo)
	for _, to := range []int64{-1, reply.Seq + 1, reply.Seq + 2} {
		_, _, err := h.Append(ctx, r.ID, grace.ID, NewMessage{Key: fmt.Sprint(to), Text: "what?", ReplyTo: to})
		requireCode(t, wire.ErrorCodeInvalidField, err)
	}
	_, _, err = h.Append(ctx, r.ID, grace.ID, NewMessage{Key: "r", Text: "yes"})
	requireCode(t, wire.ErrorCodeKeyReused, err)

	_, err = h.RemoveMessage(ctx, r.ID, ada.ID, false, m.Seq)
	require.NoError(t, err)
	page, _, err := h.Messages(ctx, r.ID, accounts.PersonID{}, 0, 1)
	require.NoError(t, err)
	require.Empty(t, page[0].ReplyTo.Text, "a quote keeps nothing that was removed")
	require.NotNil(t, page[0].ReplyTo.DeletedAt)
}

func TestMessagesOfAnAccountThatIsDeletedAreChangedWithoutADeadlock(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	in, err := h.people.SignUp(ctx, accounts.SignUp{Username: "hasty", Password: "a long password"})
	require.NoError(t, err)
	r := h.room(t, owner, wire.PrivacyPublic)
	for i := range 12 {
		h.say(t, r, in.Person, fmt.Sprint(i))
	}
	caller, err := h.people.Authenticate(ctx, in.AccessToken)
	require.NoError(t, err)
	results := atOnce(13, func(i int) error {
		if i == 6 {
			_, err := h.people.Delete(ctx, caller, "a long password")
			return err
		}
		_, err := h.RemoveMessage(ctx, r.ID, owner.ID, true, int64(i%12+1))
		return err
	})
	require.Equal(t, 13, count(results, ""), results)
}
