package rooms

import (
	"slices"

	"turtus/services/wire"
)

// Permissions are what somebody may do in a room, one bit each. They are stored, so their order never changes: new ones come last.
type Permissions uint32

const (
	Control  Permissions = 1 << iota // drive the browser
	Navigate                         // start the browser and send it to an address
	Voice
	Video
	Screen // share one's own screen
	Chat
	React
	Pin
	Invite
	Moderate
	Manage // change the room itself
)

// names in the order of the bits.
var names = []wire.Permission{
	wire.PermissionControl, wire.PermissionNavigate, wire.PermissionVoice, wire.PermissionVideo, wire.PermissionScreen, wire.PermissionChat,
	wire.PermissionReact, wire.PermissionPin, wire.PermissionInvite, wire.PermissionModerate, wire.PermissionManage,
}

const (
	ofGuest  = Control | Navigate | Voice | Video | Chat | React
	ofMember = ofGuest | Screen | Pin | Invite
	// Grantable are those that a room gives or takes; the others go with a role.
	Grantable   = ofMember
	ofModerator = Grantable | Moderate
	ofOwner     = ofModerator | Manage
)

// Policy is what members and guests of a room may do: of Grantable, and guests nothing that members may not.
// While control is locked, neither drives.
type Policy struct {
	Member, Guest Permissions
	ControlLocked bool
}

// UsualPolicy is that of a room where nobody chose another.
var UsualPolicy = Policy{Member: ofMember, Guest: ofGuest}

// Of is what a role may do; an unknown role may nothing.
func (p Policy) Of(role wire.Role) Permissions {
	switch role {
	case wire.RoleOwner:
		return ofOwner
	case wire.RoleModerator:
		return ofModerator
	case wire.RoleMember:
		return p.Member & Grantable &^ p.locks()
	case wire.RoleGuest:
		return p.Guest & p.Member & Grantable &^ p.locks()
	}
	return 0
}

// locks are what is locked for all but moderators.
func (p Policy) locks() Permissions {
	if p.ControlLocked {
		return Control
	}
	return 0
}

// Wire is what was chosen, as the contract has it.
func (p Policy) Wire() wire.RolePermissions {
	p.ControlLocked = false
	return wire.RolePermissions{Member: p.Of(wire.RoleMember).Names(), Guest: p.Of(wire.RoleGuest).Names()}
}

// policyOf reads what people chose. Error: invalid_field.
func policyOf(chosen wire.RolePermissions) (Policy, error) {
	p := Policy{Member: bits(chosen.Member), Guest: bits(chosen.Guest)}
	if (p.Member|p.Guest)&^Grantable != 0 {
		return Policy{}, errField("rolePermissions", "gives members and guests no moderate and no manage")
	}
	if p.Guest&^p.Member != 0 {
		return Policy{}, errField("rolePermissions.guest", "has nothing that members may not do")
	}
	return p, nil
}

func bits(list []wire.Permission) (p Permissions) {
	for _, name := range list {
		if i := slices.Index(names, name); i >= 0 {
			p |= 1 << i
		}
	}
	return p
}

// Require answers what somebody with these permissions lacks of need. Error: forbidden.
func (p Permissions) Require(need Permissions) error {
	if p.Has(need) {
		return nil
	}
	return errForbidden(need &^ p)
}

// Has says whether all of need are there.
func (p Permissions) Has(need Permissions) bool { return p&need == need }

// Names lists them as the contract calls them; never nil.
func (p Permissions) Names() []wire.Permission {
	list := make([]wire.Permission, 0, len(names))
	for i, name := range names {
		if p.Has(1 << i) {
			list = append(list, name)
		}
	}
	return list
}

// rank orders roles; a higher one may all that a lower one may.
func rank(role wire.Role) int {
	switch role {
	case wire.RoleOwner:
		return 4
	case wire.RoleModerator:
		return 3
	case wire.RoleMember:
		return 2
	case wire.RoleGuest:
		return 1
	}
	return 0
}

// mayActOn is the rule of who may remove or restrain whom: the higher role, from moderators on, and the owner everybody but themself.
func mayActOn(by, target wire.Role) error {
	switch {
	case rank(by) < rank(wire.RoleModerator):
		return errForbidden(Moderate)
	case rank(by) <= rank(target):
		return wire.Errorf(wire.ErrorCodeForbidden, "Moderators can't act on the owner or on other moderators.")
	}
	return nil
}
