package accounts

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of the contract, for those who come another way.
const (
	maxUsername    = 32
	maxDisplayName = 40
	minPassword    = 8
	maxPassword    = 200
)

var usernamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// check returns the display name as it is stored.
func check(username, displayName, password string) (string, error) {
	if err := checkUsername(username); err != nil {
		return "", err
	}
	if err := checkPassword("password", password); err != nil {
		return "", err
	}
	return checkDisplayName(displayName)
}

func checkUsername(username string) error {
	if len(username) < 2 || len(username) > maxUsername || !usernamePattern.MatchString(username) {
		return errField("username", "has 2 to 32 letters a-z, digits, dots, dashes and underscores, and begins with a letter or digit")
	}
	return nil
}

func checkPassword(field, password string) error {
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword {
		return errField(field, "has 8 to 200 characters")
	}
	return nil
}

func checkDisplayName(name string) (string, error) {
	name = CleanLine(name)
	if name == "" {
		return "", errField("displayName", "needs something that can be seen")
	}
	if utf8.RuneCountInString(name) > maxDisplayName {
		return "", errField("displayName", "has 40 characters at most")
	}
	return name, nil
}

// CleanLine makes a name or title fit to be shown in one line beside others: no control characters, nothing that turns the direction
// of the text around it, spaces single and none at the ends. What has nothing to be seen becomes empty.
func CleanLine(s string) string {
	const joiners = "\u200c\u200d" // emoji and some scripts need them
	seen := false
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case strings.ContainsRune(joiners, r):
			return r
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp), r == utf8.RuneError:
			return -1
		}
		seen = true
		return r
	}, s)
	if !seen {
		return ""
	}
	return strings.Join(strings.Fields(s), " ")
}

// storable makes a text that PostgreSQL can compare; it knows no NUL.
func storable(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") }
