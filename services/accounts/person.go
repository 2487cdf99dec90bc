package accounts

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Person is an account or a guest.
type Person struct {
	ID            PersonID
	Username      string // empty for a guest
	DisplayName   string
	AvatarColor   wire.AvatarColor
	AvatarAt      time.Time // when the picture was set; zero without one
	Administrator bool
	CreatedAt     time.Time
	DisabledAt    time.Time // zero for who is not
}

// Guest says that the person came by an invite and has no account.
func (p Person) Guest() bool { return p.Username == "" }

// Public is what others see of the person.
func (p Person) Public() wire.PublicPerson {
	return Public(p.ID, p.DisplayName, p.AvatarColor, p.AvatarAt, p.Guest())
}

// Wire is what the person sees of themself.
func (p Person) Wire() wire.Person {
	w := wire.Person{
		Id: p.ID.UUID(), DisplayName: p.DisplayName, AvatarColor: p.AvatarColor, AvatarUrl: avatarURL(p.ID, p.AvatarAt),
		Kind: wire.PersonKindAccount, Administrator: p.Administrator, CreatedAt: p.CreatedAt.UTC(),
	}
	if p.Guest() {
		w.Kind = wire.PersonKindGuest
	} else {
		w.Username = &p.Username
	}
	return w
}

// Public puts together what others see of a person, for queries that join people; avatarAt is zero without a picture.
func Public(id PersonID, displayName string, color wire.AvatarColor, avatarAt time.Time, guest bool) wire.PublicPerson {
	return wire.PublicPerson{
		Id: id.UUID(), DisplayName: displayName, AvatarColor: color, AvatarUrl: avatarURL(id, avatarAt), Guest: guest,
	}
}

// Gone stands for a person who has deleted their account: the nil id, and the name under which they spoke.
func Gone(name string) wire.PublicPerson {
	return wire.PublicPerson{Id: uuid.Nil, DisplayName: name, AvatarColor: wire.AvatarColorBlue}
}

// avatarURL changes with the picture, so that it may be cached for ever.
func avatarURL(id PersonID, at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	return new(fmt.Sprintf("/api/v1/users/%s/avatar?v=%s", id, strconv.FormatInt(at.UnixMicro(), 36)))
}

// FromRow is for queries that join people.
func FromRow(row db.Person) Person {
	p := Person{
		ID: PersonID(row.ID), DisplayName: row.DisplayName, AvatarColor: wire.AvatarColor(row.AvatarColor),
		Administrator: row.Administrator, CreatedAt: row.CreatedAt,
	}
	if row.Username != nil {
		p.Username = *row.Username
	}
	if row.AvatarAt != nil {
		p.AvatarAt = *row.AvatarAt
	}
	if row.DisabledAt != nil {
		p.DisabledAt = *row.DisabledAt
	}
	return p
}

var colors = []wire.AvatarColor{
	wire.AvatarColorRed, wire.AvatarColorPink, wire.AvatarColorGrape, wire.AvatarColorViolet, wire.AvatarColorIndigo, wire.AvatarColorBlue,
	wire.AvatarColorCyan, wire.AvatarColorTeal, wire.AvatarColorGreen, wire.AvatarColorLime, wire.AvatarColorYellow, wire.AvatarColorOrange,
}

// colorOf gives a new person a colour that looks like chance.
func colorOf(id PersonID) wire.AvatarColor { return colors[int(id[15])%len(colors)] }
