package rooms

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

func TestSlowModeBoundsEachPersonAndNoModerator(t *testing.T) {
	h := newHouse(t)
	owner, ada, grace := h.account(t), h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	require.NoError(t, h.SetSlowMode(ctx, r.ID, owner.ID, 30))
	found, err := h.ByID(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, 30, found.Wire().SlowMode)

	say := func(by accounts.Person, key string, moderates bool) error {
		_, _, err := h.Append(ctx, r.ID, by.ID, NewMessage{Key: key, Text: key, Moderates: moderates})
		return err
	}
	require.NoError(t, say(ada, "1", false))
	h.clock.pass(9500 * time.Millisecond)
	err = say(ada, "2", false)
	requireCode(t, wire.ErrorCodeSlowMode, err)
	var coded *wire.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, 21, coded.RetryAfter, "the whole time that is left")
	require.NoError(t, say(ada, "1", false), "a retry is no new message")
	require.NoError(t, say(grace, "1", false), "it is each person's own")
	require.NoError(t, say(owner, "1", true))
	require.NoError(t, say(owner, "2", true))
	h.clock.pass(20500 * time.Millisecond)
	require.NoError(t, say(ada, "2", false))
	m := h.seqs(t, r, ada)
	require.Equal(t, []int64{1, 2, 3, 4, 5}, m, "what was refused took no number")
	h.clock.pass(-time.Hour) // somebody has set the server's clock back
	require.NoError(t, say(ada, "earlier", false), "nobody is silent for an hour by a clock")
	requireCode(t, wire.ErrorCodeSlowMode, say(ada, "at once", false))
	require.NoError(t, h.SetSlowMode(ctx, r.ID, owner.ID, 0))
	require.NoError(t, say(ada, "3", false))

	for _, wrong := range []int{-1, 3601} {
		requireCode(t, wire.ErrorCodeInvalidField, h.SetSlowMode(ctx, r.ID, owner.ID, wrong))
	}
	requireCode(t, wire.ErrorCodeForbidden, h.SetSlowMode(ctx, NewID(), owner.ID, 1))
	require.Subset(t, h.audited(t, r), []string{"chat.slow"})
}

func TestAClearedChatIsGoneForGoodAndGoesOnCounting(t *testing.T) {
	h := newHouse(t)
	owner, ada := h.account(t), h.account(t)
	r, other := h.room(t, owner, wire.PrivacyPublic), h.room(t, owner, wire.PrivacyPublic)
	h.seat(t, r, ada, wire.RoleMember)
	h.say(t, other, owner, "stays")
	m := h.say(t, r, owner, "one")
	_, err := h.React(ctx, r.ID, ada.ID, m.Seq, "🐢", true)
	require.NoError(t, err)
	_, _, err = h.Append(ctx, r.ID, owner.ID, NewMessage{Key: "w", Text: "whispered", To: ada.ID})
	require.NoError(t, err)

	seq, err := h.ClearChat(ctx, r.ID, owner.ID)
	require.NoError(t, err)
	require.EqualValues(t, 2, seq)
	for _, reader := range []accounts.Person{owner, ada} {
		require.Empty(t, h.seqs(t, r, reader))
		require.Empty(t, h.changedSeqs(t, r, reader))
	}
	require.Len(t, h.seqs(t, other, owner), 1)
	found, err := h.ByID(ctx, r.ID)
	require.NoError(t, err)
	require.EqualValues(t, 2, found.ClearedSeq)
	require.EqualValues(t, 3, h.say(t, r, owner, "anew").Seq)
	_, _, err = h.Append(ctx, r.ID, ada.ID, NewMessage{Key: "x", Text: "to what is gone", ReplyTo: 1})
	requireCode(t, wire.ErrorCodeInvalidField, err)
	_, err = h.ClearChat(ctx, NewID(), owner.ID)
	requireCode(t, wire.ErrorCodeForbidden, err)
	require.Subset(t, h.audited(t, r), []string{"chat.cleared"})
}

func TestWhoModeratesNoMoreNeitherClearsNorSlowsTheChat(t *testing.T) {
	h := newHouse(t)
	owner, ada, grace := h.account(t), h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	h.seat(t, r, ada, wire.RoleModerator)
	h.seat(t, r, grace, wire.RoleModerator)
	h.say(t, r, owner, "stays")
	_, _, err := h.SetRole(ctx, r.ID.String(), owner, ada.ID, wire.RoleMember)
	require.NoError(t, err)
	for _, by := range []accounts.Person{ada, h.account(t)} {
		_, err = h.ClearChat(ctx, r.ID, by.ID)
		requireCode(t, wire.ErrorCodeForbidden, err)
		requireCode(t, wire.ErrorCodeForbidden, h.SetSlowMode(ctx, r.ID, by.ID, 30))
	}
	require.Len(t, h.seqs(t, r, owner), 1)
	require.NoError(t, h.SetSlowMode(ctx, r.ID, grace.ID, 30))
	_, err = h.ClearChat(ctx, r.ID, grace.ID)
	require.NoError(t, err)
}

func TestWhatIsSaidWhileTheChatIsClearedIsThereOrGone(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	var cleared int64
	results := atOnce(30, func(i int) (err error) {
		if i == 15 {
			cleared, err = h.ClearChat(ctx, r.ID, owner.ID)
			return err
		}
		_, _, err = h.Append(ctx, r.ID, owner.ID, NewMessage{Key: string(rune('a' + i)), Text: "hello"})
		return err
	})
	require.Equal(t, 30, count(results, ""))
	left := h.seqs(t, r, owner)
	require.Len(t, left, 29-int(cleared))
	for i, seq := range left {
		require.Equal(t, cleared+1+int64(i), seq)
	}
}
