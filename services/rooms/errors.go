package rooms

import (
	"strings"

	"turtus/services/wire"
)

func errNoRoom() error {
	return wire.Errorf(wire.ErrorCodeNotFound, "There is no such room.")
}

func errMembersOnly() error {
	return wire.Errorf(wire.ErrorCodeRoomMembersOnly, "Only members may do that. Ask somebody in the room for an invite.")
}

func errForbidden(missing Permissions) error {
	words := make([]string, 0, len(names))
	for _, name := range missing.Names() {
		words = append(words, string(name))
	}
	return wire.Errorf(wire.ErrorCodeForbidden, "Your role in this room does not allow that (%s).", strings.Join(words, ", "))
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
