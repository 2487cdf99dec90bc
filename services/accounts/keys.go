package accounts

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Audiences of the tokens that Keys signs. A token serves for its audience alone.
const (
	AudienceAccess = "turtus"
	AudienceRoom   = "turtus-room"
)

// Keys signs and verifies tokens by Ed25519 keys kept in a folder (0600 each). The room token's claims are in package rooms.
type Keys struct{}

// OpenKeys reads the keys of folder (the data folder's secrets/), or makes it and the first key.
func OpenKeys(folder string, now func() time.Time) (*Keys, error) { panic("soon") }

// Sign makes a token for audience that is good for life.
func (k *Keys) Sign(audience string, life time.Duration, claims Claims) (token string, expiresAt time.Time, err error) {
	panic("soon")
}

// Verify fills claims from a token of audience. Errors: unauthenticated, token_expired.
func (k *Keys) Verify(audience, token string, claims Claims) error { panic("soon") }

// JWKS is the public keys as a JSON Web Key Set (RFC 7517).
func (k *Keys) JWKS() []byte { panic("soon") }

// Claims are a struct pointer that embeds jwt.RegisteredClaims.
type Claims interface {
	jwt.Claims
	Registered() *jwt.RegisteredClaims
}
