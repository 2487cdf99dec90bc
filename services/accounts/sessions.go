package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// RefreshGrace is how long a used refresh token still answers, for two tabs that refresh at once or an answer lost on its way.
//
// It answers the very token that replaced it, never a second one: a session is one chain of tokens, so a thief and the owner can't
// go on side by side, and the first of them to use a token after the other ends the session. For that, a used token's row keeps
// its successor for the grace time, sealed by the used token itself, which nobody can read from the database.
const RefreshGrace = 10 * time.Second

// maxUserAgent cuts what is kept of a browser's name for itself.
const maxUserAgent = 300

// Caller is who a request comes from.
type Caller struct {
	Person  Person
	Session SessionID
	// Room is the only one that the sign-in is good for: that of a second screen. Zero for all others.
	Room uuid.UUID
}

// SignedIn is a new or renewed sign-in. RefreshToken goes into the cookie and nowhere else.
type SignedIn struct {
	Person           Person
	Session          SessionID
	AccessToken      string
	ExpiresAt        time.Time // of the access token
	RefreshToken     string
	RefreshExpiresAt time.Time
}

type accessClaims struct {
	Registered
	Session SessionID `json:"sid"`
}

// refreshToken is 256 random bits.
type refreshToken [32]byte

func newRefreshToken() refreshToken { return refreshToken(randomBytes(32)) }

func parseRefreshToken(s string) (t refreshToken, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != len(t) || refreshToken(raw).String() != s { // line ends are left out of what is decoded
		return t, false
	}
	return refreshToken(raw), true
}

func (t refreshToken) String() string { return base64.RawURLEncoding.EncodeToString(t[:]) }

// hash is how the token is found.
func (t refreshToken) hash() []byte { sum := sha256.Sum256(t[:]); return sum[:] }

// seal makes another token unreadable, and readable again, to who doesn't have t: a pad of 256 bits that is used for one other token alone.
func (t refreshToken) seal(other refreshToken) refreshToken {
	pad := sha256.Sum256(append([]byte("turtus successor\x00"), t[:]...))
	for i := range other {
		other[i] ^= pad[i]
	}
	return other
}

// startSession stores a new session's first refresh token; withAccessToken completes what it returns.
func (s *Service) startSession(ctx context.Context, q *db.Queries, p Person, userAgent string) (SignedIn, error) {
	return s.insertSession(ctx, q, SignedIn{Person: p, Session: SessionID(uuid.New())}, userAgent, nil, nil)
}

// insertSession stores a session of that id; room and device are nil but for a second screen.
func (s *Service) insertSession(ctx context.Context, q *db.Queries, in SignedIn, userAgent string, room *uuid.UUID, device *string) (SignedIn, error) {
	now := s.now()
	token := newRefreshToken()
	in.RefreshToken, in.RefreshExpiresAt = token.String(), now.Add(s.lifeOf(room))
	err := q.InsertRefreshToken(ctx, db.InsertRefreshTokenParams{
		TokenHash: token.hash(), FamilyID: in.Session.UUID(), PersonID: in.Person.ID.UUID(), CreatedAt: now, ExpiresAt: in.RefreshExpiresAt,
		UserAgent: cut(storable(userAgent), maxUserAgent), RoomID: room, Device: device,
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("store the session: %w", err)
	}
	return in, audit(ctx, q, now, in.Person.ID, "session.started", map[string]any{"session": in.Session})
}

// lifeOf is how long a session that is not used lives.
func (s *Service) lifeOf(room *uuid.UUID) time.Duration {
	if room != nil {
		return min(screenLife, s.sessionLife)
	}
	return s.sessionLife
}

func (s *Service) withAccessToken(in SignedIn) (SignedIn, error) {
	claims := &accessClaims{Session: in.Session}
	claims.Subject = in.Person.ID.String()
	var err error
	in.AccessToken, in.ExpiresAt, err = s.keys.Sign(AudienceAccess, s.accessTokenLife, claims)
	return in, err
}

// Refresh trades a refresh token for a new one and an access token. A token that was used before ends its session, but
// for RefreshGrace. Error: session_expired.
func (s *Service) Refresh(ctx context.Context, token, userAgent string) (SignedIn, error) {
	old, ok := parseRefreshToken(token)
	if !ok {
		return SignedIn{}, errSessionExpired()
	}
	var in SignedIn
	var reused bool
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		now := s.now()
		in, reused = SignedIn{}, false
		row, person, err := lockSession(ctx, q, old)
		if err != nil {
			return err
		}
		if !row.ExpiresAt.After(now) {
			return errSessionExpired()
		}
		in.Session, in.Person = SessionID(row.FamilyID), person.on(row.RoomID)

		if row.UsedAt == nil {
			return s.rotate(ctx, q, old, row, userAgent, now, &in)
		}
		if len(row.Successor) == len(old) && now.Sub(*row.UsedAt) <= RefreshGrace {
			in.RefreshToken, in.RefreshExpiresAt = old.seal(refreshToken(row.Successor)).String(), row.UsedAt.Add(s.lifeOf(row.RoomID))
			return nil
		}
		reused = true
		if _, err := q.EndSession(ctx, row.FamilyID); err != nil {
			return fmt.Errorf("end the session: %w", err)
		}
		return audit(ctx, q, now, in.Person.ID, "session.reused", map[string]any{"session": in.Session})
	})
	if db.IsViolation(err, "refresh_tokens_room_id_fkey") { // the room of a second screen was deleted, and the sign-in with it
		return SignedIn{}, errSessionExpired()
	}
	if err != nil {
		return SignedIn{}, db.Fault("refresh the session", err)
	}
	if reused {
		s.sessionEnded(in.Session)
		return SignedIn{}, errSessionExpired()
	}
	return s.withAccessToken(in)
}

