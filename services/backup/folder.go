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
	skipped := ""
	if dir, err := filepath.Abs(s.Dir); err == nil && s.Dir != "" {
		if inside, err := filepath.Rel(s.DataDir, dir); err == nil {
			skipped = filepath.ToSlash(inside)
		}
	}
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
		case !entry.Type().IsRegular() || temporary(name):
			return nil
		}
		return addFile(root, a, name)
	})
}

// temporary says whether a file is one in the making, such as secrets/relay.new.
func temporary(name string) bool {
	return strings.HasSuffix(name, ".new") || strings.HasSuffix(name, ".tmp")
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
