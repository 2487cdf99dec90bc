package accounts

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// FuzzVerify: a token that was changed says what it said before, or nothing.
func FuzzVerify(f *testing.F) {
	c := newClock()
	keys, err := OpenKeys(f.TempDir(), c.now)
	require.NoError(f, err)
	others, err := OpenKeys(f.TempDir(), c.now)
	require.NoError(f, err)
	signed := &accessClaims{Session: SessionID(uuid.New())}
	signed.Subject = uuid.NewString()
	good, _, err := keys.Sign(AudienceAccess, time.Hour, signed)
	require.NoError(f, err)
	forged, _, err := others.Sign(AudienceAccess, time.Hour, signed)
	require.NoError(f, err)
	room, _, err := keys.Sign(AudienceRoom, time.Hour, signed)
	require.NoError(f, err)
	part := strings.Split(good, ".")
	// What stands for the good token's parts is put in, since nobody guesses them: they are others in each run.
	for _, form := range []string{"H.P.S", "H.P.", "H.P", "H..S", "h.P.", "P.H.S", "H.P.S.S", " H.P.S", "H.P.S=", "H.p.S", "F", "R", ""} {
		f.Add(form, []byte(`{"alg":"none"}`))
		f.Add(form, []byte(`{"alg":"HS256","kid":"x"}`))
	}
	f.Fuzz(func(t *testing.T, form string, own []byte) {
		token := strings.NewReplacer("H", part[0], "P", part[1], "S", part[2], "F", forged, "R", room,
			"h", base64url(own), "p", base64url(own)).Replace(form)
		claims := &accessClaims{}
		if err := keys.Verify(AudienceAccess, token, claims); err != nil {
			require.Equal(t, wire.ErrorCodeUnauthenticated, wire.CodeOf(err))
			return
		}
		require.Equal(t, part[:2], strings.Split(token, ".")[:2], "only the signed words are believed")
		require.Equal(t, signed.Subject, claims.Subject)
		require.Equal(t, signed.Session, claims.Session)
	})
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// FuzzRefreshToken: each token is written in one way alone.
func FuzzRefreshToken(f *testing.F) {
	f.Add(newRefreshToken().String())
	f.Add(strings.Repeat("A", 42) + "B")
	f.Add(strings.Repeat("A", 42) + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		if token, ok := parseRefreshToken(text); ok {
			require.Equal(t, text, token.String())
		}
	})
}

// FuzzInspect: what is stored as a picture has the type and the size that a browser finds in it.
func FuzzInspect(f *testing.F) {
	var p, j bytes.Buffer
	require.NoError(f, png.Encode(&p, image.NewGray(image.Rect(0, 0, 3, 2))))
	require.NoError(f, jpeg.Encode(&j, image.NewGray(image.Rect(0, 0, 3, 2)), nil))
	f.Add(p.Bytes())
	f.Add(j.Bytes())
	f.Add([]byte("RIFF\x16\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00\x00\x00\x00\x9d\x01\x2a\x03\x00\x02\x00"))
	f.Add([]byte("RIFF\x16\x00\x00\x00WEBPVP8L\x0a\x00\x00\x00\x2f\x02\x40\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x01\x00\x00"))
	f.Add([]byte("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"))
	f.Add([]byte("GIF89a"))
	f.Fuzz(func(t *testing.T, picture []byte) {
		contentType, size, err := inspect(picture)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, size.X, 0)
		require.GreaterOrEqual(t, size.Y, 0)
		begins := map[string]string{"image/png": "\x89PNG\r\n\x1a\n", "image/jpeg": "\xff\xd8", "image/webp": "RIFF"}
		require.True(t, strings.HasPrefix(string(picture), begins[contentType]), "%s begins %q", contentType, picture[:min(len(picture), 12)])
	})
}

// FuzzCleanLine: a name stays as it is when it is cleaned again, fits into one line, and turns no other text around.
func FuzzCleanLine(f *testing.F) {
	for _, s := range []string{"Ann", "\u202eann", "  a \t b ", "\u200b", "👩\u200d👧", "\u200d", "a\xffb", "\u2028x", "\ufeffx\u00ad", "\u3164"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean := CleanLine(s)
		require.Equal(t, clean, CleanLine(clean))
		require.True(t, utf8.ValidString(clean))
		require.Equal(t, strings.TrimSpace(clean), clean)
		require.NotContains(t, clean, "  ")
		for _, r := range clean {
			require.False(t, unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control), "%U", r)
		}
		if clean != "" {
			require.NotEmpty(t, strings.Trim(clean, "\u200c\u200d "), "something can be seen")
		}
	})
}

// FuzzDecodePHC: a stored hash that is understood is written again as it was.
func FuzzDecodePHC(f *testing.F) {
	f.Add(encodePHC(cheap, []byte("salt"), []byte("sum")))
	f.Add("$argon2id$v=19$m=8,t=0,p=1$c2FsdA$c3Vt")
	f.Add("$argon2id$v=19$m=+8,t=1,p=1x$c2FsdA$c3Vt")
	f.Fuzz(func(t *testing.T, phc string) {
		cost, salt, sum, err := decodePHC(phc)
		if err == nil {
			require.Equal(t, phc, encodePHC(cost, salt, sum))
			require.Positive(t, cost.Iterations)
			require.Positive(t, cost.Parallelism)
		}
	})
}
