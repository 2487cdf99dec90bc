package rooms

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"turtus/services/accounts"
	record "turtus/services/audit"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

const (
	maxTitle    = 80
	maxPassword = 200
	maxStartURL = 2048
	slugTries   = 8
	// touchEvery is how exactly a room's last use is known; coming and going within it costs no write.
	touchEvery = time.Minute
)

// NewRoom is what makes a room. An empty Slug is made of the title, an empty Privacy is unlisted, an empty Entry what is usual for it, an empty Password is none.
type NewRoom struct {
	Title    string
	Slug     string
	Privacy  wire.Privacy
	Entry    wire.Entry
	Size     int
	Password string
	StartURL string
	Screen   *wire.Screen // nil: the server's default
}

// Create makes a room and its owner. Errors: guest_not_allowed, too_many_rooms, slug_taken, invalid_field.
func (s *Service) Create(ctx context.Context, by accounts.Person, n NewRoom) (Room, error) {
	if by.Guest() {
		return Room{}, wire.Errorf(wire.ErrorCodeGuestNotAllowed, "A guest can't make rooms. Make an account first; you keep your seats.")
	}
	title, err := checkTitle(n.Title)
	if err != nil {
		return Room{}, err
	}
	if n.Slug != "" {
		if err := checkSlug(n.Slug); err != nil {
			return Room{}, err
		}
	}
	if n.Privacy == "" {
		n.Privacy = wire.PrivacyUnlisted
	}
	if err := errors.Join(checkPrivacy(n.Privacy), checkSize(&n.Size), checkStartURL(n.StartURL), checkScreen(n.Screen)); err != nil {
		return Room{}, err
	}
	var entry *string
	if n.Entry != "" {
		if err := checkEntry(n.Entry, n.Privacy); err != nil {
			return Room{}, err
		}
		entry = new(string(n.Entry))
	}
	hash, err := s.hash(ctx, n.Password)
	if err != nil {
		return Room{}, err
	}
	params := db.InsertRoomParams{
		ID: NewID().UUID(), Title: title, Privacy: string(n.Privacy), PasswordHash: hash, StartUrl: n.StartURL,
		OwnerID: by.ID.UUID(), CreatedAt: s.now(), Entry: entry,
	}
	if n.Size > 0 {
		params.Size = new(int32(n.Size))
	}
	params.ScreenWidth, params.ScreenHeight, params.ScreenFrameRate = screenColumns(n.Screen)
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		// The owner is locked, so that two rooms at once are counted one after the other.
		if _, err := q.LockPerson(ctx, by.ID.UUID()); err != nil {
			return fmt.Errorf("lock the owner: %w", err)
		}
		owned, err := q.CountRoomsOwned(ctx, by.ID.UUID())
		if err != nil {
			return fmt.Errorf("count rooms: %w", err)
		}
		if owned >= s.maxRooms.Load() {
			return wire.Errorf(wire.ErrorCodeTooManyRooms, "You have %d rooms, which is the most. Delete one first.", owned)
		}
		if err := insertUnder(ctx, q, params, n.Slug); err != nil {
			return err
		}
		member := db.InsertMemberParams{RoomID: params.ID, PersonID: by.ID.UUID(), Role: string(wire.RoleOwner), JoinedAt: params.CreatedAt}
		if err := q.InsertMember(ctx, member); err != nil {
			return fmt.Errorf("store the owner: %w", err)
		}
		return audit(ctx, q, params.CreatedAt, by.ID, ID(params.ID), "room.created", nil)
	})
	if err != nil {
		return Room{}, db.Fault("store the room", err)
	}
	return s.Get(ctx, ID(params.ID).String(), by)
}

// insertUnder stores a room under slug, or where that is empty, under one made of the title. An unlisted room's address
// is its key, so it always has the suffix that can't be guessed.
func insertUnder(ctx context.Context, q *db.Queries, room db.InsertRoomParams, slug string) error {
	for try := range slugTries {
		room.Slug = slug
		if slug == "" {
			room.Slug = slugOf(room.Title)
			if try > 0 || room.Privacy == string(wire.PrivacyUnlisted) {
				room.Slug = withSuffix(room.Slug)
			}
		}
		inserted, err := q.InsertRoom(ctx, room)
		if err != nil {
			return err
		}
		if inserted == 1 {
			return nil
		}
		if slug != "" {
			return errSlugTaken(slug)
		}
	}
	return errors.New("no free address was found for the room")
}

