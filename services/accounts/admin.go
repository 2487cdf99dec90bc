package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/postgres/db"
)

// AdminCreate makes an account from the server's own shell, also when sign-ups are closed. Errors: username_taken, invalid_field.
func (s *Service) AdminCreate(ctx context.Context, n SignUp, administrator bool) (Person, error) {
	return s.create(ctx, n, rules{administrator: administrator}, func(*db.Queries, Person) error { return nil })
}

// AdminReset gives a person a new password and ends all their sessions. Errors: not_found, invalid_field.
func (s *Service) AdminReset(ctx context.Context, username, password string) (Person, error) {
	if err := checkPassword("password", password); err != nil {
		return Person{}, err
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return Person{}, err
	}
	var person Person
	var ended []uuid.UUID
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		row, err := q.ResetPassword(ctx, db.ResetPasswordParams{Username: storable(username), PasswordHash: &hash})
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoPerson()
		} else if err != nil {
			return fmt.Errorf("store the password: %w", err)
		}
		person = FromRow(row)
		if ended, err = q.EndSessions(ctx, db.EndSessionsParams{PersonID: row.ID}); err != nil {
			return fmt.Errorf("end the sessions: %w", err)
		}
		if err := q.DropPasswordReset(ctx, row.ID); err != nil {
			return fmt.Errorf("drop the reset link: %w", err)
		}
		return auditOf(ctx, q, s.now(), PersonID{}, person.ID, "password.reset", map[string]any{"by": "shell"})
	})
	if err != nil {
		return Person{}, db.Fault("reset the password", err)
	}
	s.tellEnded(ended)
	return person, nil
}
