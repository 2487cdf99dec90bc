package rooms

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

func reactions(m Message) string {
	var all []string
	for _, r := range m.Reactions {
		all = append(all, fmt.Sprint(r.Emoji, len(r.People)))
	}
	return strings.Join(all, " ")
}

func TestReactionsAreCountedInTheOrderTheyCame(t *testing.T) {
	h := newHouse(t)
	ada, grace := h.account(t), h.account(t)
	r := h.room(t, ada, wire.PrivacyPublic)
	m := h.say(t, r, ada, "hello")
	for _, step := range []struct {
		by       accounts.Person
		emoji    string
		on       bool
		want     string
		revision int64
	}{
		{grace, "🐢", true, "🐢1", 1},
		{ada, "🎉", true, "🐢1 🎉1", 2},
		{ada, "🐢", true, "🐢2 🎉1", 3},
		{ada, "🐢", true, "🐢2 🎉1", 3},
		{grace, "🎉", false, "🐢2 🎉1", 3},
		{grace, "🐢", false, "🎉1 🐢1", 4},
	} {
		h.clock.pass(1000)
		now, err := h.React(ctx, r.ID, step.by.ID, m.Seq, step.emoji, step.on)
		require.NoError(t, err)
		require.Equal(t, step.want, reactions(now))
		require.Equal(t, step.revision, now.Revision)
	}
	page, _, err := h.Messages(ctx, r.ID, accounts.PersonID{}, 0, 1)
	require.NoError(t, err)
	require.Equal(t, []wire.ReactingPerson{{Id: ada.ID.UUID(), DisplayName: ada.DisplayName}}, page[0].Reactions[1].People)
	require.Len(t, *page[0].Wire().Reactions, 2)
	require.Nil(t, page[0].EditedAt, "a reaction is no edit")

	removed, err := h.RemoveMessage(ctx, r.ID, ada.ID, false, m.Seq)
	require.NoError(t, err)
	require.Nil(t, removed.Wire().Reactions)
	_, err = h.React(ctx, r.ID, ada.ID, m.Seq, "🐢", true)
	requireCode(t, wire.ErrorCodeNotFound, err)
	_, err = h.React(ctx, r.ID, accounts.NewPersonID(), m.Seq, "🐢", true)
	requireCode(t, wire.ErrorCodeNotFound, err)
}

func TestReactionsAreBounded(t *testing.T) {
	h := newHouse(t)
	ada, grace := h.account(t), h.account(t)
	r := h.room(t, ada, wire.PrivacyPublic)
	m := h.say(t, r, ada, "hello")
	emoji := []rune("😀😁😂🤣😃😄😅😆😉😊😋😎😍")
	results := atOnce(maxEmoji+1, func(i int) error {
		_, err := h.React(ctx, r.ID, ada.ID, m.Seq, string(emoji[i]), true)
		return err
	})
	require.Equal(t, maxEmoji, count(results, ""))
	require.Equal(t, 1, count(results, wire.ErrorCodeReactionsFull))
	page, _, err := h.Messages(ctx, r.ID, accounts.PersonID{}, 0, 1)
	require.NoError(t, err)
	_, err = h.React(ctx, r.ID, grace.ID, m.Seq, page[0].Reactions[0].Emoji, true)
	require.NoError(t, err, "one that is there already")
	_, err = h.React(ctx, r.ID, ada.ID, m.Seq, page[0].Reactions[0].Emoji, false)
	require.NoError(t, err)
}

func TestAnEmojiIsOneSymbolAndNoText(t *testing.T) {
	for _, emoji := range []string{"🐢", "❤️", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇯🇵", "#️⃣", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☺", "‼️"} {
		require.True(t, IsEmoji(emoji), emoji)
	}
	for _, text := range []string{"", "a", "1", "lol", "🐢🐢", "🐢a", " ", "<b>", "\u200d", "\ufe0f", "🐢\u200d", "\u200d🐢", "🇯", "🇯🇵🇯", "\u20e3", "a\u20e3", "🐢\u202e", "\xff", "\ufdfd", "㍿", "℡", "㋿", "\u2800", "\ufffc", strings.Repeat("❤️\u200d", 8) + "❤️"} {
		require.False(t, IsEmoji(text), "%q", text)
	}
}

func TestEveryEmojiThatThePageOffersIsOne(t *testing.T) {
	list, err := os.ReadFile("../../web/src/room/chat/emojiList.ts")
	require.NoError(t, err)
	offered := regexp.MustCompile(`(?m)^(?:  \w+: `+"`"+`)?(\S+) [^|\n]+\|`).FindAllStringSubmatch(string(list), -1)
	require.Greater(t, len(offered), 350)
	for _, match := range offered {
		require.True(t, IsEmoji(match[1]), match[1])
	}
}