// Change is what is to be changed of a room: what is not nil. An empty Password takes the password away.
type Change struct {
	Title     *string
	Slug      *string
	Privacy   *wire.Privacy
	Entry     *wire.Entry
	Size      *int // 0 takes the room's own limit away
	Password  *string
	StartURL  *string
	Screen    wire.ScreenChange
	Policy    *wire.RolePermissions
	RelayOnly *bool
}

// Update changes a room. Errors: not_found, room_members_only, forbidden (needs Manage), slug_taken, invalid_field.
func (s *Service) Update(ctx context.Context, ref string, by accounts.Person, c Change) (Room, error) {
	room, err := s.Authorize(ctx, ref, by, Manage)
	if err != nil {
		return Room{}, err
	}
	params := db.UpdateRoomParams{ID: room.ID.UUID(), Slug: c.Slug, Privacy: (*string)(c.Privacy), Entry: (*string)(c.Entry), Size: sizeColumn(c.Size), StartUrl: c.StartURL, RelayOnly: c.RelayOnly, SetPassword: c.Password != nil, SetScreen: c.Screen.Set}
	if c.Title != nil {
		title, err := checkTitle(*c.Title)
		if err != nil {
			return Room{}, err
		}
		params.Title = &title
	}
	if c.Slug != nil {
		if err := checkSlug(*c.Slug); err != nil {
			return Room{}, err
		}
	}
	if c.Privacy != nil {
		if err := checkPrivacy(*c.Privacy); err != nil {
			return Room{}, err
		}
	}
	if s.noRelay && c.RelayOnly != nil && *c.RelayOnly {
		return Room{}, errField("relayOnly", "needs a relay, and this server has none")
	}
	if c.Entry != nil {
		privacy := room.Privacy
		if c.Privacy != nil {
			privacy = *c.Privacy
		}
		if err := checkEntry(*c.Entry, privacy); err != nil {
			return Room{}, err
		}
	}
	if err := checkSize(c.Size); err != nil {
		return Room{}, err
	}
	if c.StartURL != nil {
		if err := checkStartURL(*c.StartURL); err != nil {
			return Room{}, err
		}
	}
	if err := checkScreen(c.Screen.To); err != nil {
		return Room{}, err
	}
	params.ScreenWidth, params.ScreenHeight, params.ScreenFrameRate = screenColumns(c.Screen.To)
	var silenced []string // the roles that may invite nobody any more
	if c.Policy != nil {
		policy, err := policyOf(*c.Policy)
		if err != nil {
			return Room{}, err
		}
		for _, role := range []wire.Role{wire.RoleMember, wire.RoleGuest} {
			if !policy.Of(role).Has(Invite) {
				silenced = append(silenced, string(role))
			}
		}
		params.SetPermissions = true
		params.MemberPermissions, params.GuestPermissions = policyColumns(policy)
	}
	if c.Password != nil {
		if params.PasswordHash, err = s.hash(ctx, *c.Password); err != nil {
			return Room{}, err
		}
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		// The room may be handed over at this moment.
		a, err := s.lockActing(ctx, q, room.ID, by.ID, by.ID)
		if err != nil {
			return err
		}
		if err := room.Policy.Of(a.by).Require(Manage); err != nil {
			return err
		}
		changed, err := q.UpdateRoom(ctx, params)
		if err != nil {
			return err
		}
		if changed == 0 {
			return errNoRoom()
		}
		var revoked int64
		if len(silenced) > 0 {
			revoked, err = q.RevokeInvitesOfRoles(ctx, db.RevokeInvitesOfRolesParams{Now: s.now(), Roles: silenced, RoomID: room.ID.UUID()})
			if err != nil {
				return fmt.Errorf("revoke the invites of who may invite no more: %w", err)
			}
		}
		return audit(ctx, q, s.now(), by.ID, room.ID, "room.changed", map[string]any{
			"privacy": c.Privacy, "entry": c.Entry, "size": c.Size, "slug": c.Slug, "title": c.Title != nil, "password": c.Password != nil, "permissions": c.Policy, "relayOnly": c.RelayOnly, "invitesRevoked": revoked,
		})
	})
	if db.IsViolation(err, "rooms_slug_key") {
		return Room{}, errSlugTaken(*c.Slug)
	} else if db.IsViolation(err, "rooms_private_entry") { // it became private at this moment
		return Room{}, checkEntry(*c.Entry, wire.PrivacyPrivate)
	} else if err != nil {
		return Room{}, db.Fault("change the room", err)
	}
	return s.Get(ctx, room.ID.String(), by)
}

