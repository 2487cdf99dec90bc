package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that browsers run as.
type account struct {
	name     string
	uid, gid int
	groups   []uint32
	// drop says that this process is root and its children switch to the account.
	drop bool
}

func chooseAccount(runAs string) (account, error) {
	if os.Geteuid() != 0 {
		a := account{name: strconv.Itoa(os.Geteuid()), uid: os.Geteuid(), gid: os.Getegid()}
		if u, err := user.LookupId(a.name); err == nil {
			a.name = u.Username
		}
		if runAs != "" && runAs != a.name {
			return account{}, fmt.Errorf("browsers cannot run as user %s (TURTUS_RUN_AS): only root can arrange that, and this is user %s", runAs, a.name)
		}
		return a, nil
	}
	names := []string{runAs}
	if runAs == "" {
		names = []string{"turtus-browser", "nobody"}
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if _, unknown := errors.AsType[user.UnknownUserError](err); unknown {
			continue
		}
		if err != nil {
			return account{}, fmt.Errorf("look up user %s: %w", name, err)
		}
		return accountOf(u)
	}
	if runAs == "" {
		return account{}, errors.New("browsers cannot run as root, and there is neither a user turtus-browser nor nobody: adduser --system turtus-browser")
	}
	return account{}, fmt.Errorf("browsers cannot run as user %s (TURTUS_RUN_AS): there is no such user", runAs)
}

func accountOf(u *user.User) (account, error) {
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	if uid == 0 {
		return account{}, fmt.Errorf("browsers cannot run as root: choose another user than %s (TURTUS_RUN_AS)", u.Username)
	}
	a := account{name: u.Username, uid: uid, gid: gid, drop: true}
	ids, err := u.GroupIds()
	if err != nil {
		return account{}, fmt.Errorf("groups of user %s: %w", u.Username, err)
	}
	for _, id := range ids {
		if g, err := strconv.ParseUint(id, 10, 32); err == nil && g != 0 {
			a.groups = append(a.groups, uint32(g))
		}
	}
	return a, nil
}

// attributes of an agent: its own session, so that neither the terminal's Ctrl-C nor its end reaches it, and the account.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid), Groups: a.groups}
	}
	return attr
}

// reaches says whether the account may pass all folders on the way to path, by their mode bits.
func (a account) reaches(path string) bool {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if !a.may(dir, 0o1) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// may says whether the account has the rights (4 read, 1 execute or pass) to path, by its mode bits.
func (a account) may(path string, rights fs.FileMode) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	perm := info.Mode().Perm()
	switch {
	case int(st.Uid) == a.uid:
		return perm>>6&rights == rights
	case a.inGroup(st.Gid):
		return perm>>3&rights == rights
	}
	return perm&rights == rights
}

func (a account) inGroup(gid uint32) bool {
	if int(gid) == a.gid {
		return true
	}
	for _, g := range a.groups {
		if g == gid {
			return true
		}
	}
	return false
}
