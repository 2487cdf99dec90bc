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
		return audit(ctx, q, s.now(), person.ID, "password.reset", nil)
	})
	if err != nil {
		return Person{}, db.Fault("reset the password", err)
	}
	s.tellEnded(ended)
	return person, nil
}

// AdminSetAdministrator makes an account an administrator, or no longer one. Error: not_found.
func (s *Service) AdminSetAdministrator(ctx context.Context, username string, administrator bool) (Person, error) {
	var person Person
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		row, err := q.SetAdministrator(ctx, db.SetAdministratorParams{Username: storable(username), Administrator: administrator})
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoPerson()
		} else if err != nil {
			return err
		}
		person = FromRow(row)
		return audit(ctx, q, s.now(), person.ID, "administrator.set", map[string]any{"administrator": administrator})
	})
	return person, db.Fault("set the administrator", err)
}
