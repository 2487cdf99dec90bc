// Package accounts knows people: accounts and guests, their passwords, their sign-ins, and the keys that sign tokens.
//
// The HTTP API calls Service for everything a person does to their own account, the command turtus for what an administrator does
// from the shell; rooms and the hub use PersonID, Person and Keys. What people may see goes out as *wire.Error; a fault of the database
// has a code too, and keeps its cause for the log.
//
// What always holds: a password is stored only as argon2id, a refresh token only as its SHA-256; no error and no log line has
// either; an access token is worth nothing once its session has ended.
package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	record "turtus/services/audit"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Options of a Service. Pool and Keys are needed; the zero of everything else is good for a server.
type Options struct {
	Pool *pgxpool.Pool
	Keys *Keys
	// Hasher is shared with rooms, so that both together stay within its bound of memory; nil makes one.
	Hasher *Hasher
	// SignUps says who may sign up now, besides the first person; nil is everybody.
	SignUps func() wire.SignUps
	// Setup is what the first person has to show; nil lets whoever comes first be it.
	Setup *SetupToken
	// AccessTokenLife is 15 minutes when 0.
	AccessTokenLife time.Duration
	// SessionLife is how long a sign-in that is not used lives; 30 days when 0.
	SessionLife time.Duration
	// LinkKey is the secret by which link codes are hashed; codes outlast a restart with the same one. Random when nil.
	LinkKey []byte
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Service is safe for concurrent use.
type Service struct {
	pool            *pgxpool.Pool
	q               *db.Queries
	keys            *Keys
	hasher          *Hasher
	signUps         func() wire.SignUps
	setup           *SetupToken
	accessTokenLife time.Duration
	sessionLife     time.Duration
	now             func() time.Time
	linkKey         []byte
	sessionEnded    func(SessionID)
	disabled        func(PersonID)
}

// New returns a Service. It starts nothing.
func New(o Options) *Service {
	s := &Service{
		pool: o.Pool, q: db.New(o.Pool), keys: o.Keys, hasher: o.Hasher, signUps: o.SignUps, setup: o.Setup,
		accessTokenLife: o.AccessTokenLife, sessionLife: o.SessionLife, now: o.Now, linkKey: o.LinkKey, sessionEnded: func(SessionID) {}, disabled: func(PersonID) {},
	}
	if s.signUps == nil {
		s.signUps = func() wire.SignUps { return wire.SignUpsOpen }
	}
	if s.hasher == nil {
		s.hasher = NewHasher(HashCost{}, 0)
	}
	if s.accessTokenLife == 0 {
		s.accessTokenLife = 15 * time.Minute
	}
	if s.sessionLife == 0 {
		s.sessionLife = 30 * 24 * time.Hour
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.linkKey == nil {
		s.linkKey = randomBytes(32)
	}
	return s
}

// OnSessionEnded has f called with each session that ends from now on by signing out, a changed password, a deleted account or a
// reused refresh token. f must not block. It is set once, before requests come.
func (s *Service) OnSessionEnded(f func(SessionID)) { s.sessionEnded = f }

// OnDisabled has f called with everybody who is disabled from now on, before their sessions end. f must not block. It is set once, before
// requests come.
func (s *Service) OnDisabled(f func(PersonID)) { s.disabled = f }

// SignUp is what a new person gives; an empty DisplayName is the username. SetupToken counts for the first person only, Code where
// sign-ups are by invite.
type SignUp struct{ Username, DisplayName, Password, UserAgent, SetupToken, Code string }

// SignUps says who may sign up now, and whether nobody has an account yet: then it is open.
func (s *Service) SignUps(ctx context.Context) (now wire.SignUps, firstRun bool, err error) {
	exists, err := s.q.AnyAccount(ctx)
	if err != nil {
		return "", false, db.Fault("look for accounts", err)
	}
	if !exists {
		return wire.SignUpsOpen, true, nil
	}
	return s.signUps(), false, nil
}

// SignUp makes an account and signs in. The first account of a database becomes its administrator, whoever races for it.
// Errors: username_taken, sign_ups_closed, sign_up_code_needed, sign_up_code_wrong, invalid_field, setup_token_required, setup_token_wrong.
func (s *Service) SignUp(ctx context.Context, n SignUp) (SignedIn, error) {
	policy, firstRun, err := s.SignUps(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	// Who may not sign up learns nothing of the names that are taken, and costs no hashing.
	if err := s.admits(ctx, policy, n.Code); err != nil {
		return SignedIn{}, err
	}
	if firstRun { // a wrong token costs no hashing; the one who is stored first decides all the same
		if err := s.setup.check(n.SetupToken); err != nil {
			return SignedIn{}, err
		}
	}
	var signedIn SignedIn
	_, err = s.create(ctx, n, rules{signUps: s.signUps, setup: s.setup}, func(q *db.Queries, p Person) (err error) {
		signedIn, err = s.startSession(ctx, q, p, n.UserAgent)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	return s.withAccessToken(signedIn)
}

// rules of who is made an account.
type rules struct {
	administrator bool                // also where they are not the first
	signUps       func() wire.SignUps // besides the first one; nil lets everybody in
	setup         *SetupToken         // what the first one shows; nil asks for nothing
}

// create stores an account and does then in the same transaction.
func (s *Service) create(ctx context.Context, n SignUp, r rules, then func(*db.Queries, Person) error) (Person, error) {
	if n.DisplayName == "" {
		n.DisplayName = n.Username
	}
	displayName, err := check(n.Username, n.DisplayName, n.Password)
	if err != nil {
		return Person{}, err
	}
	// A taken name costs no hashing; the unique index decides all the same.
	if _, err := s.q.GetPersonByUsername(ctx, n.Username); err == nil {
		return Person{}, errUsernameTaken(n.Username)
	} else if !errors.Is(err, pgx.ErrNoRows) {
		return Person{}, db.Fault("look for the name", err)
	}
	hash, err := s.hasher.Hash(ctx, n.Password)
	if err != nil {
		return Person{}, err
	}
	var person Person
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if err := q.LockSignUps(ctx); err != nil {
			return fmt.Errorf("lock sign-ups: %w", err)
		}
		exists, err := q.AnyAccount(ctx)
		if err != nil {
			return fmt.Errorf("look for accounts: %w", err)
		}
		if exists && r.signUps != nil {
			if err := s.admit(ctx, q, r.signUps(), n.Code); err != nil {
				return err
			}
		}
		if !exists {
			if err := r.setup.check(n.SetupToken); err != nil {
				return err
			}
		}
		id := NewPersonID()
		row, err := q.InsertPerson(ctx, db.InsertPersonParams{
			ID: id.UUID(), Kind: string(wire.PersonKindAccount), Username: &n.Username, DisplayName: displayName,
			AvatarColor: string(colorOf(id)), PasswordHash: &hash, Administrator: r.administrator || !exists, CreatedAt: s.now(),
		})
		if err != nil {
			return err
		}
		person = FromRow(row)
		if err := audit(ctx, q, s.now(), person.ID, "person.created", map[string]any{"administrator": person.Administrator}); err != nil {
			return err
		}
		return then(q, person)
	})
	if db.IsViolation(err, "people_username") {
		return Person{}, errUsernameTaken(n.Username)
	}
	if err == nil {
		s.setup.remove()
	}
	return person, db.Fault("store the account", err)
}

// SignIn answers an unknown name and a wrong password alike, after the same work. Errors: wrong_credentials, account_disabled.
func (s *Service) SignIn(ctx context.Context, username, password, userAgent string) (SignedIn, error) {
	row, err := s.q.GetPersonByUsername(ctx, storable(username))
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return SignedIn{}, db.Fault("look for the person", err)
	}
	var phc string // that of nobody, for an unknown name
	if row.PasswordHash != nil {
		phc = *row.PasswordHash
	}
	right, err := s.hasher.Verify(ctx, phc, password)
	if err != nil {
		return SignedIn{}, err
	}
	if !right {
		if err := audit(ctx, s.q, s.now(), PersonID(row.ID), "session.refused", nil); err != nil {
			return SignedIn{}, db.Fault("note a refused sign-in", err)
		}
		return SignedIn{}, errWrongCredentials()
	}
	var renewed string
	if s.hasher.outdated(phc) {
		if renewed, err = s.hasher.Hash(ctx, password); err != nil {
			return SignedIn{}, err
		}
	}
	var signedIn SignedIn
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		now, err := q.LockSessions(ctx, row.ID)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && (now.PasswordHash == nil || *now.PasswordHash != phc) {
			return errWrongCredentials() // deleted or changed since we looked
		} else if err != nil {
			return fmt.Errorf("lock the sessions: %w", err)
		}
		if now.DisabledAt != nil { // only who has the password is told
			return errDisabled()
		}
		if renewed != "" {
			if _, err := q.SetPasswordHash(ctx, db.SetPasswordHashParams{ID: row.ID, OldHash: &phc, PasswordHash: &renewed}); err != nil {
				return fmt.Errorf("renew the password's hash: %w", err)
			}
		}
		signedIn, err = s.startSession(ctx, q, FromRow(now), userAgent)
		return err
	})
	if err != nil {
		return SignedIn{}, db.Fault("sign in", err)
	}
	return s.withAccessToken(signedIn)
}

