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
	var row db.Message
	var by accounts.Person
	err = db.InTx(ctx, s.pool, func(q *db.Queries) (err error) {
		row, by, err = s.insert(ctx, q, room, author, key, text)
		return err
	})
	if duplicate = errors.Is(err, errDuplicate); duplicate {
		row, err = s.q.GetMessageByKey(ctx, db.GetMessageByKeyParams{RoomID: room.UUID(), AuthorID: new(author.UUID()), Key: key})
	}
	if err != nil {
		return Message{}, false, db.Fault("store the message", err)
	}
	if row.Text != text {
		return Message{}, false, wire.Errorf(wire.ErrorCodeKeyReused, "Another message was sent with this key. Send this one with a new key.")
	}
	return message(row, by.Public()), duplicate, nil
}

// insert takes the room's next number for a message. It returns errDuplicate for a key that was used before.
func (s *Service) insert(ctx context.Context, q *db.Queries, room ID, author accounts.PersonID, key, text string) (db.Message, accounts.Person, error) {
	now := s.now()
	person, err := q.HoldAuthor(ctx, author.UUID())
	if errors.Is(err, pgx.ErrNoRows) {
		return db.Message{}, accounts.Person{}, wire.Errorf(wire.ErrorCodeNotFound, "The author is gone.")
	} else if err != nil {
		return db.Message{}, accounts.Person{}, fmt.Errorf("look for the author: %w", err)
	}
	by := accounts.FromRow(person)
	seq, err := q.NextSeq(ctx, db.NextSeqParams{ID: room.UUID(), Now: now})
	if errors.Is(err, pgx.ErrNoRows) {
		return db.Message{}, by, errNoRoom()
	} else if err != nil {
		return db.Message{}, by, fmt.Errorf("take the next number: %w", err)
	}
	row, err := q.InsertMessage(ctx, db.InsertMessageParams{
		ID: uuid.Must(uuid.NewV7()), RoomID: room.UUID(), Seq: seq, AuthorID: new(author.UUID()), AuthorName: by.DisplayName,
		Key: key, Text: text, CreatedAt: now,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return db.Message{}, by, errDuplicate
	}
	return row, by, err
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
