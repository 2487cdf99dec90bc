package rooms

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// maxMentions is how many people one message mentions at most; further names are text.
const maxMentions = 20

// named is somebody who can be mentioned.
type named struct {
	id   uuid.UUID
	name string
}

// mentions finds the members of the room whose names stand in a text after an @. Who have the same name are all meant.
func mentions(ctx context.Context, q *db.Queries, now time.Time, room ID, text string) ([]wire.Mention, error) {
	if !strings.Contains(text, "@") {
		return nil, nil
	}
	rows, err := q.ListMentionable(ctx, db.ListMentionableParams{RoomID: room.UUID(), Text: text, Now: now})
	if err != nil {
		return nil, err
	}
	members := make([]named, len(rows))
	for i, row := range rows {
		members[i] = named{row.ID, row.DisplayName}
	}
	return mentionsOf(members, text), nil
}

// mentionsOf needs the members with the longest names first: @Ann Lee is not @Ann.
func mentionsOf(members []named, text string) (found []wire.Mention) {
	seen := map[uuid.UUID]bool{}
	for at := 0; at < len(text); at++ {
		if before, _ := utf8.DecodeLastRuneInString(text[:at]); text[at] != '@' || at > 0 && inWord(before) {
			continue
		}
		name := ""
		for _, m := range members {
			if name == "" {
				name = prefixOf(text[at+1:], m.name)
			}
			if name == "" || !strings.EqualFold(name, m.name) || seen[m.id] || len(found) == maxMentions {
				continue
			}
			seen[m.id] = true
			found = append(found, wire.Mention{Id: m.id, Name: name})
		}
	}
	return found
}

// prefixOf is a name as the text begins with it, in upper or lower case; empty where it does not, or where a longer word begins so.
func prefixOf(text, name string) string {
	end := 0
	for range utf8.RuneCountInString(name) {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	if !strings.EqualFold(text[:end], name) {
		return ""
	}
	if next, _ := utf8.DecodeRuneInString(text[end:]); end < len(text) && inWord(next) {
		return ""
	}
	return text[:end]
}

// inWord says whether a character goes on a word. Scripts that set no spaces between words end one anywhere.
func inWord(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_') && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// columns is how mentions are stored.
func columns(list []wire.Mention) (ids []uuid.UUID, names []string) {
	ids, names = make([]uuid.UUID, len(list)), make([]string, len(list))
	for i, m := range list {
		ids[i], names[i] = m.Id, m.Name
	}
	return ids, names
}

func stored(m db.Message) []wire.Mention {
	list := make([]wire.Mention, len(m.Mentioned))
	for i, id := range m.Mentioned {
		list[i] = wire.Mention{Id: id, Name: m.MentionedAs[i]}
	}
	return list
}
