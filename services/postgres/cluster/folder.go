package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"turtus/services/runas"
)

// What stands in Config.DataDir.
const (
	dataName   = "data" // PostgreSQL's own folder; there only when complete
	newPrefix  = "new-" // one in the making
	socketName = "run"  // the socket's folder, where its path is short enough
	lockName   = "lock" // locked by the process that owns all this, and holding its id
	socketFile = ".s.PGSQL.5432"
)

// maxSocketPath is sun_path of unix(7) without the closing zero byte.
const maxSocketPath = 107

// prepareFolder makes dir where it does not exist, hands it to a, closes it to others, and returns its real path.
func prepareFolder(dir string, a runas.Account) (string, error) {
	if dir == "" {
		return "", errors.New("no folder for PostgreSQL's data is given")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", explain(err, dir, a.Name)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", explain(err, dir, a.Name)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", explain(err, dir, a.Name)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", explain(err, dir, a.Name)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is no folder", dir)
	}
	if err := hand(dir, a); err != nil {
		return "", explain(err, dir, a.Name)
	}
	if info.Mode().Perm() != 0o700 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return "", explain(err, dir, a.Name)
		}
	}
	return dir, nil
}

// takeLock makes this process the owner of dir until the file is closed; the kernel lets go of it when the process dies.
func takeLock(dir string, a runas.Account) (*os.File, error) {
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, explain(err, path, a.Name)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			text, _ := io.ReadAll(io.LimitReader(f, 32))
			pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
			return nil, &InUseError{Dir: dir, PID: pid}
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := writeOwner(f); err != nil {
		f.Close()
		return nil, explain(err, dir, a.Name)
	}
	return f, nil
}

func writeOwner(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// prepareSocketFolder returns a folder of mode 0700 that is the account's, with a path short enough for a socket in it, and
// whether it lies outside dir.
func prepareSocketFolder(dir string, a runas.Account) (path string, outside bool, err error) {
	path = filepath.Join(dir, socketName)
	if len(path)+len("/"+socketFile) > maxSocketPath {
		outside = true
		base := "/tmp"
		if a.Drop {
			base = "/run"
		}
		sum := sha256.Sum256([]byte(dir))
		path = filepath.Join(base, "turtus-postgres-"+hex.EncodeToString(sum[:8]))
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", false, explain(err, path, a.Name)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return "", false, explain(err, path, a.Name)
	}
	// In a folder that everybody writes to, somebody may have been there first.
	if owner := ownerOf(info); !info.IsDir() || (owner != a.UID && owner != os.Geteuid()) {
		return "", false, &PermissionError{Path: path, User: a.Name, Problem: "it was made by user " + userName(owner), Remedy: "remove it"}
	}
	if err := hand(path, a); err != nil {
		return "", false, explain(err, path, a.Name)
	}
	return path, outside, explain(os.Chmod(path, 0o700), path, a.Name)
}

// dataVersion returns the major version that made dir's data; 0 where there is none yet.
func dataVersion(dir string) (int, error) {
	path := filepath.Join(dir, dataName, "PG_VERSION")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(filepath.Join(dir, dataName)); err == nil {
			return 0, fmt.Errorf("%s holds no PostgreSQL data (PG_VERSION is missing): restore it from a backup, or move it away to start anew",
				filepath.Join(dir, dataName))
		}
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s: not a version: %q", path, text)
	}
	return major, nil
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
