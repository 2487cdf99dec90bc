package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// leftOut is what a server makes anew in its data folder, or what is backed up in another way. Everything else goes along: what a later
// version keeps there should be in a backup unless somebody says otherwise.
var leftOut = []string{
	"postgres",     // by the copy of the database
	"browsers",     // homes of the browsers that run
	"agents",       // the socket of the browsers' agents
	"admin",        // the socket of turtus doctor
	"backups",      // where they are kept when nothing else is set
	"turtus.lock",  // the owner's process id
	"database.url", // where the private PostgreSQL answers now
	restoreMark,
}

// addFolder adds the regular files of the data folder. Sockets and links are left out.
func addFolder(ctx context.Context, a *archive, s Source) error {
	root, err := os.OpenRoot(s.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a database of one's own, and a server that has not run here
	}
	if err != nil {
		return err
	}
	defer root.Close()
	skipped := inside(s.DataDir, s.Dir)
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case name != "." && (slices.Contains(leftOut, name) || name == skipped):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile
			return nil
		case err != nil:
			return err
		case !entry.Type().IsRegular() || temporary(name) || isBackup(name):
			return nil
		}
		return addFile(root, a, name)
	})
}

// inside is the path of a folder in the one that it may lie in, whatever links lead to either; of one elsewhere a path that leads out.
func inside(folder, dir string) string {
	real := func(path string) string {
		if whole, err := filepath.EvalSymlinks(path); err == nil {
			path = whole
		}
		if whole, err := filepath.Abs(path); err == nil {
			path = whole
		}
		return path
	}
	if dir == "" {
		return ""
	}
	name, err := filepath.Rel(real(folder), real(dir))
	if err != nil {
		return ""
	}
	return filepath.ToSlash(name)
}

// temporary says whether a file is one in the making, such as secrets/relay.new, or the backup itself.
func temporary(name string) bool {
	return strings.HasPrefix(path.Base(name), unfinished) || strings.HasSuffix(name, ".new") || strings.HasSuffix(name, ".tmp")
}

// isBackup says whether a file is a backup by its name: where they are kept among the data, each would hold all before it.
func isBackup(name string) bool {
	name = path.Base(name)
	return strings.HasSuffix(name, suffix) && slices.ContainsFunc([]string{nightlyPrefix, manualPrefix, beforePrefix}, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}

func addFile(root *os.Root, a *archive, name string) error {
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return a.addFrom(dataPrefix+name, info.Mode(), info.Size(), f)
}

// putFile writes a file of a backup into the data folder: under another name first. Folders that are missing are made for the owner alone.
func putFile(root *os.Root, name string, mode fs.FileMode, content io.Reader) error {
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the folder %s: %w", dir, err)
		}
	}
	making := name + ".new"
	f, err := root.OpenFile(making, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = io.Copy(f, content)
	if err == nil {
		err = f.Chmod(mode.Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(making, name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, root.Remove(making)))
	}
	return nil
}
