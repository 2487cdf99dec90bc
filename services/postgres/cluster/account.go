package cluster

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

// account is the user that PostgreSQL runs as.
type account struct {
	name     string
	uid, gid int
	groups   []uint32
	// drop says that this process is root and its children switch to the account.
	drop bool
}

// chooseAccount finds who to run as; runAs as in Config.RunAs.
func chooseAccount(runAs string) (account, error) {
	if os.Geteuid() != 0 {
		a := account{name: strconv.Itoa(os.Geteuid()), uid: os.Geteuid(), gid: os.Getegid()}
		if u, err := user.LookupId(a.name); err == nil {
			a.name = u.Username
		}
		if runAs != "" && runAs != a.name {
			return account{}, fmt.Errorf("cannot run PostgreSQL as user %s: only root can, and this is user %s", runAs, a.name)
		}
		return a, nil
	}

	names := []string{runAs}
	if runAs == "" {
		names = []string{"postgres", "nobody"}
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if errors.As(err, new(user.UnknownUserError)) {
			continue
		}
		if err != nil {
			return account{}, fmt.Errorf("look up user %s: %w", name, err)
		}
		return accountOf(u)
	}
	if runAs == "" {
		return account{}, errors.New("PostgreSQL cannot run as root, and there is neither a user postgres nor nobody to run it as")
	}
	return account{}, fmt.Errorf("cannot run PostgreSQL as user %s: there is no such user", runAs)
}

func accountOf(u *user.User) (account, error) {
	a := account{name: u.Username, drop: true}
	var err error
	if a.uid, err = strconv.Atoi(u.Uid); err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	if a.gid, err = strconv.Atoi(u.Gid); err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	if a.uid == 0 {
		return account{}, fmt.Errorf("PostgreSQL cannot run as root: choose another user than %s", u.Username)
	}
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

// attributes of a child: the account, a process group of its own so that Ctrl-C in a terminal reaches only the server, and
// a signal when the thread that forks it dies. The caller locks that thread for the child's life.
func (a account) attributes(onParentDeath syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: onParentDeath}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid), Groups: a.groups}
	}
	return attr
}

// environment of a child: nothing of ours, since PG* variables and locales would change what it does.
func (a account) environment() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
}

// own makes path, and all below it, the account's.
func (a account) own(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if ownerOf(info) == a.uid {
		return nil
	}
	if !a.drop {
		return &PermissionError{Path: path, User: a.name, Problem: "it belongs to user " + userName(ownerOf(info)),
			Remedy: "start as that user or as root, or chown -R " + a.name + " " + path}
	}
	// The folder itself comes last: an interrupted walk is done again.
	err = filepath.WalkDir(path, func(p string, _ fs.DirEntry, err error) error {
		if err != nil || p == path {
			return err
		}
		return os.Lchown(p, a.uid, a.gid)
	})
	if err != nil {
		return fmt.Errorf("hand %s to user %s: %w", path, a.name, err)
	}
	return os.Lchown(path, a.uid, a.gid)
}

// closedParent returns the folder on the way to path that the account may not pass, by its mode bits; empty where none is seen.
func (a account) closedParent(path string) string {
	closed := ""
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && !a.mayPass(info) {
			closed = dir
		}
		if dir == filepath.Dir(dir) {
			return closed
		}
	}
}

func (a account) mayPass(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	perm := info.Mode().Perm()
	if int(st.Uid) == a.uid {
		return perm&0o100 != 0
	}
	if int(st.Gid) == a.gid {
		return perm&0o010 != 0
	}
	for _, g := range a.groups {
		if g == st.Gid {
			return perm&0o010 != 0
		}
	}
	return perm&0o001 != 0
}

func ownerOf(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}
