// Package accounts knows people: accounts and guests, their passwords, their sign-ins, and the keys that sign tokens.
//
// The HTTP API calls Service for everything a person does to their own account; the command turtus calls Admin; rooms and the hub
// use PersonID, Person and Keys. What people may see goes out as *wire.Error; a fault of the database keeps its cause for the log.
//
// What always holds: a password is stored only as argon2id, a refresh token only as its SHA-256; no error and no log line has
// either; an access token is worth nothing once its session has ended.
package accounts

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options of a Service. Pool and Keys are needed; the zero of everything else is good for a server.
type Options struct {
	Pool *pgxpool.Pool
	Keys *Keys
	// Hasher is shared with rooms, so that both together stay within its bound of memory; nil makes one.
	Hasher *Hasher
	// SignUpsClosed lets nobody sign up but the first person.
	SignUpsClosed bool
	// AccessTokenLife is 15 minutes when 0.
	AccessTokenLife time.Duration
	// SessionLife is how long a sign-in that is not used lives; 30 days when 0.
	SessionLife time.Duration
	Now         func() time.Time
	Log         *slog.Logger
}

// Service is safe for concurrent use.
type Service struct{ o Options }

// New returns a Service. It starts nothing.
func New(o Options) *Service { return &Service{o} }

// Caller is who a request comes from.
type Caller struct {
	Person  Person
	Session SessionID
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

// SignUp is what a new person gives; an empty DisplayName is the username.
type SignUp struct{ Username, DisplayName, Password, UserAgent string }

// Deleted says what went with an account.
type Deleted struct {
	Sessions []SessionID
	Rooms    []uuid.UUID // rooms.ID
}

// SignUpsOpen says whether anybody may sign up, FirstRun whether nobody has an account yet.
func (s *Service) SignUps(ctx context.Context) (open, firstRun bool, err error) { panic("soon") }

// SignUp makes an account and signs in. The first account of a database becomes its administrator, whoever races for it.
// Errors: username_taken, sign_ups_closed, invalid_field.
func (s *Service) SignUp(ctx context.Context, n SignUp) (SignedIn, error) { panic("soon") }

// SignIn answers an unknown name and a wrong password alike, after the same work: wrong_credentials.
func (s *Service) SignIn(ctx context.Context, username, password, userAgent string) (SignedIn, error) {
	panic("soon")
}

// SignInGuest opens a session for a guest who was just made.
func (s *Service) SignInGuest(ctx context.Context, guest Person, userAgent string) (SignedIn, error) {
	panic("soon")
}

// Refresh trades a refresh token for a new one and an access token. Error: session_expired.
func (s *Service) Refresh(ctx context.Context, refreshToken, userAgent string) (SignedIn, error) {
	panic("soon")
}

// SignOut ends the session of a refresh token; an unknown token is no error.
func (s *Service) SignOut(ctx context.Context, refreshToken string) error { panic("soon") }

// Authenticate says who holds an access token. Errors: unauthenticated, token_expired.
func (s *Service) Authenticate(ctx context.Context, accessToken string) (Caller, error) {
	panic("soon")
}

// OnSessionEnded has f called with each session that ends from now on by signing out, a changed password, a deleted account or a
// reused refresh token. f must not block. It is set once, before requests come.
func (s *Service) OnSessionEnded(f func(SessionID)) { panic("soon") }

// Person returns a person by id. Error: not_found.
func (s *Service) Person(ctx context.Context, id PersonID) (Person, error) { panic("soon") }
