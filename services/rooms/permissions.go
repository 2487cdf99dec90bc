package rooms

import "turtus/services/wire"

// Permissions are what somebody may do in a room, one bit each.
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
	ofGuest     = Control | Navigate | Voice | Video | Chat | React
	ofMember    = ofGuest | Screen | Pin | Invite
	ofModerator = ofMember | Moderate
	ofOwner     = ofModerator | Manage
)

// Of is what a role may do; an unknown role may nothing.
func Of(role wire.Role) Permissions {
	switch role {
	case wire.RoleOwner:
		return ofOwner
	case wire.RoleModerator:
		return ofModerator
	case wire.RoleMember:
		return ofMember
	case wire.RoleGuest:
		return ofGuest
	}
	return 0
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
