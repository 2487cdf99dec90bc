package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"turtus/services/wire"
)

// webApp serves the built web app: files as they are, and index.html for every address that the app itself understands.
type webApp struct {
	files   fs.FS
	problem func(http.ResponseWriter, *http.Request, error)
	// kept has a *webFile by name, of the files that were asked for.
	kept sync.Map
}

// webFile is read and hashed once, and again when it has changed, which an embedded one never does.
type webFile struct {
	content  []byte
	etag     string
	modified time.Time
	size     int64
}

// hashedFolder holds files whose names change with their content (Vite's assets).
const hashedFolder = "assets/"

// precompressed siblings, the best first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

func (a *webApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	err := a.serve(w, r, name)
	if errors.Is(err, fs.ErrNotExist) && !strings.HasPrefix(name, hashedFolder) && path.Ext(name) == "" {
		err = a.page(w, r, name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = wire.Errorf(wire.ErrorCodeNotFound, "There is nothing at this address.")
	}
	if err != nil {
		a.problem(w, r, err)
	}
}

// page serves index.html, and for a room's address room.html, which asks for the room's script at once, where the build made one.
func (a *webApp) page(w http.ResponseWriter, r *http.Request, name string) error {
	if strings.HasPrefix(name, "r/") {
		if err := a.serve(w, r, "room.html"); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return a.serve(w, r, "index.html")
}

func (a *webApp) serve(w http.ResponseWriter, r *http.Request, name string) error {
	file, err := a.read(name)
	if err != nil {
		return err
	}
	h := w.Header()
	contentType := mime.TypeByExtension(path.Ext(name))
	if path.Ext(name) == ".webmanifest" {
		contentType = "application/manifest+json"
	}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	if strings.HasPrefix(name, hashedFolder) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	h.Add("Vary", "Accept-Encoding")
	for _, e := range encodings {
		if accepts(r.Header.Get("Accept-Encoding"), e.name) {
			if packed, err := a.read(name + e.suffix); err == nil {
				file = packed
				h.Set("Content-Encoding", e.name)
				break
			}
		}
	}
	h.Set("ETag", file.etag)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.content))
	return nil
}

// read answers fs.ErrNotExist also for a folder and for a name that is none.
func (a *webApp) read(name string) (*webFile, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrNotExist
	}
	info, err := fs.Stat(a.files, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	if kept, ok := a.kept.Load(name); ok {
		if file := kept.(*webFile); file.modified.Equal(info.ModTime()) && file.size == info.Size() {
			return file, nil
		}
	}
	content, err := fs.ReadFile(a.files, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	file := &webFile{
		content: content, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, modified: info.ModTime(), size: info.Size(),
	}
	a.kept.Store(name, file)
	return file, nil
}

// accepts reads Accept-Encoding (RFC 9110 section 12.5.3) as far as browsers write it.
func accepts(header, encoding string) bool {
	for each := range strings.SplitSeq(header, ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(each), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			q := strings.ReplaceAll(quality, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
