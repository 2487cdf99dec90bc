package accounts

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// A second screen is a sign-in of the same person that is good for one room alone, and administrates nothing. A code brings it there: made by
// whoever sits in the room, typed on the other screen, good for one use within LinkLife.

// LinkLife is how long a link code works.
const LinkLife = 5 * time.Minute

// screenLife is how long a second screen that is not used stays signed in: nobody signs out of a television.
const screenLife = 24 * time.Hour

// maxScreens of one person at a time; the oldest ends for a further one.
const maxScreens = 20

// linkAlphabet has no two signs that look alike, and no vowel but A and E: 39 bits in 8 of them.
const (
	linkAlphabet = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
	linkLength   = 8
)

// on is the person on a second screen, where room is one, or anywhere else.
func (p Person) on(room *uuid.UUID) Person {
	p.Administrator = p.Administrator && room == nil
	return p
}

// LinkCode brings a seat to another screen.
type LinkCode struct {
	Code      string    // as people read it: XXXX-XXXX
	Session   SessionID // that the screen will have
	ExpiresAt time.Time
}

// linkCode is what was typed, without what only helps the eye.
func linkCode(typed string) (code string, ok bool) {
	code = strings.Map(func(c rune) rune {
		if c == '-' || c == ' ' {
			return -1
		}
		return c
	}, strings.ToUpper(typed))
	return code, len(code) == linkLength && strings.Trim(code, linkAlphabet) == ""
}

// linkHash is how a code is found and kept: nobody reads it from the database.
func (s *Service) linkHash(code string) []byte {
	mac := hmac.New(sha256.New, s.linkKey)
	mac.Write([]byte("turtus link\x00" + code))
	return mac.Sum(nil)
}

func newLinkCode() string {
	code := make([]byte, 0, linkLength)
	for len(code) < linkLength {
		var b [1]byte
		rand.Read(b[:]) // never fails
		if n := int(b[0] & 31); n < len(linkAlphabet) {
			code = append(code, linkAlphabet[n])
		}
	}
	return string(code)
}

// MakeLinkCode makes a code for the room that the caller sits in, in the place of the one that they made before. Error: forbidden (on a second screen).
func (s *Service) MakeLinkCode(ctx context.Context, caller Caller, room uuid.UUID) (LinkCode, error) {
	if caller.Room != uuid.Nil {
		return LinkCode{}, ErrScreen()
	}
	code, made := newLinkCode(), LinkCode{Session: SessionID(uuid.New()), ExpiresAt: s.now().Add(LinkLife)}
	made.Code = code[:linkLength/2] + "-" + code[linkLength/2:]
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if _, err := q.LockSessions(ctx, caller.Person.ID.UUID()); err != nil {
			return fmt.Errorf("lock the sessions: %w", err)
		}
		if err := q.DropLinkCodes(ctx, db.DropLinkCodesParams{PersonID: caller.Person.ID.UUID(), MadeBy: caller.Session.UUID()}); err != nil {
			return fmt.Errorf("drop the code before: %w", err)
		}
		return q.InsertLinkCode(ctx, db.InsertLinkCodeParams{
			SessionID: made.Session.UUID(), CodeHash: s.linkHash(code), PersonID: caller.Person.ID.UUID(), RoomID: room, MadeBy: caller.Session.UUID(), ExpiresAt: made.ExpiresAt,
		})
	})
	if db.IsViolation(err, "link_codes_room_id_fkey") { // it is deleted at this moment
		return LinkCode{}, wire.Errorf(wire.ErrorCodeNotFound, "There is no such room.")
	}
	return made, db.Fault("store the code", err)
}

// Linking is what a code leads to.
type Linking struct {
	Person Person
	Room   uuid.UUID // rooms.ID
}

// LookAtLinkCode says whose seat a code brings, and where. Error: link_code_wrong.
func (s *Service) LookAtLinkCode(ctx context.Context, typed string) (Linking, error) {
	row, err := s.getLinkCode(ctx, s.q, typed)
	if err != nil {
		return Linking{}, db.Fault("look for the code", err)
	}
	person, err := s.q.GetPerson(ctx, row.PersonID)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && person.DisabledAt != nil {
		return Linking{}, ErrLinkCodeWrong()
	} else if err != nil {
		return Linking{}, db.Fault("look for the person", err)
	}
	return Linking{FromRow(person), row.RoomID}, nil
}

func (s *Service) getLinkCode(ctx context.Context, q *db.Queries, typed string) (db.LinkCode, error) {
	code, ok := linkCode(typed)
	if !ok {
		return db.LinkCode{}, ErrLinkCodeWrong()
	}
	row, err := q.GetLinkCode(ctx, db.GetLinkCodeParams{CodeHash: s.linkHash(code), Now: s.now()})
	if errors.Is(err, pgx.ErrNoRows) {
		return db.LinkCode{}, ErrLinkCodeWrong()
	}
	return row, err
}

