package rooms

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// EditMessage gives a message another text. Only its author may; whether they may still write is for the caller to check. The text that it has
// already changes nothing. Errors: invalid_field, not_found (no such message, or removed), forbidden, unavailable, storage_full.
func (s *Service) EditMessage(ctx context.Context, room ID, by accounts.PersonID, seq int64, text string) (Message, error) {
	text, err := checkText(text)
	if err != nil {
		return Message{}, err
	}
	return s.change(ctx, room, by, seq, "edit the message", func(q *db.Queries, m db.Message) error {
		switch {
		case m.DeletedAt != nil:
			return errNoMessage()
		case !writtenBy(m, by):
			return wire.Errorf(wire.ErrorCodeForbidden, "Only who wrote a message can change it.")
		case m.Text == text:
			return nil
		}
		revision, err := q.NextRevision(ctx, room.UUID())
		if err != nil {
			return err
		}
		now := s.now()
		mentioned, err := mentions(ctx, q, now, room, text)
		if err != nil {
			return err
		}
		ids, names := columns(mentioned)
		return q.EditMessage(ctx, db.EditMessageParams{
			RoomID: room.UUID(), Seq: seq, Text: text, Mentioned: ids, MentionedAs: names, Now: now, Revision: revision,
		})
	})
}

// RemoveMessage takes a message's text away for good; its number stays. Its author may, and with moderates who may read it and has a higher role
// than its author has now, which is noted for the audit.
// Removing it again changes nothing. Errors: not_found, forbidden, unavailable, storage_full.
func (s *Service) RemoveMessage(ctx context.Context, room ID, by accounts.PersonID, moderates bool, seq int64) (Message, error) {
	return s.change(ctx, room, by, seq, "remove the message", func(q *db.Queries, m db.Message) error {
		own := writtenBy(m, by)
		switch {
		case !own && !moderates:
			return wire.Errorf(wire.ErrorCodeForbidden, "Only who wrote a message and moderators can remove it.")
		case m.DeletedAt != nil:
			return nil
		case !own:
			// The room is held: a role that is given at this moment is given before or after.
			if err := s.mayModerate(ctx, q, room, by, m.AuthorID); err != nil {
				return err
			}
		}
		revision, err := q.NextRevision(ctx, room.UUID())
		if err != nil {
			return err
		}
		now := s.now()
		if err := q.ClearReactions(ctx, db.ClearReactionsParams{RoomID: room.UUID(), Seq: seq}); err != nil {
			return err
		}
		if err := q.DeleteMessage(ctx, db.DeleteMessageParams{RoomID: room.UUID(), Seq: seq, Now: now, Revision: revision}); err != nil || own {
			return err
		}
		return audit(ctx, q, now, by, room, "message.removed", map[string]any{"seq": seq})
	})
}

// change is changeIn in a transaction of its own.
func (s *Service) change(ctx context.Context, room ID, by accounts.PersonID, seq int64, what string, step func(*db.Queries, db.Message) error) (m Message, err error) {
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		m, err = s.changeIn(ctx, q, room, by, seq, func(row db.Message) error { return step(q, row) })
		return err
	})
	return m, db.Fault(what, err)
}

// changeIn reads a message with its room held against other changes of it, and returns it as it is after step. For who may not read it there is none.
func (s *Service) changeIn(ctx context.Context, q *db.Queries, room ID, by accounts.PersonID, seq int64, step func(db.Message) error) (Message, error) {
	if _, err := q.HoldRoom(ctx, room.UUID()); errors.Is(err, pgx.ErrNoRows) {
		return Message{}, errNoRoom()
	} else if err != nil {
		return Message{}, fmt.Errorf("hold the room: %w", err)
	}
	row, err := q.GetMessage(ctx, db.GetMessageParams{RoomID: room.UUID(), Seq: seq})
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !mayRead(row, by) {
		return Message{}, errNoMessage()
	} else if err != nil {
		return Message{}, err
	}
	if err := step(row); err != nil {
		return Message{}, err
	}
	return one(ctx, q, room, seq)
}

// mayModerate says whether somebody may act on what another wrote; author is nil for who is gone.
func (s *Service) mayModerate(ctx context.Context, q *db.Queries, room ID, by accounts.PersonID, author *uuid.UUID) error {
	own, err := standing(ctx, q, s.now(), room, by)
	if err != nil {
		return err
	}
	var of Standing
	if author != nil {
		if of, err = standing(ctx, q, s.now(), room, accounts.PersonID(*author)); err != nil {
			return err
		}
	}
	return mayActOn(own.Role, of.Role)
}

func writtenBy(m db.Message, person accounts.PersonID) bool {
	return m.AuthorID != nil && *m.AuthorID == person.UUID()
}
