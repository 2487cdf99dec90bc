package postgres

import "errors"

var (
	// ErrUnreachable says that the database did not answer within Options.Wait.
	ErrUnreachable = errors.New("the database does not answer")
	// ErrRefused says that the server answered and waiting would not help: wrong password, unknown database or person.
	ErrRefused = errors.New("the database refuses the connection")
	// ErrTooOld says that the server is older than MinVersion.
	ErrTooOld = errors.New("the PostgreSQL server is too old")
	// ErrNewerDatabase says that a newer version of Turtus has migrated this database.
	ErrNewerDatabase = errors.New("the database was made by a newer version of Turtus")
)
