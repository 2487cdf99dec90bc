package accounts

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestAPasswordIsRightOnlyAgainstItsOwnHash(t *testing.T) {
	h := NewHasher(cheap, 1)
	phc, err := h.Hash(ctx, "café au lait")
	require.NoError(t, err)
	require.Regexp(t, `^\$argon2id\$v=19\$m=8,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, phc)
	again, err := h.Hash(ctx, "café au lait")
	require.NoError(t, err)
	require.NotEqual(t, phc, again, "salted")
	for given, right := range map[string]bool{"café au lait": true, "cafe\u0301 au lait": true, "cafe au lait": false, "": false} {
		got, err := h.Verify(ctx, phc, given)
		require.NoError(t, err)
		require.Equal(t, right, got, "%q", given)
	}
	_, err = h.Verify(ctx, "$2y$10$bcrypt", "x")
	require.Error(t, err)
}

func TestHashesOfOtherImplementationsAreRead(t *testing.T) {
	// The reference implementation: echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1 -l 32 (its test suite).
	right, err := NewHasher(cheap, 1).Verify(ctx, "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password")
	require.NoError(t, err)
	require.True(t, right)
}

func TestNobodysPasswordIsNeverRightButCostsTheSame(t *testing.T) {
	h := NewHasher(cheap, 1)
	right, err := h.Verify(ctx, "", "")
	require.NoError(t, err)
	require.False(t, right)
	require.EqualValues(t, 1, h.Hashings())
}

func TestTheDefaultCostIsThatOfOWASP(t *testing.T) {
	require.Equal(t, HashCost{19456, 2, 1}, NewHasher(HashCost{}, 0).cost)
}

func TestAFloodOfHashingsIsTurnedAwayInsteadOfTakingMemory(t *testing.T) {
	h := NewHasher(cheap, 1)
	h.slots <- struct{}{} // one is under way
	h.waiting.Add(1)
	flood, giveUp := context.WithCancel(ctx)
	results := make(chan error, maxWaiting)
	for range maxWaiting {
		go func() {
			_, err := h.Hash(flood, password)
			results <- err
		}()
	}
	require.Eventually(t, func() bool { return h.waiting.Load() == maxWaiting+1 }, waitFor, tick)
	_, err := h.Hash(ctx, password)
	requireCode(t, wire.ErrorCodeUnavailable, err)
	require.Zero(t, h.Hashings())
	giveUp()
	for range maxWaiting {
		require.ErrorIs(t, <-results, context.Canceled)
	}
	<-h.slots
	h.waiting.Add(-1)
	_, err = h.Hash(ctx, password)
	require.NoError(t, err)
}
