package accounts

import "turtus/services/wire"

func errNoPerson() error {
	return wire.Errorf(wire.ErrorCodeNotFound, "There is no such person.")
}

func errUsernameTaken(username string) error {
	return wire.Errorf(wire.ErrorCodeUsernameTaken, "The name %q is taken. Choose another one.", username)
}

func errSignUpsClosed() error {
	return wire.Errorf(wire.ErrorCodeSignUpsClosed, "New accounts can't be made here. Ask the server's administrator for one.")
}

func errSignUpCodeNeeded() error {
	return wire.Errorf(wire.ErrorCodeSignUpCodeNeeded, "New accounts are made here by invitation. Ask the server's administrator for a code.")
}

// errSignUpCodeWrong says nothing of why: a code that never was and one that is used up are answered alike.
func errSignUpCodeWrong() error {
	return wire.Errorf(wire.ErrorCodeSignUpCodeWrong, "This code makes no accounts any more, or never did. Ask the server's administrator for another.")
}

// ErrLinkCodeWrong says nothing of why: a code that never was, one that was used and one that is too old are answered alike.
func ErrLinkCodeWrong() error {
	return wire.Errorf(wire.ErrorCodeLinkCodeWrong, "This code was used before, is too old, or never was one. Show a new one on the screen that you come from.")
}

func ErrScreen() error {
	return wire.Errorf(wire.ErrorCodeForbidden, "This screen was brought to one room and does nothing else. Use the device that it came from.")
}

func errNoScreen() error {
	return wire.Errorf(wire.ErrorCodeNotFound, "There is no such screen any more.")
}

func errDisabled() error {
	return wire.Errorf(wire.ErrorCodeAccountDisabled, "This account is disabled. Ask the server's administrator.")
}

func errLastAdministrator() error {
	return wire.Errorf(wire.ErrorCodeLastAdministrator, "This is the server's last administrator. Make somebody else one first.")
}

func errResetLinkWrong() error {
	return wire.Errorf(wire.ErrorCodeResetLinkWrong, "This link was used before, or is too old. Ask the server's administrator for another.")
}

func errNotAdministrator() error {
	return wire.Errorf(wire.ErrorCodeForbidden, "Only administrators of this server may do that.")
}

func errSessionExpired() error {
	return wire.Errorf(wire.ErrorCodeSessionExpired, "You are signed out. Sign in again.")
}

func errSignedOut() error {
	return wire.Errorf(wire.ErrorCodeUnauthenticated, "The sign-in has ended. Sign in again.")
}

func errWrongPassword() error {
	return wire.Errorf(wire.ErrorCodeWrongPassword, "The current password is wrong.")
}

func errGuest() error {
	return wire.Errorf(wire.ErrorCodeGuestNotAllowed, "A guest can't do that. Make an account first; you keep your seats.")
}

func errField(field, detail string) error {
	return &wire.Error{
		Code: wire.ErrorCodeInvalidField, Detail: field + " " + detail,
		Fields: []wire.FieldProblem{{Field: field, Detail: detail}},
	}
}

func errAlreadyAccount() error {
	return wire.Errorf(wire.ErrorCodeAlreadyAccount, "You have an account already.")
}

func errWrongCredentials() error {
	return wire.Errorf(wire.ErrorCodeWrongCredentials, "The name or the password is wrong.")
}

func errSetupTokenRequired() error {
	return wire.Errorf(wire.ErrorCodeSetupTokenRequired,
		"The first account here is the administrator's and takes a one-time token. The server's log shows it at each start, with a link.")
}

func errSetupTokenWrong() error {
	return wire.Errorf(wire.ErrorCodeSetupTokenWrong, "This is not the token that the server's log showed last. Start the server again for a new one.")
}
