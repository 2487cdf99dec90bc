package rooms

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
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
	maxText  = 4000
	maxKey   = 64
	maxQuote = 200
)

// Message is a stored message.
type Message struct {
	ID        uuid.UUID
	Room      ID
	Seq       int64
	Author    wire.PublicPerson // accounts.Gone when the account was deleted
	Key       string            // for the author alone
	Text      string            // empty when it was removed
	CreatedAt time.Time
	ReplyTo   *wire.Quote // as that message is now

	// Revision numbers its latest change among those of the room; 0 as it was said.
	Revision            int64
	EditedAt, DeletedAt *time.Time
	Reactions           []wire.Reaction // by who came first

	To           *wire.PublicPerson // who alone may read it, besides its author; nil for everybody
	Announcement bool
	Mentions     []wire.Mention
}

// Wire leaves the key out: set it for the author.
func (m Message) Wire() wire.ChatMessage {
	w := wire.ChatMessage{
		Id: m.ID, Seq: m.Seq, Author: m.Author, Text: m.Text, CreatedAt: m.CreatedAt.UTC(), ReplyTo: m.ReplyTo,
		Revision: m.Revision, EditedAt: utc(m.EditedAt), DeletedAt: utc(m.DeletedAt), Reactions: someOrNone(m.Reactions),
		To: m.To, Mentions: someOrNone(m.Mentions),
	}
	if m.Announcement {
		w.Announcement = &m.Announcement
	}
	return w
}

func someOrNone[T any](list []T) *[]T {
	if len(list) == 0 {
		return nil
	}
	return &list
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(t.UTC())
}

// NewMessage is what somebody says.
type NewMessage struct {
	Key     string // of the author's choice
	Text    string
	ReplyTo int64 // the seq of the message that it answers; 0 answers none

	// To is the one member who hears it; zero for everybody, or whoever the whisper is shared with that it answers.
	To accounts.PersonID
	// Announcement marks it; that its author moderates is for the caller to check.
	Announcement bool
	// Moderates says that its author does: slow mode is not for them.
	Moderates bool
}

// errDuplicate rolls back a transaction that took a number for a message that is there already.
var errDuplicate = errors.New("the key was used before")

// Append stores a message under the room's next number. The same key of the same author again, also at the same moment, answers the
// first message, as it is now, with duplicate set. It does not check membership or permission of the author. Errors: invalid_field, key_reused,
// not_found (no such room or author; whom it is for is no member), slow_mode, unavailable, storage_full.
func (s *Service) Append(ctx context.Context, room ID, author accounts.PersonID, n NewMessage) (m Message, duplicate bool, err error) {
	text, err := checkText(n.Text)
	if err == nil {
		err = checkKey(n.Key)
	}
	if err != nil {
		return Message{}, false, err
	}
	n.Text = text
	err = db.InTx(ctx, s.pool, func(q *db.Queries) (err error) {
		m, err = s.insert(ctx, q, room, author, n)
		return err
	})
	if duplicate = errors.Is(err, errDuplicate); duplicate {
		m, err = s.saidBefore(ctx, room, author, n)
	}
	if err != nil {
		return Message{}, false, db.Fault("store the message", err)
	}
	return m, duplicate, nil
}

// saidBefore is the message of a key that was used before. What was changed since answers every text: the first one is not known any more.
func (s *Service) saidBefore(ctx context.Context, room ID, author accounts.PersonID, n NewMessage) (Message, error) {
	row, err := s.q.GetMessageByKey(ctx, db.GetMessageByKeyParams{RoomID: room.UUID(), AuthorID: new(author.UUID()), Key: n.Key})
	if err != nil {
		return Message{}, err
	}
	replyTo := int64(0)
	if row.ReplyTo != nil {
		replyTo = *row.ReplyTo
	}
	to := accounts.PersonID{}
	if row.WhisperTo != nil {
		to = accounts.PersonID(*row.WhisperTo)
	}
	// What answers a whisper has whom it is for by itself.
	other := n.To != to && (n.To != accounts.PersonID{} || n.ReplyTo == 0)
	if row.EditedAt == nil && row.DeletedAt == nil && row.Text != n.Text || replyTo != n.ReplyTo || other || row.Announcement != n.Announcement {
		return Message{}, wire.Errorf(wire.ErrorCodeKeyReused, "Another message was sent with this key. Send this one with a new key.")
	}
	return one(ctx, s.q, room, row.Seq)
}