// UseLinkCode signs a second screen in, and uses the code up. Of two at once one is in. Error: link_code_wrong.
func (s *Service) UseLinkCode(ctx context.Context, typed string, device wire.ScreenKind, userAgent string) (in SignedIn, room uuid.UUID, err error) {
	if !device.Valid() {
		return SignedIn{}, uuid.Nil, errField("device", "is tv, tablet, phone or computer")
	}
	var ended []uuid.UUID
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		ended = nil
		row, err := s.getLinkCode(ctx, q, typed)
		if err != nil {
			return err
		}
		// First the person, as whoever makes and revokes codes does.
		person, err := q.LockSessions(ctx, row.PersonID)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && person.DisabledAt != nil {
			return ErrLinkCodeWrong()
		} else if err != nil {
			return fmt.Errorf("lock the sessions: %w", err)
		}
		if row, err = s.getLinkCode(ctx, q, typed); err != nil { // it may have been used, or its maker signed out, while we waited
			return err
		}
		taken, err := q.TakeLinkCode(ctx, db.TakeLinkCodeParams{SessionID: row.SessionID, CodeHash: row.CodeHash})
		if err != nil {
			return fmt.Errorf("use the code: %w", err)
		}
		if taken == 0 {
			return ErrLinkCodeWrong()
		}
		room = row.RoomID
		in = SignedIn{Person: FromRow(person).on(&room), Session: SessionID(row.SessionID)}
		if in, err = s.insertSession(ctx, q, in, userAgent, &room, wire.Ptr(string(device))); err != nil {
			return err
		}
		if ended, err = q.EndOldScreens(ctx, db.EndOldScreensParams{PersonID: row.PersonID, Kept: maxScreens}); err != nil {
			return fmt.Errorf("end the oldest screens: %w", err)
		}
		return audit(ctx, q, s.now(), in.Person.ID, "screen.linked", map[string]any{"session": in.Session, "room": room, "device": device, "by": row.MadeBy})
	})
	if err != nil {
		return SignedIn{}, uuid.Nil, db.Fault("link the screen", err)
	}
	s.tellEnded(ended)
	in, err = s.withAccessToken(in)
	return in, room, err
}

// Screen is a second screen of somebody that lives.
type Screen struct {
	Session     SessionID
	Device      wire.ScreenKind
	Room        uuid.UUID // rooms.ID
	Slug, Title string    // of the room
	LinkedAt    time.Time
}

// Screens are the second screens of a person, the newest first.
func (s *Service) Screens(ctx context.Context, person PersonID) ([]Screen, error) {
	rows, err := s.q.ListScreens(ctx, db.ListScreensParams{PersonID: person.UUID(), Now: s.now()})
	if err != nil {
		return nil, db.Fault("list the screens", err)
	}
	list := make([]Screen, len(rows))
	for i, row := range rows {
		list[i] = Screen{Session: SessionID(row.FamilyID), Room: row.RoomID, Slug: row.Slug, Title: row.Title, LinkedAt: row.LinkedAt}
		if row.Device != nil {
			list[i].Device = wire.ScreenKind(*row.Device)
		}
	}
	return list, nil
}

// EndScreen signs a second screen of the person out, or takes back the code that would begin it. Error: not_found.
func (s *Service) EndScreen(ctx context.Context, person PersonID, session SessionID) error {
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if _, err := q.LockSessions(ctx, person.UUID()); err != nil {
			return fmt.Errorf("lock the sessions: %w", err)
		}
		revoked, err := q.RevokeLinkCode(ctx, db.RevokeLinkCodeParams{SessionID: session.UUID(), PersonID: person.UUID()})
		if err != nil || revoked > 0 {
			return err
		}
		ended, err := q.EndScreen(ctx, db.EndScreenParams{FamilyID: session.UUID(), PersonID: person.UUID()})
		if err != nil {
			return err
		}
		if ended == 0 {
			return errNoScreen()
		}
		return audit(ctx, q, s.now(), person, "session.ended", map[string]any{"session": session})
	})
	if err != nil {
		return db.Fault("end the screen", err)
	}
	s.sessionEnded(session)
	return nil
}

// GuestOf is the guest whose sign-in a refresh token belongs to, as long as it can be used; ok is false for anybody else.
func (s *Service) GuestOf(ctx context.Context, token string) (guest Person, ok bool, err error) {
	t, parsed := parseRefreshToken(token)
	if !parsed {
		return Person{}, false, nil
	}
	row, err := s.q.GetRefreshToken(ctx, t.hash())
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (row.RoomID != nil || row.UsedAt != nil && s.now().Sub(*row.UsedAt) > RefreshGrace || !row.ExpiresAt.After(s.now())) {
		return Person{}, false, nil
	} else if err != nil {
		return Person{}, false, db.Fault("look for the sign-in", err)
	}
	person, err := s.Person(ctx, PersonID(row.PersonID))
	if wire.CodeOf(err) == wire.ErrorCodeNotFound {
		return Person{}, false, nil
	}
	return person, err == nil && person.Guest(), err
}
