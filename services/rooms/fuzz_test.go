package rooms

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

// said are claims of any kind, as a key of ours may have signed them for something else.
type said struct {
	accounts.Registered
	text json.RawMessage
}

func (s *said) MarshalJSON() ([]byte, error) {
	all := map[string]any{}
	_ = json.Unmarshal(s.text, &all)
	all["iss"], all["aud"], all["exp"] = s.Issuer, s.Audience, jwt.NewNumericDate(s.ExpiresAt.Time)
	return json.Marshal(all)
}

// FuzzRoomToken: whatever is signed, a token is of one kind: a viewer's is a person's with a sign-in and either a role or a question, and a
// browser's names nobody and has no rights. What a token says of rights, the hub does not go by.
func FuzzRoomToken(f *testing.F) {
	keys, err := accounts.OpenKeys(f.TempDir(), nil)
	require.NoError(f, err)
	tokens := Tokens{Keys: keys}
	const id = "0190a0a0-0000-7000-8000-000000000000"
	for _, claims := range []string{
		`{"sub":"` + id + `","kind":"viewer","room":"` + id + `","sid":"` + id + `","role":"owner","permissions":["chat"]}`,
		`{"sub":"` + id + `","kind":"viewer","room":"` + id + `","sid":"` + id + `","asks":true}`,
		`{"sub":"` + id + `","kind":"viewer","room":"` + id + `","sid":"` + id + `","asks":true,"role":"owner"}`,
		`{"sub":"` + id + `","kind":"viewer","waits":true,"sid":"` + id + `","role":"owner"}`,
		`{"sub":"` + id + `","kind":"vb","room":"` + id + `","role":"owner","sid":"` + id + `","asks":true}`,
		`{"sub":"` + id + `","kind":"vb","waits":true}`,
		`{"sub":"` + id + `","kind":"vb","room":"00000000-0000-0000-0000-000000000000"}`,
		`{"kind":"bot"}`, `{"kind":["viewer","vb"]}`, `{"sub":1}`, `[]`,
	} {
		f.Add([]byte(claims))
	}
	f.Fuzz(func(t *testing.T, claims []byte) {
		token, _, err := keys.Sign(accounts.AudienceRoom, time.Hour, &said{text: claims})
		require.NoError(t, err)
		viewer, err := tokens.Verify(token, wire.PeerKindViewer)
		agent, agentErr := tokens.Verify(token, wire.PeerKindVb)
		require.False(t, err == nil && agentErr == nil, "a token is of one kind")
		for _, kind := range []wire.PeerKind{wire.PeerKindBot, wire.PeerKindDevice, ""} {
			_, err := tokens.Verify(token, kind)
			require.Error(t, err)
		}
		if err == nil {
			require.False(t, viewer.Room.IsZero())
			require.Zero(t, viewer.Browser)
			require.NotEqual(t, viewer.Asks, viewer.Role.Valid())
		} else {
			require.Equal(t, wire.ErrorCodeUnauthenticated, wire.CodeOf(err))
		}
		if agentErr == nil {
			require.Equal(t, Claims{Kind: wire.PeerKindVb, Room: agent.Room, Browser: agent.Browser}, agent)
		}
	})
}

// FuzzSlug: every title has an address that a room may have, and that a suffix can be added to.
func FuzzSlug(f *testing.F) {
	for _, title := range []string{"Ciné-club, déjà vu!", "", "映画", "a", strings.Repeat("x", 200), "ǅ ﬀ Å", uuid.NewString(), "0190a0a0 0000 7000 8000 000000000000", "\xff"} {
		f.Add(title)
	}
	f.Fuzz(func(t *testing.T, title string) {
		slug := slugOf(title)
		require.NoError(t, checkSlug(slug), "%q", slug)
		require.NoError(t, checkSlug(withSuffix(slug)))
	})
}

// FuzzLink: what may be opened in a room's browser is a web address of a host, in one word, which says no name and password, and stays what it is when it
// is written anew.
func FuzzLink(f *testing.F) {
	for _, link := range []string{
		"https://example.org/a?b#c", "HTTP://EXAMPLE.org", "http://:80", "https://a b/", "https://example.org/a b", "https://u:p@example.org", "javascript:alert(1)",
		"https:example.org", "https:///x", "http://[::1%25eth0]/", "https://example.org\u2028", "https://\u202e.example/", " https://example.org", "https://example.org/%zz", "https:\\\\example.org",
	} {
		f.Add(link)
	}
	f.Fuzz(func(t *testing.T, link string) {
		if CheckLink(link) != nil {
			return
		}
		u, err := url.Parse(link)
		require.NoError(t, err)
		require.NotEmpty(t, u.Hostname())
		require.Nil(t, u.User)
		require.Contains(t, []string{"http", "https"}, u.Scheme)
		require.Len(t, strings.Fields(link), 1)
		require.LessOrEqual(t, len(link), maxStartURL)
		require.NoError(t, CheckLink(u.String()))
	})
}
