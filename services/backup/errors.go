package backup

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNotABackup is of a file that is something else.
	ErrNotABackup = errors.New("this is no backup of Turtus")
	// ErrDamaged is of a backup that is not whole, or not as it was written.
	ErrDamaged = errors.New("the backup is damaged")
	// ErrTooNew is of a backup that a newer version made.
	ErrTooNew = errors.New("the backup was made by a newer version of Turtus")
	// ErrNotEmpty is of a server that has people already.
	ErrNotEmpty = errors.New("there is something here already")
	// ErrServerRuns is of a database that a server uses.
	ErrServerRuns = errors.New("a server runs on this database")
)

func damaged(what string) error {
	return fmt.Errorf("%w (%s): it was cut off or changed after it was made. Take another one; nothing was changed here", ErrDamaged, what)
}

func tooNew(h Head) error {
	return fmt.Errorf("%w (%s): install that version or a later one first; nothing was changed here", ErrTooNew, strings.TrimSpace(h.Version))
}