// insert takes the room's next number for a message. It returns errDuplicate for a key that was used before.
func (s *Service) insert(ctx context.Context, q *db.Queries, room ID, author accounts.PersonID, n NewMessage) (Message, error) {
	to, err := s.recipient(ctx, q, room, author, n)
	if err != nil {
		// What was said already stays said, whoever has left since.
		if _, unknown := q.GetMessageByKey(ctx, db.GetMessageByKeyParams{RoomID: room.UUID(), AuthorID: new(author.UUID()), Key: n.Key}); unknown == nil {
			return Message{}, errDuplicate
		}
		return Message{}, err
	}
	person, err := q.HoldAuthor(ctx, author.UUID())
	if errors.Is(err, pgx.ErrNoRows) {
		return Message{}, wire.Errorf(wire.ErrorCodeNotFound, "The author is gone.")
	} else if err != nil {
		return Message{}, fmt.Errorf("look for the author: %w", err)
	}
	now := s.now()
	next, err := q.NextSeq(ctx, db.NextSeqParams{ID: room.UUID(), Now: now})
	if errors.Is(err, pgx.ErrNoRows) {
		return Message{}, errNoRoom()
	} else if err != nil {
		return Message{}, fmt.Errorf("take the next number: %w", err)
	}
	var last time.Time
	if next.SlowMode > 0 && !n.Moderates {
		if last, err = lastSaid(ctx, q, room, author, now.Add(time.Duration(next.SlowMode)*time.Second)); err != nil {
			return Message{}, err
		}
	}
	var replyTo *int64
	if n.ReplyTo != 0 {
		replyTo = &n.ReplyTo
	}
	mentioned, err := mentions(ctx, q, now, room, n.Text)
	if err != nil {
		return Message{}, fmt.Errorf("look for who is mentioned: %w", err)
	}
	var from *uuid.UUID
	if to != nil {
		from = new(author.UUID())
	}
	ids, names := columns(mentioned)
	_, err = q.InsertMessage(ctx, db.InsertMessageParams{
		ID: uuid.Must(uuid.NewV7()), RoomID: room.UUID(), Seq: next.LastSeq, AuthorID: new(author.UUID()), AuthorName: person.DisplayName,
		Key: n.Key, Text: n.Text, ReplyTo: replyTo, WhisperTo: to, WhisperFrom: from, Announcement: n.Announcement, Mentioned: ids, MentionedAs: names, CreatedAt: now,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Message{}, errDuplicate
	} else if err != nil {
		return Message{}, err
	}
	if err := tooSoon(last, now, next.SlowMode); err != nil { // not before: what was said already is no new message
		return Message{}, err
	}
	return one(ctx, q, room, next.LastSeq)
}

// Messages returns the last limit messages before seq before (0: the newest) that somebody may read, in the order they were said, and whether
// there are earlier ones. It does not check membership.
func (s *Service) Messages(ctx context.Context, room ID, reader accounts.PersonID, before int64, limit int) (page []Message, more bool, err error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	return s.list(ctx, room, db.ListMessagesParams{RoomID: room.UUID(), Before: before, Reader: reader.UUID()}, limit)
}

// Latest returns the last limit messages, whispers of all people too: who gets one is for the caller to see to.
func (s *Service) Latest(ctx context.Context, room ID, limit int) (page []Message, more bool, err error) {
	return s.list(ctx, room, db.ListMessagesParams{RoomID: room.UUID(), Before: math.MaxInt64, Whispers: true}, limit)
}

func (s *Service) list(ctx context.Context, room ID, params db.ListMessagesParams, limit int) (page []Message, more bool, err error) {
	params.PageSize = int32(limit + 1)
	rows, err := s.q.ListMessages(ctx, params)
	if err != nil {
		return nil, false, db.Fault("read messages", err)
	}
	if more = len(rows) > limit; more {
		rows = rows[:limit]
	}
	slices.Reverse(rows)
	page, err = messages(ctx, s.q, room, rows)
	return page, more, db.Fault("read messages", err)
}

// Changes returns the messages that somebody may read and that were changed after a revision, in the order of their changes, limit of them at most, and whether there
// are more. It does not check membership.
func (s *Service) Changes(ctx context.Context, room ID, reader accounts.PersonID, after int64, limit int) (page []Message, more bool, err error) {
	changed, err := s.q.ListChangedMessages(ctx, db.ListChangedMessagesParams{RoomID: room.UUID(), Reader: reader.UUID(), After: after, PageSize: int32(limit + 1)})
	if err != nil {
		return nil, false, db.Fault("read changed messages", err)
	}
	if more = len(changed) > limit; more {
		changed = changed[:limit]
	}
	rows := make([]db.ListMessagesRow, len(changed))
	for i, row := range changed {
		rows[i] = db.ListMessagesRow(row)
	}
	page, err = messages(ctx, s.q, room, rows)
	return page, more, db.Fault("read changed messages", err)
}

// one reads a message. It may go at this moment, with its room or, a whisper, with the account of one of its two; what is before it is then
// for others.
func one(ctx context.Context, q *db.Queries, room ID, seq int64) (Message, error) {
	rows, err := q.ListMessages(ctx, db.ListMessagesParams{RoomID: room.UUID(), Before: seq + 1, Whispers: true, PageSize: 1})
	if err != nil {
		return Message{}, err
	}
	if len(rows) == 0 || rows[0].Message.Seq != seq {
		return Message{}, errNoMessage()
	}
	page, err := messages(ctx, q, room, rows)
	if err != nil {
		return Message{}, err
	}
	return page[0], nil
}

// messages gives rows what stands in other tables.
func messages(ctx context.Context, q *db.Queries, room ID, rows []db.ListMessagesRow) ([]Message, error) {
	page := make([]Message, len(rows))
	answered := map[int64]*wire.Quote{}
	seqs := make([]int64, len(rows))
	for i, row := range rows {
		m := row.Message
		page[i] = Message{
			ID: m.ID, Room: room, Seq: m.Seq, Author: author(row), Key: m.Key, Text: m.Text, CreatedAt: m.CreatedAt,
			Revision: m.Revision, EditedAt: m.EditedAt, DeletedAt: m.DeletedAt, Announcement: m.Announcement, Mentions: stored(m),
		}
		seqs[i] = m.Seq
		if m.ReplyTo != nil {
			answered[*m.ReplyTo] = nil
		}
	}
	if err := addReactions(ctx, q, room, seqs, page); err != nil {
		return nil, err
	}
	if err := addRecipients(ctx, q, rows, page); err != nil {
		return nil, err
	}
	if len(answered) == 0 {
		return page, nil
	}
	quoted, err := q.ListMessagesBySeq(ctx, db.ListMessagesBySeqParams{RoomID: room.UUID(), Seqs: slices.Collect(maps.Keys(answered))})
	if err != nil {
		return nil, err
	}
	for _, row := range quoted {
		m := row.Message
		answered[m.Seq] = &wire.Quote{Seq: m.Seq, Author: author(db.ListMessagesRow(row)), Text: Excerpt(m.Text), DeletedAt: utc(m.DeletedAt)}
	}
	for i, row := range rows {
		if row.Message.ReplyTo != nil {
			page[i].ReplyTo = answered[*row.Message.ReplyTo]
		}
	}
	return page, nil
}

// author is accounts.Gone when the account was deleted.
func author(row db.ListMessagesRow) wire.PublicPerson {
	if row.Message.AuthorID == nil || row.DisplayName == nil {
		return accounts.Gone(row.Message.AuthorName)
	}
	p := accounts.FromRow(db.Person{ID: *row.Message.AuthorID, DisplayName: *row.DisplayName, AvatarColor: *row.AvatarColor, AvatarAt: row.AvatarAt}).Public()
	p.Guest = *row.Kind == string(wire.PersonKindGuest)
	return p
}

// Excerpt is what a quote has of a text.
func Excerpt(text string) string {
	if runes := []rune(text); len(runes) > maxQuote {
		return string(runes[:maxQuote-1]) + "…"
	}
	return text
}

func checkKey(key string) error {
	if n := utf8.RuneCountInString(key); n == 0 || n > maxKey || strings.ContainsFunc(key, unicode.IsControl) || !utf8.ValidString(key) {
		return errField("key", "has 1 to 64 characters that can be seen")
	}
	return nil
}

// checkText returns the text as it is stored: lines end in \n, no control characters else, nothing blank around it.
func checkText(text string) (string, error) {
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

// nobody is who is a member of no room: what is whispered to them is refused.
var nobody = accounts.PersonID(uuid.Max)

// Said is what somebody says by the contract, with what they may do in the room.
func Said(w wire.ChatSend, may Permissions) NewMessage {
	n := NewMessage{Key: w.Key, Text: w.Text, Moderates: may.Has(Moderate)}
	if w.ReplyTo != nil {
		n.ReplyTo = *w.ReplyTo
	}
	if w.To != nil {
		n.To = accounts.PersonID(*w.To)
		if n.To == (accounts.PersonID{}) { // accounts.Gone has that id, and is never everybody
			n.To = nobody
		}
	}
	if w.Announcement != nil {
		n.Announcement = *w.Announcement
	}
	return n
}
