package rooms

import (
	"crypto/rand"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	minSlug    = 3
	maxSlug    = 48
	suffixSize = 6
)

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func checkSlug(slug string) error {
	if len(slug) < minSlug || len(slug) > maxSlug || !slugPattern.MatchString(slug) {
		return errField("slug", "has 3 to 48 small letters a-z and digits, in words with single dashes between")
	}
	if _, looksLikeID := asID(slug); looksLikeID {
		return errField("slug", "must not look like an id")
	}
	return nil
}

// letters that do not come apart into a Latin letter and a mark.
var transliteration = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "ł", "l", "ı", "i")

// slugOf makes a readable address of a title, "Ciné-club, déjà vu!" to cine-club-deja-vu. A title without Latin letters or digits gives room.
func slugOf(title string) string {
	var words []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	for _, r := range norm.NFKD.String(transliteration.Replace(strings.ToLower(title))) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			word.WriteRune(r)
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
		default:
			flush()
		}
	}
	flush()
	slug := ""
	for _, w := range words { // whole words, as many as leave room for a suffix
		longer := strings.TrimPrefix(slug+"-"+w, "-")
		if len(longer) > maxSlug-1-suffixSize {
			break
		}
		slug = longer
	}
	if slug == "" && len(words) > 0 {
		slug = words[0][:maxSlug-1-suffixSize]
	}
	if len(slug) < minSlug {
		slug = strings.TrimPrefix(slug+"-room", "-")
	}
	if _, looksLikeID := asID(slug); looksLikeID { // nobody would find the room there
		slug = "room-" + slug
	}
	return slug
}

// withSuffix makes a slug that nobody has, and nobody guesses: 30 bits of letters that can be read aloud.
func withSuffix(slug string) string {
	const letters = "abcdefghjkmnpqrstuvwxyz123456789" // 32 of them
	random := make([]byte, suffixSize)
	rand.Read(random) // never fails
	for i, b := range random {
		random[i] = letters[b&31]
	}
	return slug + "-" + string(random)
}
