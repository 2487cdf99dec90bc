package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// SetupToken guards a server that strangers can reach, as long as nobody has an account: the first person, who becomes the administrator,
// shows the token that was printed where only the operator reads. Its SHA-256 is all that is kept, in a file.
type SetupToken struct{ path string }

// NewSetupToken keeps the hash in the file at path. It reads and writes nothing yet.
func NewSetupToken(path string) *SetupToken { return &SetupToken{path} }

// Renew makes a token of 130 random bits, good from now on instead of the one before.
func (t *SetupToken) Renew() (string, error) {
	token := rand.Text()
	err := os.WriteFile(t.path+".new", []byte(digest(token)+"\n"), 0o600)
	if err == nil {
		err = os.Rename(t.path+".new", t.path)
	}
	if err != nil {
		return "", fmt.Errorf("store the setup token: %w", err)
	}
	return token, nil
}

// Remove forgets the token; nothing is good from then on.
func (t *SetupToken) Remove() error {
	if err := os.Remove(t.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the setup token: %w", err)
	}
	return nil
}

// remove is for a token that was used. While there is an account nobody asks for it, and the next start removes what is left.
func (t *SetupToken) remove() {
	if t != nil {
		_ = t.Remove()
	}
}

// check lets everybody in where there is no guard. Errors: setup_token_required, setup_token_wrong.
func (t *SetupToken) check(token string) error {
	if t == nil {
		return nil
	}
	if token == "" {
		return errSetupTokenRequired()
	}
	kept, err := os.ReadFile(t.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the setup token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(strings.TrimSpace(string(kept))), []byte(digest(token))) != 1 {
		return errSetupTokenWrong()
	}
	return nil
}

func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// SetupGuarded says whether the first person has to show a token.
func (s *Service) SetupGuarded() bool { return s.setup != nil }