// lockSession finds a token and locks its person's sessions. Error: session_expired.
func lockSession(ctx context.Context, q *db.Queries, token refreshToken) (db.RefreshToken, Person, error) {
	row, err := q.GetRefreshToken(ctx, token.hash())
	if err == nil {
		var person db.Person
		if person, err = q.LockSessions(ctx, row.PersonID); err == nil {
			// Now it can't change; it may have while we waited.
			row, err = q.GetRefreshToken(ctx, token.hash())
			if err == nil && person.DisabledAt != nil {
				return db.RefreshToken{}, Person{}, errSessionExpired()
			}
			if err == nil {
				return row, FromRow(person), nil
			}
		}
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return db.RefreshToken{}, Person{}, errSessionExpired()
	}
	return db.RefreshToken{}, Person{}, fmt.Errorf("look for the refresh token: %w", err)
}

func (s *Service) rotate(ctx context.Context, q *db.Queries, old refreshToken, row db.RefreshToken, userAgent string, now time.Time, in *SignedIn) error {
	token := newRefreshToken()
	in.RefreshToken, in.RefreshExpiresAt = token.String(), now.Add(s.lifeOf(row.RoomID))
	err := q.InsertRefreshToken(ctx, db.InsertRefreshTokenParams{
		TokenHash: token.hash(), FamilyID: row.FamilyID, PersonID: row.PersonID, CreatedAt: now, ExpiresAt: in.RefreshExpiresAt,
		UserAgent: cut(storable(userAgent), maxUserAgent), RoomID: row.RoomID, Device: row.Device,
	})
	if err != nil {
		return fmt.Errorf("store the next refresh token: %w", err)
	}
	sealed := old.seal(token)
	if err := q.UseRefreshToken(ctx, db.UseRefreshTokenParams{TokenHash: row.TokenHash, UsedAt: &now, Successor: sealed[:]}); err != nil {
		return fmt.Errorf("use up the refresh token: %w", err)
	}
	usedBefore := now.Add(-RefreshGrace)
	if err := q.ForgetSuccessors(ctx, db.ForgetSuccessorsParams{FamilyID: row.FamilyID, UsedBefore: &usedBefore}); err != nil {
		return fmt.Errorf("forget successors: %w", err)
	}
	return nil
}

// SignOut ends the session of a refresh token; an unknown token is no error.
func (s *Service) SignOut(ctx context.Context, token string) error {
	t, ok := parseRefreshToken(token)
	if !ok {
		return nil
	}
	var session SessionID
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		row, person, err := lockSession(ctx, q, t)
		if err != nil {
			return err
		}
		session = SessionID(row.FamilyID)
		if _, err := q.EndSession(ctx, row.FamilyID); err != nil {
			return err
		}
		return audit(ctx, q, s.now(), person.ID, "session.ended", map[string]any{"session": session})
	})
	if wire.CodeOf(err) == wire.ErrorCodeSessionExpired {
		return nil
	} else if err != nil {
		return db.Fault("end the session", err)
	}
	s.sessionEnded(session)
	return nil
}

// Authenticate says who holds an access token. Errors: unauthenticated (also when its session has ended), token_expired.
func (s *Service) Authenticate(ctx context.Context, accessToken string) (Caller, error) {
	claims := &accessClaims{}
	if err := s.keys.Verify(AudienceAccess, accessToken, claims); err != nil {
		return Caller{}, err
	}
	id, err := ParsePersonID(claims.Subject)
	if err != nil {
		return Caller{}, errSignedOut()
	}
	row, err := s.q.GetCaller(ctx, db.GetCallerParams{PersonID: id.UUID(), FamilyID: claims.Session.UUID()})
	if errors.Is(err, pgx.ErrNoRows) {
		return Caller{}, errSignedOut()
	} else if err != nil {
		return Caller{}, db.Fault("look for the caller", err)
	}
	caller := Caller{Person: FromRow(row.Person).on(row.RoomID), Session: claims.Session}
	if row.RoomID != nil {
		caller.Room = *row.RoomID
	}
	return caller, nil
}

// How long is kept what nobody needs any more.
const (
	auditKept = 90 * 24 * time.Hour
	// guestsKept is since a guest was made; who has a session, a message or a running browser is kept in any case.
	guestsKept = 30 * 24 * time.Hour
)

// DeleteExpired removes the refresh tokens and link codes that can't be used any more, then the guests who can't come back and said nothing, and old
// lines of the audit. The command calls it now and then.
func DeleteExpired(ctx context.Context, on db.DBTX, now time.Time) error {
	q := db.New(on)
	if _, err := q.DeleteExpiredTokens(ctx, now); err != nil {
		return db.Fault("remove expired refresh tokens", err)
	}
	if err := q.DeleteExpiredLinkCodes(ctx, now); err != nil {
		return db.Fault("remove expired link codes", err)
	}
	if _, err := q.DeleteGuestsGone(ctx, now.Add(-guestsKept)); err != nil {
		return db.Fault("remove guests who are gone", err)
	}
	_, err := q.DeleteAuditBefore(ctx, now.Add(-auditKept))
	return db.Fault("remove old lines of the audit", err)
}

// cut shortens to n bytes at most, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
