package browsers

import (
	"strings"
	"unicode"
)

// maxWords bounds what is kept of what an agent says of itself, in bytes.
const maxWords = 4 << 10

// words makes a text of what an agent has said, which may be anything: the database takes no zeros, and what it does not take would keep the
// end of a run from being stored, and so the next run of the room from its beginning.
func words(said *string) *string {
	if said == nil {
		return nil
	}
	text := *said
	if len(text) > maxWords {
		text = text[:maxWords]
	}
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, ""))
	return &text
}
