package accounts

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func openKeys(t *testing.T, folder string, c *clock) *Keys {
	t.Helper()
	keys, err := OpenKeys(folder, c.now)
	require.NoError(t, err)
	return keys
}

func sign(t *testing.T, keys *Keys, audience string, life time.Duration) string {
	t.Helper()
	token, _, err := keys.Sign(audience, life, &accessClaims{})
	require.NoError(t, err)
	return token
}

func TestKeysAreKeptForTheNextStartAndForNobodyElse(t *testing.T) {
	folder, c := filepath.Join(t.TempDir(), "secrets"), newClock()
	token := sign(t, openKeys(t, folder, c), AudienceAccess, time.Hour)
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, os.Chmod(files[0], 0o644))
	require.NoError(t, openKeys(t, folder, c).Verify(AudienceAccess, token, &accessClaims{}))
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	info, err = os.Stat(folder)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestAKeyIsRenewedAfterThirtyDaysAndVerifiesAsLongAsItsTokensLive(t *testing.T) {
	folder, c := t.TempDir(), newClock()
	keys := openKeys(t, folder, c)
	c.pass(keyLife - time.Second)
	old := sign(t, keys, AudienceRoom, MaxTokenLife)
	c.pass(time.Second)
	fresh := sign(t, keys, AudienceRoom, time.Hour)
	require.NotEqual(t, header(t, old)["kid"], header(t, fresh)["kid"])
	require.NoError(t, keys.Verify(AudienceRoom, old, &accessClaims{}))
	require.NoError(t, openKeys(t, folder, c).Verify(AudienceRoom, old, &accessClaims{}))

	c.pass(keyLife)
	sign(t, keys, AudienceRoom, time.Hour)
	c.pass(keyLife)
	sign(t, keys, AudienceRoom, time.Hour)
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.LessOrEqual(t, len(files), 3, "what can verify nothing any more is removed")
	require.Error(t, keys.Verify(AudienceRoom, old, &accessClaims{}))
}

func TestAKeyThatCantBeStoredDoesNotSignAndTheOldOneGoesOn(t *testing.T) {
	folder, c := filepath.Join(t.TempDir(), "secrets"), newClock()
	keys := openKeys(t, folder, c)
	require.NoError(t, os.RemoveAll(folder))
	c.pass(keyLife)
	require.NoError(t, keys.Verify(AudienceAccess, sign(t, keys, AudienceAccess, time.Hour), &accessClaims{}))
}

func TestNoTokenServesForAnotherThing(t *testing.T) {
	c := newClock()
	keys := openKeys(t, t.TempDir(), c)
	good := sign(t, keys, AudienceAccess, time.Hour)
	require.NoError(t, keys.Verify(AudienceAccess, good, &accessClaims{}))

	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
	claims := &accessClaims{}
	require.NoError(t, keys.Verify(AudienceAccess, good, claims))
	public := keys.keys[0].private.Public().(ed25519.PublicKey)
	symmetric := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	symmetric.Header["kid"] = keys.keys[0].id
	hmac, err := symmetric.SignedString([]byte(public))
	require.NoError(t, err)
	eternal := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"iss": issuer, "aud": AudienceAccess})
	eternal.Header["kid"] = keys.keys[0].id
	withoutEnd, err := eternal.SignedString(keys.keys[0].private)
	require.NoError(t, err)

	for name, token := range map[string]string{
		"of another audience":        sign(t, keys, AudienceRoom, time.Hour),
		"of another server":          sign(t, openKeys(t, t.TempDir(), c), AudienceAccess, time.Hour),
		"alg none":                   none,
		"signed with the public key": hmac,
		"without an end":             withoutEnd,
		"without its signature":      parts[0] + "." + parts[1] + ".",
		"garbage":                    "garbage",
		"nothing":                    "",
	} {
		err := keys.Verify(AudienceAccess, token, &accessClaims{})
		require.Equal(t, wire.ErrorCodeUnauthenticated, wire.CodeOf(err), name)
	}
	c.pass(time.Hour)
	requireCode(t, wire.ErrorCodeTokenExpired, keys.Verify(AudienceAccess, good, &accessClaims{}))
}

func TestTheKeySetHasThePublicKeysAndNothingPrivate(t *testing.T) {
	keys := openKeys(t, t.TempDir(), newClock())
	var set struct{ Keys []map[string]string }
	require.NoError(t, json.Unmarshal(keys.JWKS(), &set))
	require.Len(t, set.Keys, 1)
	require.Equal(t, header(t, sign(t, keys, AudienceAccess, time.Hour))["kid"], set.Keys[0]["kid"])
	require.Equal(t, "OKP", set.Keys[0]["kty"])
	require.NotContains(t, set.Keys[0], "d")
}

func header(t *testing.T, token string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	require.NoError(t, err)
	var h map[string]any
	require.NoError(t, json.Unmarshal(raw, &h))
	return h
}
