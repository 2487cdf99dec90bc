package db

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// Cursor is the place of a row in a list that goes by time and then id, the newest first. The zero is the list's beginning.
type Cursor struct {
	At time.Time
	ID uuid.UUID
}

// endOfTime is later than every row, and within what PostgreSQL can hold.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// String is opaque to whoever gets it; PostgreSQL keeps microseconds.
func (c Cursor) String() string {
	return base64.RawURLEncoding.EncodeToString(append(binary.BigEndian.AppendUint64(nil, uint64(c.At.UnixMicro())), c.ID[:]...))
}

// ParseCursor reads what String wrote; empty is before the newest row.
func ParseCursor(s string) (c Cursor, ok bool) {
	if s == "" {
		return Cursor{At: endOfTime}, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(raw) != 8+16 {
		return Cursor{}, false
	}
	c = Cursor{time.UnixMicro(int64(binary.BigEndian.Uint64(raw))), uuid.UUID(raw[8:])}
	return c, c.At.Year() >= 1970 && !c.At.After(endOfTime)
}
