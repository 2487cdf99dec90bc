package rooms

import (
	"strings"

	"turtus/services/wire"
)

func errNoRoom() error {
	return wire.Errorf(wire.ErrorCodeNotFound, "There is no such room, or it is none that you may see. If you have an invite, open its link.")
}

func errClosed() error {
	return wire.Errorf(wire.ErrorCodeRoomClosed, "The room is closed: nobody new comes in just now.")
}

func errMembersOnly() error {
	return wire.Errorf(wire.ErrorCodeRoomMembersOnly, "Only members may do that. Ask somebody in the room for an invite.")
}

func errBanned() error {
	return wire.Errorf(wire.ErrorCodeBanned, "You were banned from this room. Only who looks after it can let you in again.")
}

func errRoomLocked() error {
	return wire.Errorf(wire.ErrorCodeRoomLocked, "The room is locked: nobody new comes in just now. Ask who looks after it, or try again later.")
}

func errNeverHere() error {
	return wire.Errorf(wire.ErrorCodeNotFound, "They were never in this room.")
}

func errOwnersDecision() error {
	return wire.Errorf(wire.ErrorCodeForbidden, "The owner decided this, and only the owner can change it.")
}

// denials say what is missing of what one asks for.
var denials = map[Permissions]string{
	Control:  "You may not control the browser in this room.",
	Navigate: "You may not start the browser in this room.",
	Voice:    "You may not speak in this room.",
	Video:    "You may not show your camera in this room.",
	Screen:   "You may not share your screen in this room.",
	Chat:     "You may not write in this room.",
	React:    "You may not send reactions in this room.",
	Pin:      "You may not pin anything in this room.",
	Invite:   "You may not invite others to this room.",
	Moderate: "Only the owner and moderators may do that.",
	Manage:   "Only the owner may do that.",
}

func errForbidden(missing Permissions) error {
	if denial, ok := denials[missing]; ok {
		return wire.Errorf(wire.ErrorCodeForbidden, "%s", denial)
	}
	words := make([]string, 0, len(names))
	for _, name := range missing.Names() {
		words = append(words, string(name))
	}
	return wire.Errorf(wire.ErrorCodeForbidden, "Your role in this room does not allow that (%s).", strings.Join(words, ", "))
}

func errAboveOwn(own wire.Role) error {
	return wire.Errorf(wire.ErrorCodeForbidden, "Nobody can give more than they have: you are %s.", own)
}

func errNoMember() error {
	return wire.Errorf(wire.ErrorCodeNotFound, "They are no member of this room.")
}

func errNoMessage() error {
	return wire.Errorf(wire.ErrorCodeNotFound, "There is no such message.")
}

func errSlugTaken(slug string) error {
	return wire.Errorf(wire.ErrorCodeSlugTaken, "The address %q is taken. Choose another one.", slug)
}

func errNoInvite() error {
	return wire.Errorf(wire.ErrorCodeNotFound, "There is no such invite. Check the link.")
}

func errField(field, detail string) error {
	return &wire.Error{
		Code: wire.ErrorCodeInvalidField, Detail: field + " " + detail,
		Fields: []wire.FieldProblem{{Field: field, Detail: detail}},
	}
}
