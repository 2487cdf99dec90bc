package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// UpdateProfile changes what is not nil. Errors: invalid_field, not_found.
func (s *Service) UpdateProfile(ctx context.Context, id PersonID, displayName *string, color *wire.AvatarColor) (Person, error) {
	params := db.UpdateProfileParams{ID: id.UUID()}
	if displayName != nil {
		name, err := checkDisplayName(*displayName)
		if err != nil {
			return Person{}, err
		}
		params.DisplayName = &name
	}
	if color != nil {
		if !color.Valid() {
			return Person{}, errField("avatarColor", "is not one of the colours")
		}
		params.AvatarColor = (*string)(color)
	}
	row, err := s.q.UpdateProfile(ctx, params)
	if errors.Is(err, pgx.ErrNoRows) {
		return Person{}, errNoPerson()
	}
	return FromRow(row), db.Fault("change the profile", err)
}

// ChangePassword ends every other session of the caller. Errors: wrong_password, invalid_field, guest_not_allowed.
func (s *Service) ChangePassword(ctx context.Context, caller Caller, current, next string) error {
	if caller.Person.Guest() {
		return errGuest()
	}
	if err := checkPassword("newPassword", next); err != nil {
		return err
	}
	old, err := s.checkOwnPassword(ctx, caller.Person.ID, current)
	if err != nil {
		return err
	}
	hash, err := s.hasher.Hash(ctx, next)
	if err != nil {
		return err
	}
	var ended []uuid.UUID
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		changed, err := q.SetPasswordHash(ctx, db.SetPasswordHashParams{ID: caller.Person.ID.UUID(), PasswordHash: &hash, OldHash: &old})
		if err != nil {
			return fmt.Errorf("store the password: %w", err)
		}
		if changed == 0 { // changed in between by another session
			return errWrongPassword()
		}
		ended, err = q.EndSessions(ctx, db.EndSessionsParams{PersonID: caller.Person.ID.UUID(), Besides: caller.Session.UUID()})
		if err != nil {
			return fmt.Errorf("end other sessions: %w", err)
		}
		if err := q.DropLinkCodes(ctx, db.DropLinkCodesParams{PersonID: caller.Person.ID.UUID(), MadeBy: caller.Session.UUID()}); err != nil {
			return fmt.Errorf("drop the code for another screen: %w", err)
		}
		if err := q.DropPasswordReset(ctx, caller.Person.ID.UUID()); err != nil {
			return fmt.Errorf("drop the reset link: %w", err)
		}
		return audit(ctx, q, s.now(), caller.Person.ID, "password.changed", nil)
	})
	if err != nil {
		return db.Fault("change the password", err)
	}
	s.tellEnded(ended)
	return nil
}

// checkOwnPassword returns the hash that was checked. Error: wrong_password.
func (s *Service) checkOwnPassword(ctx context.Context, id PersonID, password string) (string, error) {
	row, err := s.q.GetPerson(ctx, id.UUID())
	if errors.Is(err, pgx.ErrNoRows) || err == nil && row.PasswordHash == nil {
		return "", errNoPerson()
	} else if err != nil {
		return "", db.Fault("look for the person", err)
	}
	right, err := s.hasher.Verify(ctx, *row.PasswordHash, password)
	if err != nil {
		return "", err
	}
	if !right {
		return "", errWrongPassword()
	}
	return *row.PasswordHash, nil
}

// Claimed says what became of a guest.
type Claimed struct {
	Person Person
	Rooms  []uuid.UUID // rooms.ID: where they were a guest, and are a member now; the others are not for every account
}

// Claim makes an account of a guest, who keeps id, seats and messages, and becomes a member of those of their rooms that any account may
// enter. In a private room or one with a password they stay a guest: nobody who may let members in has let them in as one.
// code is for sign-ups by invite. Errors: already_account, username_taken, sign_ups_closed, sign_up_code_needed, sign_up_code_wrong, invalid_field.
func (s *Service) Claim(ctx context.Context, caller Caller, username, password, code string) (Claimed, error) {
	if !caller.Person.Guest() {
		return Claimed{}, errAlreadyAccount()
	}
	if err := s.admits(ctx, s.signUps(), code); err != nil {
		return Claimed{}, err
	}
	if err := checkUsername(username); err != nil {
		return Claimed{}, err
	}
	if err := checkPassword("password", password); err != nil {
		return Claimed{}, err
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return Claimed{}, err
	}
	var claimed Claimed
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if err := s.admit(ctx, q, s.signUps(), code); err != nil {
			return err
		}
		row, err := q.ClaimAccount(ctx, db.ClaimAccountParams{ID: caller.Person.ID.UUID(), Username: &username, PasswordHash: &hash})
		if errors.Is(err, pgx.ErrNoRows) {
			return errAlreadyAccount()
		} else if err != nil {
			return err
		}
		claimed.Person = FromRow(row)
		if claimed.Rooms, err = q.RaiseGuest(ctx, row.ID); err != nil {
			return fmt.Errorf("make a member of the guest: %w", err)
		}
		return audit(ctx, q, s.now(), claimed.Person.ID, "account.claimed", map[string]any{"memberOf": append([]uuid.UUID{}, claimed.Rooms...)})
	})
	if db.IsViolation(err, "people_username") {
		return Claimed{}, errUsernameTaken(username)
	}
	return claimed, db.Fault("claim the account", err)
}

// Deleted says what went with an account.
type Deleted struct {
	Rooms []uuid.UUID // rooms.ID
}

// Delete removes the caller with their rooms and sessions. What they said elsewhere stays, under the name it was said with.
// A guest needs no password. Errors: wrong_password, last_administrator.
func (s *Service) Delete(ctx context.Context, caller Caller, password string) (Deleted, error) {
	if !caller.Person.Guest() {
		if _, err := s.checkOwnPassword(ctx, caller.Person.ID, password); err != nil {
			return Deleted{}, err
		}
	}
	var deleted Deleted
	var ended []uuid.UUID
	id := caller.Person.ID.UUID()
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if err := q.LockAdministrators(ctx); err != nil {
			return fmt.Errorf("lock who administrates: %w", err)
		}
		// Nobody makes a room for a person who is locked, so the list is whole.
		row, err := q.LockPerson(ctx, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoPerson()
		} else if err != nil {
			return fmt.Errorf("lock the person: %w", err)
		}
		if err := leaves(ctx, q, row); err != nil {
			return err
		}
		if deleted.Rooms, err = q.RoomsOwned(ctx, id); err != nil {
			return fmt.Errorf("list the rooms: %w", err)
		}
		if ended, err = q.EndSessions(ctx, db.EndSessionsParams{PersonID: id}); err != nil {
			return fmt.Errorf("end the sessions: %w", err)
		}
		if _, err := q.DeletePerson(ctx, id); err != nil {
			return fmt.Errorf("delete the person: %w", err)
		}
		return audit(ctx, q, s.now(), caller.Person.ID, "person.deleted", map[string]any{"rooms": len(deleted.Rooms)})
	})
	if err != nil {
		return Deleted{}, db.Fault("delete the account", err)
	}
	s.tellEnded(ended)
	return deleted, nil
}

// tellEnded takes families, one for each of their tokens.
func (s *Service) tellEnded(families []uuid.UUID) {
	told := map[uuid.UUID]bool{}
	for _, family := range families {
		if !told[family] {
			told[family] = true
			s.sessionEnded(SessionID(family))
		}
	}
}
