// Package audit is the record of who did what to whom, and when: for administrators, who search it.
//
// The packages that decide write it by Write, in the transaction of the act, so that neither is there without the other. It is only
// added to; the database itself refuses everything else, but for lines that are too old to be kept.
//
// What always holds: a line has no password, no token, and nothing that anybody said.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Line is one act. The zero of an id is nobody, or no room.
type Line struct {
	At     time.Time
	Person uuid.UUID // who did it
	Target uuid.UUID // the person whom it was done to
	Room   uuid.UUID
	Action string // such as room.deleted
	Detail map[string]any
}

// Write adds a line in the caller's transaction.
func Write(ctx context.Context, q *db.Queries, l Line) error {
	row := db.InsertAuditParams{At: l.At, PersonID: known(l.Person), TargetID: known(l.Target), RoomID: known(l.Room), Action: l.Action, Detail: []byte("{}")}
	if l.Detail != nil {
		text, err := json.Marshal(l.Detail)
		if err != nil {
			return fmt.Errorf("audit %s: %w", l.Action, err)
		}
		row.Detail = text
	}
	if err := q.InsertAudit(ctx, row); err != nil {
		return fmt.Errorf("audit %s: %w", l.Action, err)
	}
	return nil
}

func known(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// Query says which lines are wanted; the zero wants all.
type Query struct {
	// Person did it, or had it done to them.
	Person *uuid.UUID
	Room   *uuid.UUID
	// Action is a whole one, or what one begins with before its dot: room finds room.deleted.
	Action string
	// Search is found in the action and in the names of people and rooms.
	Search       string
	Since, Until *time.Time
	// Before is the id of the last line of the page before; 0 begins with the newest.
	Before int64
	Limit  int
}

// Search returns the newest lines first, and the id to go on before, 0 at the end.
func Search(ctx context.Context, on db.DBTX, w Query) (lines []wire.AuditLine, next int64, err error) {
	if w.Before == 0 {
		w.Before = 1<<63 - 1
	}
	rows, err := db.New(on).ListAudit(ctx, db.ListAuditParams{
		BeforeID: w.Before, Person: w.Person, Room: w.Room, Since: w.Since, Until: w.Until, Action: w.Action, Search: w.Search, PageSize: int32(w.Limit + 1),
	})
	if err != nil {
		return nil, 0, db.Fault("search the audit", err)
	}
	if len(rows) > w.Limit {
		rows = rows[:w.Limit]
		next = rows[w.Limit-1].Audit.ID
	}
	lines = make([]wire.AuditLine, len(rows))
	for i, row := range rows {
		a := row.Audit
		line := wire.AuditLine{
			Id: a.ID, At: a.At.UTC(), Action: a.Action, Detail: map[string]any{},
			Person: person(a.PersonID, row.ActorName, row.ActorUsername), Target: person(a.TargetID, row.TargetName, row.TargetUsername),
		}
		if err := json.Unmarshal(a.Detail, &line.Detail); err != nil {
			return nil, 0, fmt.Errorf("read line %d of the audit: %w", a.ID, err)
		}
		if a.RoomID != nil {
			line.Room = &wire.AuditRoom{Id: *a.RoomID, Title: row.RoomTitle, Slug: row.RoomSlug}
		}
		lines[i] = line
	}
	return lines, next, nil
}

func person(id *uuid.UUID, name, username *string) *wire.AuditPerson {
	if id == nil {
		return nil
	}
	return &wire.AuditPerson{Id: *id, DisplayName: name, Username: username}
}
