package wire

import "encoding/json"

// ScreenChange is what a room's screen becomes; the zero value leaves it as it is. JSON's null is Set without To.
type ScreenChange struct {
	Set bool
	To  *Screen // nil: the server's
}

// MarshalJSON writes the screen or null; with omitzero, nothing where nothing is set.
func (c ScreenChange) MarshalJSON() ([]byte, error) { return json.Marshal(c.To) }

// UnmarshalJSON is called for what is there, null too.
func (c *ScreenChange) UnmarshalJSON(text []byte) error {
	*c = ScreenChange{Set: true}
	return json.Unmarshal(text, &c.To)
}
