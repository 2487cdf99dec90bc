package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"turtus/services/wire"
)

// HashCost are the parameters of argon2id.
type HashCost struct {
	MemoryKiB   uint32
	Iterations  uint32
	Parallelism uint8
}

// OWASPCost is what the OWASP Password Storage Cheat Sheet asks for argon2id: 19 MiB, two passes, one lane.
var OWASPCost = HashCost{MemoryKiB: 19 << 10, Iterations: 2, Parallelism: 1}

// maxWaiting is how many may wait for a hashing; the next ones are told to come back.
const maxWaiting = 64

// Hasher hashes passwords by argon2id, only so many at once, so that a flood of sign-ins takes no more memory than
// atOnce times the cost. Safe for concurrent use.
type Hasher struct {
	cost     HashCost
	slots    chan struct{}
	waiting  atomic.Int64
	hashings atomic.Uint64
	dummy    string
}

// NewHasher returns a Hasher of this cost (OWASPCost for the zero) for atOnce hashings at a time (the number of processors for 0).
func NewHasher(cost HashCost, atOnce int) *Hasher {
	if cost == (HashCost{}) {
		cost = OWASPCost
	}
	if atOnce <= 0 {
		atOnce = runtime.GOMAXPROCS(0)
	}
	h := &Hasher{cost: cost, slots: make(chan struct{}, atOnce)}
	// Only its parameters matter: nobody knows a password for random bytes.
	h.dummy = encodePHC(cost, randomBytes(16), randomBytes(32))
	return h
}

// Hashings counts the argon2 computations so far.
func (h *Hasher) Hashings() uint64 { return h.hashings.Load() }

// Hash returns a PHC string. Errors: unavailable (too many at once), or ctx's.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := randomBytes(16)
	sum, err := h.compute(ctx, password, salt, h.cost, 32)
	if err != nil {
		return "", err
	}
	return encodePHC(h.cost, salt, sum), nil
}

// Verify says whether password made the PHC string. An empty PHC string is that of nobody: it costs the same work and is never right.
func (h *Hasher) Verify(ctx context.Context, phc, password string) (bool, error) {
	known := phc != ""
	if !known {
		phc = h.dummy
	}
	cost, salt, want, err := decodePHC(phc)
	if err != nil {
		return false, err
	}
	got, err := h.compute(ctx, password, salt, cost, uint32(len(want)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

// outdated says that a PHC string was made at another cost.
func (h *Hasher) outdated(phc string) bool {
	cost, _, _, err := decodePHC(phc)
	return err == nil && cost != h.cost
}

func (h *Hasher) compute(ctx context.Context, password string, salt []byte, cost HashCost, length uint32) ([]byte, error) {
	if h.waiting.Add(1) > maxWaiting+int64(cap(h.slots)) {
		h.waiting.Add(-1)
		busy := wire.Errorf(wire.ErrorCodeUnavailable, "Too many people are signing in at this moment. Try again in a few seconds.")
		busy.RetryAfter = 3
		return nil, busy
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a hashing: %w", ctx.Err())
	}
	defer func() { <-h.slots }()
	h.hashings.Add(1)
	// The same letters typed on another machine may come composed otherwise.
	return argon2.IDKey(norm.NFKC.Bytes([]byte(password)), salt, cost.Iterations, cost.MemoryKiB, cost.Parallelism, length), nil
}

// encodePHC writes the PHC string format, https://github.com/P-H-C/phc-string-format.
func encodePHC(c HashCost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Iterations, c.Parallelism, b64(salt), b64(sum))
}

func decodePHC(phc string) (c HashCost, salt, sum []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, fmt.Errorf("stored password hash is not argon2id version %d", argon2.Version)
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Iterations, &c.Parallelism); err != nil {
		return c, nil, nil, fmt.Errorf("parameters of the stored password hash: %w", err)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return c, nil, nil, fmt.Errorf("salt of the stored password hash: %w", err)
	}
	if sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return c, nil, nil, fmt.Errorf("stored password hash: %w", err)
	}
	if c.Iterations == 0 || c.Parallelism == 0 || encodePHC(c, salt, sum) != phc {
		return c, nil, nil, errors.New("stored password hash is not as this program writes it")
	}
	return c, salt, sum, nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	return b
}