// Person returns a person by id. Error: not_found.
func (s *Service) Person(ctx context.Context, id PersonID) (Person, error) {
	row, err := s.q.GetPerson(ctx, id.UUID())
	if errors.Is(err, pgx.ErrNoRows) {
		return Person{}, errNoPerson()
	}
	return FromRow(row), db.Fault("look for the person", err)
}

// InsertGuest stores a guest in the caller's transaction: a guest exists only together with the seat that an invite gave them.
func InsertGuest(ctx context.Context, q *db.Queries, displayName string, now time.Time) (Person, error) {
	name, err := checkDisplayName(displayName)
	if err != nil {
		return Person{}, err
	}
	id := NewPersonID()
	row, err := q.InsertPerson(ctx, db.InsertPersonParams{
		ID: id.UUID(), Kind: string(wire.PersonKindGuest), DisplayName: name, AvatarColor: string(colorOf(id)), CreatedAt: now,
	})
	if err != nil {
		return Person{}, fmt.Errorf("store the guest: %w", err)
	}
	return FromRow(row), audit(ctx, q, now, id, "guest.created", nil)
}

// SignInGuest opens a session for a guest who was just made, in the transaction that made them: a guest who has no session is lost.
func (s *Service) SignInGuest(ctx context.Context, q *db.Queries, guest Person, userAgent string) (SignedIn, error) {
	in, err := s.startSession(ctx, q, guest, userAgent)
	if err != nil {
		return SignedIn{}, err
	}
	return s.withAccessToken(in)
}

// audit writes what a person did to themself, or had happen to them.
func audit(ctx context.Context, q *db.Queries, at time.Time, person PersonID, action string, detail map[string]any) error {
	return record.Write(ctx, q, record.Line{At: at, Person: person.UUID(), Action: action, Detail: detail})
}

// auditOf writes what an administrator did to somebody.
func auditOf(ctx context.Context, q *db.Queries, at time.Time, by, target PersonID, action string, detail map[string]any) error {
	return record.Write(ctx, q, record.Line{At: at, Person: by.UUID(), Target: target.UUID(), Action: action, Detail: detail})
}
