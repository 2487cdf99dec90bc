package control

import "turtus/services/wire"

func errForbidden() error {
	return wire.Errorf(wire.ErrorCodeForbidden, "You may not control the browser in this room.")
}

func errNotHeld() error {
	return wire.Errorf(wire.ErrorCodeControlNotHeld, "You do not have control.")
}

func errNotRequested(detail string) error {
	return wire.Errorf(wire.ErrorCodeControlNotRequested, "%s", detail)
}