// MayDelete returns the room that by may delete: the owner, or an administrator. Errors: not_found, forbidden, and those of Get for who may not see it.
func (s *Service) MayDelete(ctx context.Context, ref string, by accounts.Person) (Room, error) {
	room, _, err := s.find(ctx, ref, by.ID)
	if err != nil {
		return Room{}, err
	}
	if room.OwnerID != by.ID && !by.Administrator {
		if err := mayEnter(room, by); err != nil { // who may not see it does not learn of it
			return Room{}, err
		}
		return Room{}, wire.Errorf(wire.ErrorCodeForbidden, "Only its owner may delete a room.")
	}
	return room, nil
}

// Delete removes a room with everything in it. Errors: not_found, forbidden.
func (s *Service) Delete(ctx context.Context, id ID, by accounts.Person) error {
	room, err := s.MayDelete(ctx, id.String(), by)
	if err != nil {
		return err
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		deleted, err := q.DeleteRoom(ctx, id.UUID())
		if err != nil {
			return err
		}
		if deleted == 0 {
			return errNoRoom()
		}
		return audit(ctx, q, s.now(), by.ID, id, "room.deleted", map[string]any{"slug": room.Slug})
	})
	return db.Fault("delete the room", err)
}

func (s *Service) hash(ctx context.Context, password string) (*string, error) {
	if password == "" {
		return nil, nil
	}
	if utf8.RuneCountInString(password) > maxPassword {
		return nil, errField("password", "has 200 characters at most")
	}
	hash, err := s.hasher.Hash(ctx, password)
	return &hash, err
}

func checkTitle(title string) (string, error) {
	title = accounts.CleanLine(title)
	if title == "" {
		return "", errField("title", "needs something that can be seen")
	}
	if utf8.RuneCountInString(title) > maxTitle {
		return "", errField("title", "has 80 characters at most")
	}
	return title, nil
}

func checkPrivacy(p wire.Privacy) error {
	if !p.Valid() {
		return errField("privacy", "is public, unlisted or private")
	}
	return nil
}

// CheckLink is for an address that somebody wants the room's browser to go to. Error: invalid_field.
func CheckLink(address string) error {
	if address == "" || address == "about:blank" || checkStartURL(address) != nil {
		return errField("url", "is a web address, http:// or https://, without a name and password in it")
	}
	return nil
}

// checkStartURL lets through what a browser may be sent to by somebody who doesn't control it.
func checkStartURL(address string) error {
	if address == "" || address == "about:blank" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > maxStartURL || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || !isOneWord(address) {
		return errField("startUrl", "is a web address, http:// or https://, without a name and password in it")
	}
	return nil
}

// isOneWord says that nothing in an address ends it for another program that reads it.
func isOneWord(address string) bool {
	return utf8.ValidString(address) && !strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// audit writes what matters later; it never holds a password, a code or a message.
func audit(ctx context.Context, q *db.Queries, at time.Time, person accounts.PersonID, room ID, action string, detail map[string]any) error {
	return record.Write(ctx, q, record.Line{
		At: at, Person: person.UUID(), Target: targetOf(detail).UUID(), Room: room.UUID(), Action: action, Detail: detail,
	})
}
