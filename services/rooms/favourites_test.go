package rooms

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

func (h *house) listed(t *testing.T, by accounts.Person, scope Scope, search string, limit int) (titles []string) {
	t.Helper()
	cursor := ""
	for {
		page, err := h.List(ctx, by, scope, search, cursor, limit)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Rooms), limit)
		for _, r := range page.Rooms {
			titles = append(titles, r.Title)
		}
		if cursor = page.Next; cursor == "" {
			return titles
		}
	}
}

func (h *house) titled(t *testing.T, title string, privacy wire.Privacy) Room {
	t.Helper()
	r, err := h.Create(ctx, h.account(t), NewRoom{Title: title, Privacy: privacy})
	require.NoError(t, err)
	return r
}

func TestARoomIsStarredByWhoSeesIt(t *testing.T) {
	h := newHouse(t)
	fan, guest := h.account(t), h.guest(t)
	public, private, unlisted := h.titled(t, "Public", wire.PrivacyPublic), h.titled(t, "Private", wire.PrivacyPrivate), h.titled(t, "Unlisted", wire.PrivacyUnlisted)
	requireCode(t, wire.ErrorCodeNotFound, h.SetFavourite(ctx, private.Slug, fan, true))
	requireCode(t, wire.ErrorCodeNotFound, h.SetFavourite(ctx, "no-such-room", fan, true))
	requireCode(t, wire.ErrorCodeRoomMembersOnly, h.SetFavourite(ctx, unlisted.Slug, fan, true))
	requireCode(t, wire.ErrorCodeGuestNotAllowed, h.SetFavourite(ctx, public.Slug, guest, true))
	h.seat(t, private, fan, wire.RoleMember)
	h.seat(t, public, guest, wire.RoleGuest)
	for range 2 { // again changes nothing
		require.NoError(t, h.SetFavourite(ctx, public.Slug, fan, true))
		require.NoError(t, h.SetFavourite(ctx, private.Slug, fan, true))
		require.NoError(t, h.SetFavourite(ctx, public.Slug, guest, true))
	}
	require.ElementsMatch(t, []string{"Public", "Private"}, h.listed(t, fan, Favourites, "", 1))
	require.Equal(t, []string{"Public"}, h.listed(t, guest, Favourites, "", 10))
	page, err := h.List(ctx, fan, Public, "", "", 10)
	require.NoError(t, err)
	require.True(t, page.Rooms[0].Favourite)

	_, err = h.Remove(ctx, private.Slug, fan, fan.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"Public"}, h.listed(t, fan, Favourites, "", 10), "a private room is not seen by who is no member any more")
	require.NoError(t, h.SetFavourite(ctx, public.Slug, fan, false))
	require.Empty(t, h.listed(t, fan, Favourites, "", 10))
	require.Equal(t, []string{"Public"}, h.listed(t, guest, Favourites, "", 10), "each has a list of their own")
}

func TestPublicRoomsAreSearchedAndThoseThatRunComeFirst(t *testing.T) {
	h := newHouse(t)
	reader := h.account(t)
	for _, title := range []string{"Films", "Series", "More films", "100% films"} {
		h.titled(t, title, wire.PrivacyPublic)
		h.clock.pass(touchEvery)
	}
	h.titled(t, "Secret films", wire.PrivacyUnlisted)
	running := h.titled(t, "Running", wire.PrivacyPublic)
	older := h.listed(t, reader, Public, "films", 10)
	require.Equal(t, []string{"100% films", "More films", "Films"}, older)
	require.Equal(t, []string{"100% films"}, h.listed(t, reader, Public, "0%", 10), "what one types is no pattern")
	require.Empty(t, h.listed(t, reader, Public, "nothing like it", 10))

	h.clock.pass(touchEvery)
	h.titled(t, "Newest", wire.PrivacyPublic)
	require.NoError(t, h.q.InsertBrowser(ctx, db.InsertBrowserParams{ID: uuid.New(), RoomID: running.ID.UUID(), Launcher: "test", StartedAt: h.now()}))
	want := []string{"Running", "Newest", "100% films", "More films", "Series", "Films"}
	for _, limit := range []int{1, 2, 10} {
		require.Equal(t, want, h.listed(t, reader, Public, "", limit))
	}
}
