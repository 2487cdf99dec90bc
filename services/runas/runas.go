// Package runas chooses the user that programs run as which this process starts, and knows what that user may reach. The private
// PostgreSQL and the process launcher ask it: neither runs as root.
//
// What always holds: an Account is never root's, unless this process is not root and runs as itself.
package runas

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Account is the user that a program runs as.
type Account struct {
	Name     string
	UID, GID int
	Groups   []uint32
	// Drop says that this process is root and its children switch to the account.
	Drop bool
}

// Choose finds the account that programs (what, as in "browsers cannot run as root") run as. Who is not root can only stay who they are. For root it
// is the user runAs; where that is empty, the first of others that exists.
func Choose(what, runAs string, others ...string) (Account, error) {
	if os.Geteuid() != 0 {
		a := Account{Name: strconv.Itoa(os.Geteuid()), UID: os.Geteuid(), GID: os.Getegid()}
		if u, err := user.LookupId(a.Name); err == nil {
			a.Name = u.Username
		}
		if runAs != "" && runAs != a.Name {
			return Account{}, fmt.Errorf("%s cannot run as user %s (TURTUS_RUN_AS): only root can arrange that, and this is user %s", what, runAs, a.Name)
		}
		return a, nil
	}
	names := others
	if runAs != "" {
		names = []string{runAs}
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if _, unknown := errors.AsType[user.UnknownUserError](err); unknown {
			continue
		}
		if err != nil {
			return Account{}, fmt.Errorf("look up user %s: %w", name, err)
		}
		return of(what, u)
	}
	if runAs == "" {
		return Account{}, fmt.Errorf("%s cannot run as root, and there is no user %s: adduser --system %s", what, strings.Join(others, " or "), others[0])
	}
	return Account{}, fmt.Errorf("%s cannot run as user %s (TURTUS_RUN_AS): there is no such user", what, runAs)
}

func of(what string, u *user.User) (Account, error) {
	a := Account{Name: u.Username, Drop: true}
	var err error
	if a.UID, err = strconv.Atoi(u.Uid); err != nil {
		return Account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	if a.GID, err = strconv.Atoi(u.Gid); err != nil {
		return Account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	if a.UID == 0 {
		return Account{}, fmt.Errorf("%s cannot run as root: choose another user than %s (TURTUS_RUN_AS)", what, u.Username)
	}
	ids, err := u.GroupIds()
	if err != nil {
		return Account{}, fmt.Errorf("groups of user %s: %w", u.Username, err)
	}
	for _, id := range ids {
		if g, err := strconv.ParseUint(id, 10, 32); err == nil && g != 0 {
			a.Groups = append(a.Groups, uint32(g))
		}
	}
	return a, nil
}

// Credential has a child switch to the account; nil where it need not.
func (a Account) Credential() *syscall.Credential {
	if !a.Drop {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.UID), Gid: uint32(a.GID), Groups: a.Groups}
}

// May says whether the account has the rights (4 read, 1 execute or pass) to path, by its mode bits. What can't be seen it may not.
func (a Account) May(path string, rights fs.FileMode) bool {
	info, err := os.Stat(path)
	return err == nil && a.mayFile(info, rights)
}

func (a Account) mayFile(info fs.FileInfo, rights fs.FileMode) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	perm := info.Mode().Perm()
	switch {
	case int(st.Uid) == a.UID:
		perm >>= 6
	case int(st.Gid) == a.GID || slices.Contains(a.Groups, st.Gid):
		perm >>= 3
	}
	return perm&rights == rights
}

// Reaches says whether the account may pass all folders on the way to path.
func (a Account) Reaches(path string) bool {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if !a.May(dir, 0o1) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// ClosedParent returns the highest folder on the way to path that the account may not pass; empty where none is seen.
func (a Account) ClosedParent(path string) string {
	closed := ""
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && !a.mayFile(info, 0o1) {
			closed = dir
		}
		if dir == filepath.Dir(dir) {
			return closed
		}
	}
}
