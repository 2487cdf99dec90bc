package rooms

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

func (h *house) seqs(t *testing.T, r Room, reader accounts.Person) (seqs []int64) {
	t.Helper()
	page, _, err := h.Messages(ctx, r.ID, reader.ID, 0, 50)
	require.NoError(t, err)
	for _, m := range page {
		seqs = append(seqs, m.Seq)
	}
	return seqs
}

func (h *house) changedSeqs(t *testing.T, r Room, reader accounts.Person) (seqs []int64) {
	t.Helper()
	page, _, err := h.Changes(ctx, r.ID, reader.ID, 0, 50)
	require.NoError(t, err)
	for _, m := range page {
		seqs = append(seqs, m.Seq)
	}
	return seqs
}

func TestAWhisperIsReadByItsTwoAlone(t *testing.T) {
	h := newHouse(t)
	owner, ada, grace, stranger := h.account(t), h.account(t), h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	h.seat(t, r, ada, wire.RoleMember)
	h.seat(t, r, grace, wire.RoleGuest)
	h.say(t, r, ada, "to all")
	whisper, _, err := h.Append(ctx, r.ID, ada.ID, NewMessage{Key: "w", Text: "to you", To: grace.ID})
	require.NoError(t, err)
	require.Equal(t, grace.DisplayName, whisper.To.DisplayName)
	require.Equal(t, grace.ID.UUID(), whisper.Wire().To.Id)

	answer, _, err := h.Append(ctx, r.ID, grace.ID, NewMessage{Key: "a", Text: "to you too", ReplyTo: whisper.Seq})
	require.NoError(t, err)
	require.Equal(t, ada.ID.UUID(), answer.To.Id, "what answers a whisper is one")
	again, duplicate, err := h.Append(ctx, r.ID, grace.ID, NewMessage{Key: "a", Text: "to you too", ReplyTo: whisper.Seq})
	require.NoError(t, err)
	require.True(t, duplicate)
	require.Equal(t, answer, again)
	back, _, err := h.Append(ctx, r.ID, grace.ID, NewMessage{Key: "b", Text: "and again", ReplyTo: answer.Seq})
	require.NoError(t, err)
	require.Equal(t, ada.ID.UUID(), back.To.Id, "also of what one whispered oneself")

	for _, c := range []struct {
		by   accounts.Person
		say  NewMessage
		code wire.ErrorCode
	}{
		{owner, NewMessage{ReplyTo: whisper.Seq}, wire.ErrorCodeInvalidField},
		{ada, NewMessage{ReplyTo: whisper.Seq, To: owner.ID}, wire.ErrorCodeInvalidField},
		{ada, NewMessage{To: ada.ID}, wire.ErrorCodeInvalidField},
		{owner, NewMessage{To: ada.ID, Announcement: true}, wire.ErrorCodeInvalidField},
		{ada, NewMessage{To: stranger.ID}, wire.ErrorCodeNotFound},
		{ada, NewMessage{Key: "w", Text: "to you", To: owner.ID}, wire.ErrorCodeKeyReused},
		{ada, NewMessage{Key: "w", Text: "to you"}, wire.ErrorCodeKeyReused},
	} {
		if c.say.Key == "" {
			c.say.Key, c.say.Text = "refused", "refused"
		}
		_, _, err := h.Append(ctx, r.ID, c.by.ID, c.say)
		requireCode(t, c.code, err)
	}
	_, err = h.EditMessage(ctx, r.ID, owner.ID, whisper.Seq, "x")
	requireCode(t, wire.ErrorCodeNotFound, err)
	_, err = h.RemoveMessage(ctx, r.ID, owner.ID, true, whisper.Seq)
	requireCode(t, wire.ErrorCodeNotFound, err)
	_, err = h.React(ctx, r.ID, owner.ID, whisper.Seq, "🐢", true)
	requireCode(t, wire.ErrorCodeNotFound, err)

	_, err = h.EditMessage(ctx, r.ID, ada.ID, whisper.Seq, "changed")
	require.NoError(t, err)
	_, err = h.React(ctx, r.ID, grace.ID, answer.Seq, "🐢", true)
	require.NoError(t, err)
	for _, reader := range []accounts.Person{ada, grace} {
		require.Equal(t, []int64{1, 2, 3, 4}, h.seqs(t, r, reader))
		require.Equal(t, []int64{2, 3}, h.changedSeqs(t, r, reader))
	}
	require.Equal(t, []int64{1}, h.seqs(t, r, owner), "not by who moderates either")
	require.Empty(t, h.changedSeqs(t, r, owner))
	all, _, err := h.Latest(ctx, r.ID, 50)
	require.NoError(t, err)
	require.Len(t, all, 4)

}

