package rooms

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Limits of the reactions of one message.
const (
	maxEmoji     = 12  // different ones
	maxReactions = 200 // of all people together
)

// React puts somebody's emoji on a message, or takes it away; what is so already changes nothing. It does not check membership or
// permission. Errors: invalid_field, not_found (no such message, or removed; no such person), reactions_full, unavailable, storage_full.
func (s *Service) React(ctx context.Context, room ID, by accounts.PersonID, seq int64, emoji string, on bool) (m Message, err error) {
	if !IsEmoji(emoji) {
		return Message{}, errField("emoji", "is no emoji")
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		// Before the room, as everywhere: the row that is added holds the person too.
		if _, err := q.HoldAuthor(ctx, by.UUID()); errors.Is(err, pgx.ErrNoRows) {
			return wire.Errorf(wire.ErrorCodeNotFound, "The person is gone.")
		} else if err != nil {
			return err
		}
		m, err = s.changeIn(ctx, q, room, by, seq, func(m db.Message) error {
			if m.DeletedAt != nil {
				return errNoMessage()
			}
			return s.react(ctx, q, room, by, seq, emoji, on)
		})
		return err
	})
	return m, db.Fault("react to the message", err)
}

func (s *Service) react(ctx context.Context, q *db.Queries, room ID, by accounts.PersonID, seq int64, emoji string, on bool) error {
	rows, err := q.ListReactions(ctx, db.ListReactionsParams{RoomID: room.UUID(), Seqs: []int64{seq}})
	if err != nil {
		return err
	}
	there, known := false, map[string]bool{emoji: true}
	for _, row := range rows {
		known[row.Emoji] = true
		there = there || row.Emoji == emoji && row.PersonID == by.UUID()
	}
	switch {
	case there == on:
		return nil
	case on && (len(known) > maxEmoji || len(rows) >= maxReactions):
		return wire.Errorf(wire.ErrorCodeReactionsFull, "This message has as many reactions as it can have.")
	}
	revision, err := q.NextRevision(ctx, room.UUID())
	if err != nil {
		return err
	}
	if err := q.ReviseMessage(ctx, db.ReviseMessageParams{RoomID: room.UUID(), Seq: seq, Revision: revision}); err != nil {
		return err
	}
	if on {
		return q.AddReaction(ctx, db.AddReactionParams{RoomID: room.UUID(), Seq: seq, Emoji: emoji, PersonID: by.UUID(), CreatedAt: s.now()})
	}
	return q.RemoveReaction(ctx, db.RemoveReactionParams{RoomID: room.UUID(), Seq: seq, Emoji: emoji, PersonID: by.UUID()})
}

// addReactions gives messages theirs.
func addReactions(ctx context.Context, q *db.Queries, room ID, seqs []int64, page []Message) error {
	rows, err := q.ListReactions(ctx, db.ListReactionsParams{RoomID: room.UUID(), Seqs: seqs})
	if err != nil {
		return err
	}
	for _, row := range rows {
		m := &page[slices.Index(seqs, row.Seq)]
		i := slices.IndexFunc(m.Reactions, func(r wire.Reaction) bool { return r.Emoji == row.Emoji })
		if i < 0 {
			i = len(m.Reactions)
			m.Reactions = append(m.Reactions, wire.Reaction{Emoji: row.Emoji})
		}
		m.Reactions[i].People = append(m.Reactions[i].People, wire.ReactingPerson{Id: row.PersonID, DisplayName: row.DisplayName})
	}
	return nil
}

// IsEmoji says whether a text is one emoji: symbols, with what modifies and joins them (UTS #51), and never a word.
func IsEmoji(text string) bool {
	const (
		joiner, textStyle, emojiStyle, keycap = 0x200d, 0xfe0e, 0xfe0f, 0x20e3
		longest                               = 10 // characters: a family of four with its joiners has 7
	)
	if base, ok := strings.CutSuffix(text, string(rune(keycap))); ok {
		base = strings.TrimSuffix(base, string(rune(emojiStyle)))
		return len(base) == 1 && strings.Contains("0123456789#*", base)
	}
	symbols, length := 0, 0
	joined, flags := true, 0
	for _, r := range text {
		length++
		switch {
		case r >= 0x1f3fb && r <= 0x1f3ff, r == textStyle, r == emojiStyle, r >= 0xe0020 && r <= 0xe007f: // skin, style, tags of flags
			if symbols == 0 {
				return false
			}
		case r == joiner:
			if symbols == 0 || joined {
				return false
			}
			joined = true
		case r >= 0x1f1e6 && r <= 0x1f1ff:
			flags++
			symbols++
		case isPicture(r):
			if !joined || flags > 0 {
				return false // a second one
			}
			symbols++
			joined = false
		default:
			return false
		}
	}
	return symbols > 0 && length <= longest && (flags == 0 && !joined || flags == 2 && symbols == 2)
}

// isPicture says whether a character is of the blocks that emoji are in: other symbols are words, or as wide as a sentence, or blank.
func isPicture(r rune) bool {
	switch {
	case r >= 0x1f000 && r <= 0x1faff, r >= 0x2190 && r <= 0x27bf, r >= 0x2900 && r <= 0x297f, r >= 0x2b00 && r <= 0x2bff:
		return unicode.Is(unicode.So, r) || unicode.Is(unicode.Sm, r)
	case r == 0xa9, r == 0xae, r == 0x203c, r == 0x2049, r == 0x2122, r == 0x2139, r == 0x3030, r == 0x303d, r == 0x3297, r == 0x3299:
		return true
	}
	return false
}
