package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	record "turtus/services/audit"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Managed is a person as an administrator sees them.
type Managed struct {
	Person     Person
	SeenAt     time.Time // when a sign-in was last renewed, or the person was made
	RoomsOwned int
}

// Wanted says which people a list has; the zero has all.
type Wanted struct {
	Search   string
	Kind     wire.PersonKind
	Disabled bool
	// Administrators alone.
	Administrators bool
	Cursor         string
	Limit          int
}

// People lists everybody, the newest first. Error: invalid_field (cursor).
func (s *Service) People(ctx context.Context, w Wanted) (people []Managed, next string, err error) {
	after, ok := db.ParseCursor(w.Cursor)
	if !ok {
		return nil, "", errField("cursor", "is not one that a page before gave")
	}
	params := db.ListPeopleParams{BeforeCreatedAt: after.At, BeforeID: after.ID, Kind: string(w.Kind), Search: storable(w.Search), PageSize: int32(w.Limit + 1)}
	switch {
	case w.Disabled:
		params.Standing = "disabled"
	case w.Administrators:
		params.Standing = "administrator"
	}
	rows, err := s.q.ListPeople(ctx, params)
	if err != nil {
		return nil, "", db.Fault("list the people", err)
	}
	if len(rows) > w.Limit {
		rows = rows[:w.Limit]
		last := rows[w.Limit-1].Person
		next = db.Cursor{At: last.CreatedAt, ID: last.ID}.String()
	}
	people = make([]Managed, len(rows))
	for i, row := range rows {
		people[i] = Managed{Person: FromRow(row.Person), SeenAt: row.SeenAt, RoomsOwned: int(row.RoomsOwned)}
	}
	return people, next, nil
}

// Managed is one of them. Error: not_found.
func (s *Service) Managed(ctx context.Context, id PersonID) (Managed, error) {
	row, err := s.q.GetManaged(ctx, id.UUID())
	if errors.Is(err, pgx.ErrNoRows) {
		return Managed{}, errNoPerson()
	}
	return Managed{Person: FromRow(row.Person), SeenAt: row.SeenAt, RoomsOwned: int(row.RoomsOwned)}, db.Fault("look for the person", err)
}

// Audit searches the record of who did what.
func (s *Service) Audit(ctx context.Context, w record.Query) ([]wire.AuditLine, int64, error) {
	return record.Search(ctx, s.pool, w)
}

// Record writes down what changes nothing in the database.
func (s *Service) Record(ctx context.Context, l record.Line) error {
	return db.Fault("write the audit", record.Write(ctx, s.q, l))
}

// Change of a person's standing; nil leaves it.
type Change struct{ Disabled, Administrator *bool }

// ChangePerson disables somebody, which ends their sessions, or lets them in again; makes an administrator of them, or a person like others.
// Errors: not_found, forbidden (by is no administrator any more), last_administrator, invalid_field (a guest).
func (s *Service) ChangePerson(ctx context.Context, by Person, target PersonID, c Change) (Person, error) {
	var person Person
	var ended []uuid.UUID
	var disabled bool
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		ended, disabled = nil, false
		if err := q.LockAdministrators(ctx); err != nil {
			return fmt.Errorf("lock who administrates: %w", err)
		}
		// Of two administrators who take the role from each other at once, the second is none any more.
		if err := administrates(ctx, q, by.ID); err != nil {
			return err
		}
		before, err := q.LockPerson(ctx, target.UUID())
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoPerson()
		} else if err != nil {
			return fmt.Errorf("lock the person: %w", err)
		}
		now := s.now()
		after := db.SetStandingParams{ID: before.ID, DisabledAt: before.DisabledAt, Administrator: before.Administrator}
		if c.Administrator != nil {
			after.Administrator = *c.Administrator
		}
		if c.Disabled != nil && *c.Disabled != (before.DisabledAt != nil) {
			after.DisabledAt = nil
			if *c.Disabled {
				after.DisabledAt = &now
			}
		}
		if after.Administrator && before.Kind != string(wire.PersonKindAccount) {
			return errField("administrator", "is for people who have an account")
		}
		if !after.Administrator || after.DisabledAt != nil {
			if err := staysWithout(ctx, q, before); err != nil {
				return err
			}
		}
		row, err := q.SetStanding(ctx, after)
		if err != nil {
			return err
		}
		person = FromRow(row)
		if disabled = before.DisabledAt == nil && after.DisabledAt != nil; disabled {
			if ended, err = q.EndSessions(ctx, db.EndSessionsParams{PersonID: before.ID}); err != nil {
				return fmt.Errorf("end the sessions: %w", err)
			}
			if err := q.DropPasswordReset(ctx, before.ID); err != nil {
				return fmt.Errorf("drop the reset link: %w", err)
			}
			err = auditOf(ctx, q, now, by.ID, target, "person.disabled", nil)
		} else if before.DisabledAt != nil && after.DisabledAt == nil {
			err = auditOf(ctx, q, now, by.ID, target, "person.enabled", nil)
		}
		if err == nil && before.Administrator != after.Administrator {
			err = auditOf(ctx, q, now, by.ID, target, "administrator.set", map[string]any{"administrator": after.Administrator})
		}
		return err
	})
	if err != nil {
		return Person{}, db.Fault("change the person", err)
	}
	if disabled {
		s.disabled(target)
		s.tellEnded(ended)
	}
	return person, nil
}

