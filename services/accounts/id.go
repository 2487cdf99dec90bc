package accounts

import (
	"fmt"

	"github.com/google/uuid"
)

// PersonID names a person, account or guest, for as long as they exist; a guest who claims an account keeps it.
type PersonID uuid.UUID

// NewPersonID returns a fresh id.
func NewPersonID() PersonID { return PersonID(uuid.Must(uuid.NewV7())) }

// ParsePersonID reads what String wrote.
func ParsePersonID(s string) (PersonID, error) {
	id, err := uuid.Parse(s)
	if err != nil {
		return PersonID{}, fmt.Errorf("person id %q: %w", s, err)
	}
	return PersonID(id), nil
}

func (id PersonID) String() string                { return uuid.UUID(id).String() }
func (id PersonID) UUID() uuid.UUID               { return uuid.UUID(id) }
func (id PersonID) IsZero() bool                  { return id == PersonID{} }
func (id PersonID) MarshalText() ([]byte, error)  { return uuid.UUID(id).MarshalText() }
func (id *PersonID) UnmarshalText(b []byte) error { return (*uuid.UUID)(id).UnmarshalText(b) }

// SessionID names one sign-in, from signing in to signing out: the family of its refresh tokens.
type SessionID uuid.UUID

func (id SessionID) String() string                { return uuid.UUID(id).String() }
func (id SessionID) UUID() uuid.UUID               { return uuid.UUID(id) }
func (id SessionID) IsZero() bool                  { return id == SessionID{} }
func (id SessionID) MarshalText() ([]byte, error)  { return uuid.UUID(id).MarshalText() }
func (id *SessionID) UnmarshalText(b []byte) error { return (*uuid.UUID)(id).UnmarshalText(b) }