func TestWithOneOfTheTwoGoWhispersOfBoth(t *testing.T) {
	h := newHouse(t)
	owner, ada, grace := h.account(t), h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	h.seat(t, r, ada, wire.RoleMember)
	h.seat(t, r, grace, wire.RoleMember)
	h.say(t, r, ada, "to all")
	for i, m := range []struct{ from, to accounts.Person }{{ada, grace}, {grace, ada}, {owner, grace}} {
		_, _, err := h.Append(ctx, r.ID, m.from.ID, NewMessage{Key: string(rune('a' + i)), Text: "psst", To: m.to.ID})
		require.NoError(t, err)
	}
	require.Equal(t, []int64{1, 2, 3, 4}, h.seqs(t, r, grace))
	_, err := h.pool.Exec(ctx, "DELETE FROM people WHERE id = $1", ada.ID.UUID())
	require.NoError(t, err)
	require.Equal(t, []int64{1, 4}, h.seqs(t, r, grace))
	require.Equal(t, []int64{1, 4}, h.seqs(t, r, owner))
	_, err = one(ctx, h.q, r.ID, 3)
	requireCode(t, wire.ErrorCodeNotFound, err) // and not the message before it
}

func TestAWhisperToNobodyIsNotForEverybody(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	_, _, err := h.Append(ctx, r.ID, owner.ID, Said(wire.ChatSend{Key: "1", Text: "psst", To: new(uuid.Nil)}, 0))
	requireCode(t, wire.ErrorCodeNotFound, err)
	require.Empty(t, h.seqs(t, r, owner))
}

func TestAWhisperThatWasSaidIsAnsweredAfterItsReaderLeft(t *testing.T) {
	h := newHouse(t)
	owner, ada := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	h.seat(t, r, ada, wire.RoleMember)
	whisper := NewMessage{Key: "w", Text: "psst", To: ada.ID}
	first, _, err := h.Append(ctx, r.ID, owner.ID, whisper)
	require.NoError(t, err)
	_, err = h.Remove(ctx, r.ID.String(), owner, ada.ID)
	require.NoError(t, err)
	again, duplicate, err := h.Append(ctx, r.ID, owner.ID, whisper)
	require.NoError(t, err)
	require.True(t, duplicate)
	require.Equal(t, first, again)
	whisper.Key = "another"
	_, _, err = h.Append(ctx, r.ID, owner.ID, whisper)
	requireCode(t, wire.ErrorCodeNotFound, err)
}

func TestWhoseVisitIsOverIsNeitherWhisperedToNorMentioned(t *testing.T) {
	h := newHouse(t)
	owner, guest := h.account(t), h.guest(t)
	r := h.enteredBy(t, owner, wire.EntryAsk)
	require.NoError(t, h.LetIn(ctx, r.ID, owner.ID, guest.ID))
	_, _, err := h.Append(ctx, r.ID, owner.ID, NewMessage{Key: "1", Text: "psst", To: guest.ID})
	require.NoError(t, err)
	require.Len(t, h.say(t, r, owner, "@"+guest.DisplayName).Mentions, 1)
	h.clock.pass(VisitLife + time.Second)
	_, _, err = h.Append(ctx, r.ID, owner.ID, NewMessage{Key: "2", Text: "psst", To: guest.ID})
	requireCode(t, wire.ErrorCodeNotFound, err)
	require.Empty(t, h.say(t, r, owner, "still @"+guest.DisplayName).Mentions)
}

func TestWhoIsMentionedIsFoundByName(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	h.seat(t, r, h.account(t), wire.RoleMember)
	m, _, err := h.Append(ctx, r.ID, owner.ID, NewMessage{Key: "1", Text: "hi @" + owner.DisplayName + ", @nobody"})
	require.NoError(t, err)
	want := []wire.Mention{{Id: owner.ID.UUID(), Name: owner.DisplayName}}
	require.Equal(t, want, *m.Wire().Mentions)
	page, _, err := h.Messages(ctx, r.ID, owner.ID, 0, 1)
	require.NoError(t, err)
	require.Equal(t, want, page[0].Mentions)
	edited, err := h.EditMessage(ctx, r.ID, owner.ID, m.Seq, "hi all")
	require.NoError(t, err)
	require.Nil(t, edited.Wire().Mentions)
	stranger := h.account(t)
	m, _, err = h.Append(ctx, r.ID, owner.ID, NewMessage{Key: "2", Text: "hi @" + stranger.DisplayName})
	require.NoError(t, err)
	require.Empty(t, m.Mentions, "a member of another room is nobody here")
}
