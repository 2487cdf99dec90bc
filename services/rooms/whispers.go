package rooms

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// mayRead says whether somebody may know of a message: of a whisper only its two.
func mayRead(m db.Message, person accounts.PersonID) bool {
	return m.WhisperTo == nil || *m.WhisperTo == person.UUID() || writtenBy(m, person)
}

// recipient finds who alone hears a new message, nil for everybody: who was named, or, since what answers a whisper is one, the other of its
// two. They stay until the transaction ends. It comes before the room is locked, as all people do. Errors: invalid_field, not_found.
func (s *Service) recipient(ctx context.Context, q *db.Queries, room ID, author accounts.PersonID, n NewMessage) (*uuid.UUID, error) {
	to := n.To
	if n.ReplyTo != 0 {
		answered, err := q.GetMessage(ctx, db.GetMessageParams{RoomID: room.UUID(), Seq: n.ReplyTo})
		switch {
		case errors.Is(err, pgx.ErrNoRows), err == nil && !mayRead(answered, author):
			return nil, errField("replyTo", "is no message of this room")
		case err != nil:
			return nil, err
		}
		if answered.WhisperTo != nil {
			other := *answered.WhisperTo
			if other == author.UUID() {
				if answered.AuthorID == nil {
					return nil, wire.Errorf(wire.ErrorCodeNotFound, "Who whispered this is gone.")
				}
				other = *answered.AuthorID
			}
			if to != (accounts.PersonID{}) && to.UUID() != other {
				return nil, errField("to", "is not who the whisper is shared with that this answers")
			}
			to = accounts.PersonID(other)
		}
	}
	switch {
	case to == accounts.PersonID{}:
		return nil, nil
	case to == author:
		return nil, errField("to", "is yourself")
	case n.Announcement:
		return nil, errField("announcement", "is for everybody, and this is a whisper")
	}
	if _, err := q.HoldAuthor(ctx, to.UUID()); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, err
	}
	if _, err := q.GetRole(ctx, db.GetRoleParams{RoomID: room.UUID(), PersonID: to.UUID(), Now: s.now()}); errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoMember()
	} else if err != nil {
		return nil, err
	}
	return new(to.UUID()), nil
}

// addRecipients gives whispers the person they are for.
func addRecipients(ctx context.Context, q *db.Queries, rows []db.ListMessagesRow, page []Message) error {
	var ids []uuid.UUID
	for _, row := range rows {
		if row.Message.WhisperTo != nil {
			ids = append(ids, *row.Message.WhisperTo)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	people, err := q.ListRecipients(ctx, ids)
	if err != nil {
		return err
	}
	known := make(map[uuid.UUID]wire.PublicPerson, len(people))
	for _, p := range people {
		known[p.ID] = accounts.FromRow(p).Public()
	}
	for i, row := range rows {
		if id := row.Message.WhisperTo; id != nil {
			to := known[*id]
			to.Id = *id // also of somebody whose account goes at this moment: it is never everybody's
			page[i].To = &to
		}
	}
	return nil
}
