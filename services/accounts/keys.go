package accounts

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"turtus/services/wire"
)

// Audiences of the tokens that Keys signs. A token serves for its audience alone.
const (
	AudienceAccess = "turtus"
	AudienceRoom   = "turtus-room"
)

const (
	issuer = "turtus"
	// keyLife is how long a key signs; after it, the key verifies as long as the longest-lived token may live.
	keyLife       = 30 * 24 * time.Hour
	MaxTokenLife  = 30 * 24 * time.Hour
	keyNamePrefix = "signing-"
	keyNameTime   = "20060102T150405.000000000Z"
)

// Claims are a pointer to a struct that embeds Registered.
type Claims interface {
	jwt.Claims
	registered() *jwt.RegisteredClaims
}

// Registered are the claims of every token (RFC 7519 section 4.1); Keys fills them in, but for Subject.
type Registered struct{ jwt.RegisteredClaims }

func (r *Registered) registered() *jwt.RegisteredClaims { return &r.RegisteredClaims }

// Keys signs and verifies tokens by Ed25519 keys, each a file (0600) of a folder. The newest signs; after 30 days the next
// one is made, and the one before verifies for as long as its tokens can live. Safe for concurrent use.
type Keys struct {
	folder string
	now    func() time.Time

	mu   sync.Mutex
	keys []signingKey // oldest first, never empty
	// retryAt is when to try again to store a new key after that failed.
	retryAt time.Time
}

type signingKey struct {
	id      string // RFC 7638 thumbprint
	created time.Time
	file    string
	private ed25519.PrivateKey
}

// OpenKeys reads the keys of folder (the data folder's secrets/), or makes it and the first key. now is time.Now when nil.
func OpenKeys(folder string, now func() time.Time) (*Keys, error) {
	if now == nil {
		now = time.Now
	}
	k := &Keys{folder: folder, now: now}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of signing keys: %w", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read the folder of signing keys: %w", err)
	}
	for _, entry := range entries {
		stamp, hasPrefix := strings.CutPrefix(entry.Name(), keyNamePrefix)
		stamp, hasSuffix := strings.CutSuffix(stamp, ".pem")
		if !hasPrefix || !hasSuffix {
			continue
		}
		created, err := time.Parse(keyNameTime, stamp)
		if err != nil {
			return nil, fmt.Errorf("signing key %s: the name holds no time", entry.Name())
		}
		key, err := readKey(filepath.Join(folder, entry.Name()), created)
		if err != nil {
			return nil, err
		}
		k.keys = append(k.keys, key)
	}
	sort.Slice(k.keys, func(i, j int) bool { return k.keys[i].created.Before(k.keys[j].created) })
	if len(k.keys) == 0 {
		if err := k.add(now()); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func readKey(file string, created time.Time) (signingKey, error) {
	if err := os.Chmod(file, 0o600); err != nil {
		return signingKey{}, fmt.Errorf("protect signing key: %w", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return signingKey{}, fmt.Errorf("read signing key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return signingKey{}, fmt.Errorf("signing key %s is not PEM", file)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return signingKey{}, fmt.Errorf("signing key %s: %w", file, err)
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return signingKey{}, fmt.Errorf("signing key %s is not Ed25519", file)
	}
	return signingKey{id: thumbprint(private), created: created, file: file, private: private}, nil
}

// add makes the next key and stores it before anything is signed by it.
func (k *Keys) add(now time.Time) error {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	file := filepath.Join(k.folder, keyNamePrefix+now.UTC().Format(keyNameTime)+".pem")
	if err := writeSecret(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return fmt.Errorf("store a signing key: %w", err)
	}
	k.keys = append(k.keys, signingKey{id: thumbprint(private), created: now, file: file, private: private})
	return nil
}

// writeSecret makes the file whole or not at all.
func writeSecret(file string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}

// thumbprint is the key's id by RFC 7638.
func thumbprint(private ed25519.PrivateKey) string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":"%s"}`, publicX(private)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func publicX(private ed25519.PrivateKey) string {
	return base64.RawURLEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
}

// current returns the key that signs, after making a new one where it is time, and forgetting those that can verify nothing any more.
func (k *Keys) current() signingKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	newest := k.keys[len(k.keys)-1]
	if now.Sub(newest.created) < keyLife || now.Before(k.retryAt) {
		return newest
	}
	if err := k.add(now); err != nil {
		// The old key goes on signing: nobody is signed out because a disk is full.
		k.retryAt = now.Add(time.Hour)
		slog.Warn("the signing key is due to be renewed, which failed; the old one stays", "error", err)
		return newest
	}
	for len(k.keys) > 1 && now.Sub(k.keys[1].created) > MaxTokenLife {
		if err := os.Remove(k.keys[0].file); err != nil {
			slog.Warn("an old signing key can't be removed", "error", err)
		}
		k.keys = k.keys[1:]
	}
	return k.keys[len(k.keys)-1]
}

// Sign makes a token for audience that is good for life, MaxTokenLife at most.
func (k *Keys) Sign(audience string, life time.Duration, claims Claims) (token string, expiresAt time.Time, err error) {
	key, now := k.current(), k.now()
	expiresAt = now.Add(min(life, MaxTokenLife)).Truncate(time.Second)
	r := claims.registered()
	r.Issuer, r.Audience, r.ID = issuer, jwt.ClaimStrings{audience}, uuid.NewString()
	r.IssuedAt, r.ExpiresAt = jwt.NewNumericDate(now), jwt.NewNumericDate(expiresAt)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	unsigned.Header["kid"] = key.id
	token, err = unsigned.SignedString(key.private)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign a token: %w", err)
	}
	return token, expiresAt, nil
}

// Verify fills claims from a token of audience. Errors: token_expired; unauthenticated for everything else that is wrong with it.
func (k *Keys) Verify(audience, token string, claims Claims) error {
	_, err := jwt.ParseWithClaims(token, claims, k.verifyingKey, jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithAudience(audience), jwt.WithIssuer(issuer), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(k.now))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidAudience) && !errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return wire.Errorf(wire.ErrorCodeTokenExpired, "The token has expired; get a new one.")
	default:
		return wire.Errorf(wire.ErrorCodeUnauthenticated, "The token is not valid here.")
	}
}

func (k *Keys) verifyingKey(token *jwt.Token) (any, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range k.keys {
		if key.id == token.Header["kid"] {
			return key.private.Public(), nil
		}
	}
	return nil, errors.New("no such key")
}

// JWKS is the public keys as a JSON Web Key Set (RFC 7517, RFC 8037).
func (k *Keys) JWKS() []byte {
	type key struct {
		KeyType   string `json:"kty"`
		Curve     string `json:"crv"`
		Use       string `json:"use"`
		Algorithm string `json:"alg"`
		ID        string `json:"kid"`
		X         string `json:"x"`
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	set := struct {
		Keys []key `json:"keys"`
	}{}
	for _, own := range k.keys {
		set.Keys = append(set.Keys, key{"OKP", "Ed25519", "sig", "EdDSA", own.id, publicX(own.private)})
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(fmt.Sprintf("accounts: marshal the key set: %v", err))
	}
	return text
}
