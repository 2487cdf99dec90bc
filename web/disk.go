//go:build !embedweb

package web

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Files is the built web app with index.html at its root, or nil where there is none: web/dist under the working folder or beside
// the folder of the program.
func Files() fs.FS {
	dirs := []string{filepath.Join("web", "dist")}
	if program, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Join(filepath.Dir(program), "..", "web", "dist"))
	}
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "index.html")); err == nil {
			return os.DirFS(dir)
		}
	}
	return nil
}
