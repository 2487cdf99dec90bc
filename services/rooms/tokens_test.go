package rooms

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

func TestARoomTokenServesForItsKindAndItsTimeAlone(t *testing.T) {
	h := newHouse(t)
	tokens := Tokens{Keys: h.keys}
	in, err := h.people.SignUp(ctx, accounts.SignUp{Username: "ada", Password: "a long password"})
	require.NoError(t, err)
	r := h.room(t, in.Person, wire.PrivacyPublic)
	run := uuid.New()
	viewer, expiresAt, err := tokens.Viewer(r, accounts.Caller{Person: in.Person, Session: in.Session})
	require.NoError(t, err)
	require.WithinDuration(t, h.now().Add(ViewerTokenLife), expiresAt, 2*1e9)
	vb, _, err := tokens.Browser(r.ID, run)
	require.NoError(t, err)

	claims, err := tokens.Verify(viewer, wire.PeerKindViewer)
	require.NoError(t, err)
	require.Equal(t, Claims{
		Kind: wire.PeerKindViewer, Room: r.ID, Person: in.Person.ID, Session: in.Session, Role: wire.RoleOwner, Permissions: ofOwner,
	}, claims)
	claims, err = tokens.Verify(vb, wire.PeerKindVb)
	require.NoError(t, err)
	require.Equal(t, Claims{Kind: wire.PeerKindVb, Room: r.ID, Browser: run}, claims)

	for name, c := range map[string]struct {
		token string
		kind  wire.PeerKind
	}{
		"a viewer's as a browser's": {viewer, wire.PeerKindVb}, "a browser's as a viewer's": {vb, wire.PeerKindViewer},
		"an access token": {in.AccessToken, wire.PeerKindViewer}, "garbage": {"garbage", wire.PeerKindViewer},
		"a browser's as a bot's": {vb, wire.PeerKindBot},
	} {
		_, err := tokens.Verify(c.token, c.kind)
		require.Equal(t, wire.ErrorCodeUnauthenticated, wire.CodeOf(err), name)
	}
	_, err = h.people.Authenticate(ctx, viewer)
	requireCode(t, wire.ErrorCodeUnauthenticated, err)

	h.clock.pass(ViewerTokenLife)
	_, err = tokens.Verify(viewer, wire.PeerKindViewer)
	requireCode(t, wire.ErrorCodeTokenExpired, err)
	_, err = tokens.Verify(vb, wire.PeerKindVb)
	require.NoError(t, err)
}
