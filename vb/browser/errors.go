package browser

import (
	"errors"
	"fmt"
)

// MissingProgramError says that a program a browser needs is not installed, and what to do.
type MissingProgramError struct {
	Program string // name or path that was looked for
	Package string // Debian package that has it
	Advice  string // what to do where that package does not exist; may be empty
}

func (e *MissingProgramError) Error() string {
	s := fmt.Sprintf("%s is not installed: apt install %s", e.Program, e.Package)
	if e.Advice != "" {
		s += "; " + e.Advice
	}
	return s
}

// ErrScreen: a size that the screen can't have, because it is larger than Xvfb was started with, or fixed.
var ErrScreen = errors.New("browser: screen size not possible")

// ErrNoFirefox: there is none on the session bus, as before it has started.
var ErrNoFirefox = errors.New("browser: no Firefox on the session bus")

// ErrNotShown: Firefox was given a page and shows nothing of it yet.
var ErrNotShown = errors.New("browser: Firefox does not show the page yet")
