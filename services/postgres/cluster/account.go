package cluster

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"turtus/services/runas"
)

// chooseAccount finds who to run as; runAs as in Config.RunAs.
func chooseAccount(runAs string) (runas.Account, error) {
	return runas.Choose("PostgreSQL", runAs, "postgres", "nobody")
}

// attributes of a child: the account, a process group of its own so that Ctrl-C in a terminal reaches only the server, and
// a signal when the thread that forks it dies. The caller locks that thread for the child's life.
func attributes(a runas.Account, onParentDeath syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: onParentDeath, Credential: a.Credential()}
}

// environment of a child: nothing of ours, since PG* variables and locales would change what it does.
func environment() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
}

// hand makes path, and all below it, the account's.
func hand(path string, a runas.Account) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if ownerOf(info) == a.UID {
		return nil
	}
	if !a.Drop {
		return &PermissionError{Path: path, User: a.Name, Problem: "it belongs to user " + userName(ownerOf(info)),
			Remedy: "start as that user or as root, or chown -R " + a.Name + " " + path}
	}
	// The folder itself comes last: an interrupted walk is done again.
	err = filepath.WalkDir(path, func(p string, _ fs.DirEntry, err error) error {
		if err != nil || p == path {
			return err
		}
		return os.Lchown(p, a.UID, a.GID)
	})
	if err != nil {
		return fmt.Errorf("hand %s to user %s: %w", path, a.Name, err)
	}
	return os.Lchown(path, a.UID, a.GID)
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
