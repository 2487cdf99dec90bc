package rooms

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Limits of messages, in characters.
const (
	maxText = 4000
	maxKey  = 64
)

// Message is a stored message.
type Message struct {
	ID        uuid.UUID
	Room      ID
	Seq       int64
	Author    wire.PublicPerson // accounts.Gone when the account was deleted
	Key       string            // for the author alone
	Text      string
	CreatedAt time.Time
}

// Wire leaves the key out: set it for the author.
func (m Message) Wire() wire.ChatMessage {
	return wire.ChatMessage{Id: m.ID, Seq: m.Seq, Author: m.Author, Text: m.Text, CreatedAt: m.CreatedAt.UTC()}
}

// errDuplicate rolls back a transaction that took a number for a message that is there already.
var errDuplicate = errors.New("the key was used before")

// Append stores a message under the room's next number. The same key of the same author again, also at the same moment, answers the
// first message with duplicate set. It does not check membership or permission. Errors: invalid_field, key_reused, not_found (no
// such room or author), unavailable, storage_full.
func (s *Service) Append(ctx context.Context, room ID, author accounts.PersonID, key, text string) (m Message, duplicate bool, err error) {
	text, err = checkText(key, text)
	if err != nil {
		return Message{}, false, err
	}
	// A retry is mostly of a message that was stored long since: it takes no lock.
	row, err := s.byKey(ctx, room, author, key)
	if errors.Is(err, pgx.ErrNoRows) {
		if row, err = s.insert(ctx, room, author, key, text); errors.Is(err, errDuplicate) {
			duplicate = true
			row, err = s.byKey(ctx, room, author, key)
		}
	} else {
		duplicate = true
	}
	if err != nil {
		return Message{}, false, db.Fault("store the message", err)
	}
	if row.Text != text {
		return Message{}, false, wire.Errorf(wire.ErrorCodeKeyReused, "Another message was sent with this key. Send this one with a new key.")
	}
	by := accounts.Gone(row.AuthorName)
	if person, err := s.q.GetPerson(ctx, author.UUID()); err == nil {
		by = accounts.FromRow(person).Public()
	} else if !errors.Is(err, pgx.ErrNoRows) {
		return Message{}, false, db.Fault("look for the author", err)
	}
	return message(row, by), duplicate, nil
}

func (s *Service) byKey(ctx context.Context, room ID, author accounts.PersonID, key string) (db.Message, error) {
	id := author.UUID()
	return s.q.GetMessageByKey(ctx, db.GetMessageByKeyParams{RoomID: room.UUID(), AuthorID: &id, Key: key})
}

func (s *Service) insert(ctx context.Context, room ID, author accounts.PersonID, key, text string) (row db.Message, err error) {
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		now := s.now()
		seq, err := q.NextSeq(ctx, db.NextSeqParams{ID: room.UUID(), Now: now})
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoRoom()
		} else if err != nil {
			return fmt.Errorf("take the next number: %w", err)
		}
		row, err = q.InsertMessage(ctx, db.InsertMessageParams{
			ID: uuid.Must(uuid.NewV7()), RoomID: room.UUID(), Seq: seq, AuthorID: author.UUID(), Key: key, Text: text, CreatedAt: now,
		})
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if _, err := q.GetPerson(ctx, author.UUID()); errors.Is(err, pgx.ErrNoRows) {
			return wire.Errorf(wire.ErrorCodeNotFound, "The author is gone.")
		} else if err != nil {
			return fmt.Errorf("look for the author: %w", err)
		}
		return errDuplicate
	})
	return row, err
}

func message(row db.Message, author wire.PublicPerson) Message {
	return Message{
		ID: row.ID, Room: ID(row.RoomID), Seq: row.Seq, Author: author, Key: row.Key, Text: row.Text, CreatedAt: row.CreatedAt,
	}
}

// Messages returns the last limit messages before seq before (0: the newest) in the order they were said, and whether there are earlier
// ones. It does not check membership.
func (s *Service) Messages(ctx context.Context, room ID, before int64, limit int) (page []Message, more bool, err error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	rows, err := s.q.ListMessages(ctx, db.ListMessagesParams{RoomID: room.UUID(), Before: before, PageSize: int32(limit + 1)})
	if err != nil {
		return nil, false, db.Fault("read messages", err)
	}
	if more = len(rows) > limit; more {
		rows = rows[:limit]
	}
	page = make([]Message, len(rows))
	for i, row := range rows {
		author := accounts.Gone(row.Message.AuthorName)
		if row.Message.AuthorID != nil && row.DisplayName != nil {
			p := db.Person{ID: *row.Message.AuthorID, DisplayName: *row.DisplayName, AvatarColor: *row.AvatarColor, AvatarAt: row.AvatarAt}
			guest := *row.Kind == string(wire.PersonKindGuest)
			author = accounts.FromRow(p).Public()
			author.Guest = guest
		}
		page[len(rows)-1-i] = message(row.Message, author)
	}
	return page, more, nil
}

// checkText returns the text as it is stored: lines end in \n, no control characters else, nothing blank around it.
func checkText(key, text string) (string, error) {
	if n := utf8.RuneCountInString(key); n == 0 || n > maxKey || strings.ContainsFunc(key, unicode.IsControl) || !utf8.ValidString(key) {
		return "", errField("key", "has 1 to 64 characters that can be seen")
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\r\n", "\n")
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text))
	if text == "" {
		return "", errField("text", "is empty")
	}
	if utf8.RuneCountInString(text) > maxText {
		return "", errField("text", "has 4000 characters at most")
	}
	return text, nil
}
