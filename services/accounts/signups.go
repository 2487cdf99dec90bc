package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// admits says whether somebody with this code may make an account, before any work is done for them; admit decides.
// Errors: sign_ups_closed, sign_up_code_needed, sign_up_code_wrong.
func (s *Service) admits(ctx context.Context, policy wire.SignUps, code string) error {
	if err := needsNone(policy, code); err != nil || policy != wire.SignUpsInvite {
		return err
	}
	works, err := s.q.SignUpCodeWorks(ctx, db.SignUpCodeWorksParams{Code: storable(code), Now: s.now()})
	if err != nil {
		return db.Fault("look for the code", err)
	}
	if !works {
		return errSignUpCodeWrong()
	}
	return nil
}

// admit lets somebody make an account in the caller's transaction, which uses the code.
func (s *Service) admit(ctx context.Context, q *db.Queries, policy wire.SignUps, code string) error {
	if err := needsNone(policy, code); err != nil || policy != wire.SignUpsInvite {
		return err
	}
	_, err := q.UseSignUpCode(ctx, db.UseSignUpCodeParams{Code: storable(code), Now: s.now()})
	if errors.Is(err, pgx.ErrNoRows) {
		return errSignUpCodeWrong()
	} else if err != nil {
		return fmt.Errorf("use the code: %w", err)
	}
	return nil
}

func needsNone(policy wire.SignUps, code string) error {
	switch {
	case policy == wire.SignUpsClosed:
		return errSignUpsClosed()
	case policy == wire.SignUpsInvite && code == "":
		return errSignUpCodeNeeded()
	}
	return nil
}

// SignUpCode makes accounts where sign-ups are by invite.
type SignUpCode struct {
	ID        uuid.UUID
	Code      string
	Note      string
	Uses      int
	MaxUses   int // 0 for any number
	CreatedAt time.Time
	ExpiresAt time.Time // zero for never
}

// maxNote is the contract's.
const maxNote = 100

// CreateSignUpCode makes a code of 130 random bits. maxUses 0 is any number, life 0 for ever. Errors: forbidden, invalid_field.
func (s *Service) CreateSignUpCode(ctx context.Context, by Person, note string, maxUses int, life time.Duration) (SignUpCode, error) {
	note = CleanLine(note)
	if utf8.RuneCountInString(note) > maxNote {
		return SignUpCode{}, errField("note", "has 100 characters at most")
	}
	now := s.now()
	params := db.InsertSignUpCodeParams{ID: uuid.Must(uuid.NewV7()), Code: rand.Text(), Note: note, CreatedBy: wire.Ptr(by.ID.UUID()), CreatedAt: now}
	if maxUses > 0 {
		params.MaxUses = wire.Ptr(int32(maxUses))
	}
	if life > 0 {
		params.ExpiresAt = wire.Ptr(now.Add(life))
	}
	var code SignUpCode
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if err := administrates(ctx, q, by.ID); err != nil {
			return err
		}
		row, err := q.InsertSignUpCode(ctx, params)
		if err != nil {
			return err
		}
		code = codeFromRow(row)
		return audit(ctx, q, now, by.ID, "sign_up_code.created", map[string]any{"code": row.ID, "note": note, "maxUses": params.MaxUses, "expiresAt": params.ExpiresAt})
	})
	return code, db.Fault("store the code", err)
}

// SignUpCodes are those that work, the newest first. Error: invalid_field (cursor).
func (s *Service) SignUpCodes(ctx context.Context, search, cursor string, limit int) (codes []SignUpCode, next string, err error) {
	after, ok := db.ParseCursor(cursor)
	if !ok {
		return nil, "", errField("cursor", "is not one that a page before gave")
	}
	rows, err := s.q.ListSignUpCodes(ctx, db.ListSignUpCodesParams{
		Now: s.now(), BeforeCreatedAt: after.At, BeforeID: after.ID, Search: storable(search), PageSize: int32(limit + 1),
	})
	if err != nil {
		return nil, "", db.Fault("list the codes", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = db.Cursor{At: rows[limit-1].CreatedAt, ID: rows[limit-1].ID}.String()
	}
	codes = make([]SignUpCode, len(rows))
	for i, row := range rows {
		codes[i] = codeFromRow(row)
	}
	return codes, next, nil
}

// RevokeSignUpCode has a code work no more. Errors: forbidden, not_found.
func (s *Service) RevokeSignUpCode(ctx context.Context, by Person, id uuid.UUID) error {
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if err := administrates(ctx, q, by.ID); err != nil {
			return err
		}
		revoked, err := q.RevokeSignUpCode(ctx, db.RevokeSignUpCodeParams{Now: s.now(), ID: id})
		if err != nil {
			return err
		}
		if revoked == 0 {
			return wire.Errorf(wire.ErrorCodeNotFound, "There is no such code any more.")
		}
		return audit(ctx, q, s.now(), by.ID, "sign_up_code.revoked", map[string]any{"code": id})
	})
	return db.Fault("revoke the code", err)
}

func codeFromRow(row db.SignUpCode) SignUpCode {
	c := SignUpCode{ID: row.ID, Code: row.Code, Note: row.Note, Uses: int(row.Uses), CreatedAt: row.CreatedAt}
	if row.MaxUses != nil {
		c.MaxUses = int(*row.MaxUses)
	}
	if row.ExpiresAt != nil {
		c.ExpiresAt = *row.ExpiresAt
	}
	return c
}