// administrates refuses who is no administrator at this moment.
func administrates(ctx context.Context, q *db.Queries, id PersonID) error {
	row, err := q.GetPerson(ctx, id.UUID())
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("look for the administrator: %w", err)
	}
	if err != nil || !row.Administrator || row.DisabledAt != nil {
		return errNotAdministrator()
	}
	return nil
}

// staysWithout refuses to take the last administrator away. It needs LockAdministrators.
func staysWithout(ctx context.Context, q *db.Queries, row db.Person) error {
	if !row.Administrator || row.DisabledAt != nil {
		return nil
	}
	others, err := q.OtherAdministrators(ctx, row.ID)
	if err != nil {
		return fmt.Errorf("look for other administrators: %w", err)
	}
	if !others {
		return errLastAdministrator()
	}
	return nil
}

// leaves lets somebody delete their account. The last administrator may only where they are the last of all: the next to come is the first again.
func leaves(ctx context.Context, q *db.Queries, row db.Person) error {
	others, err := q.OtherAccounts(ctx, row.ID)
	if err != nil {
		return fmt.Errorf("look for other accounts: %w", err)
	}
	if !others {
		return nil
	}
	return staysWithout(ctx, q, row)
}

// ResetLife is how long a link for a new password works.
const ResetLife = 24 * time.Hour

// CreateReset makes the token of a link by which somebody sets a new password, once; the one before it works no more.
// Errors: not_found, forbidden, invalid_field (a guest).
func (s *Service) CreateReset(ctx context.Context, by Person, target PersonID) (token string, expiresAt time.Time, err error) {
	secret := newRefreshToken()
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if err := administrates(ctx, q, by.ID); err != nil {
			return err
		}
		row, err := q.LockPerson(ctx, target.UUID())
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoPerson()
		} else if err != nil {
			return fmt.Errorf("lock the person: %w", err)
		}
		if row.Kind != string(wire.PersonKindAccount) {
			return errField("personId", "is a guest, who has no password")
		}
		if row.DisabledAt != nil {
			return errDisabled()
		}
		now := s.now()
		expiresAt = now.Add(ResetLife)
		if err := q.SetPasswordReset(ctx, db.SetPasswordResetParams{PersonID: row.ID, TokenHash: secret.hash(), CreatedAt: now, ExpiresAt: expiresAt}); err != nil {
			return err
		}
		return auditOf(ctx, q, now, by.ID, target, "password.link", nil)
	})
	if err != nil {
		return "", time.Time{}, db.Fault("store the reset link", err)
	}
	return secret.String(), expiresAt, nil
}

// UseReset sets a new password by the token of a link, ends all sessions and starts one. Errors: reset_link_wrong, account_disabled, invalid_field.
func (s *Service) UseReset(ctx context.Context, token, password, userAgent string) (SignedIn, error) {
	if err := checkPassword("newPassword", password); err != nil {
		return SignedIn{}, err
	}
	secret, ok := parseRefreshToken(token)
	if !ok {
		return SignedIn{}, errResetLinkWrong()
	}
	reset, err := s.q.GetPasswordReset(ctx, db.GetPasswordResetParams{TokenHash: secret.hash(), Now: s.now()})
	if errors.Is(err, pgx.ErrNoRows) {
		return SignedIn{}, errResetLinkWrong()
	} else if err != nil {
		return SignedIn{}, db.Fault("look for the reset link", err)
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return SignedIn{}, err
	}
	var in SignedIn
	var ended []uuid.UUID
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		row, err := q.LockSessions(ctx, reset.PersonID)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("lock the sessions: %w", err)
		}
		taken, err := q.TakePasswordReset(ctx, db.TakePasswordResetParams{TokenHash: secret.hash(), Now: s.now()})
		if err != nil {
			return fmt.Errorf("use the reset link: %w", err)
		}
		if taken == 0 { // used, replaced or too old since we looked
			return errResetLinkWrong()
		}
		if row.DisabledAt != nil {
			return errDisabled()
		}
		if row, err = q.PutPassword(ctx, db.PutPasswordParams{ID: row.ID, PasswordHash: &hash}); err != nil {
			return fmt.Errorf("store the password: %w", err)
		}
		if ended, err = q.EndSessions(ctx, db.EndSessionsParams{PersonID: row.ID}); err != nil {
			return fmt.Errorf("end the sessions: %w", err)
		}
		if err := audit(ctx, q, s.now(), PersonID(row.ID), "password.reset", map[string]any{"by": "link"}); err != nil {
			return err
		}
		in, err = s.startSession(ctx, q, FromRow(row), userAgent)
		return err
	})
	if err != nil {
		return SignedIn{}, db.Fault("reset the password", err)
	}
	s.tellEnded(ended)
	return s.withAccessToken(in)
}
