package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/docker/docker/api/types/image"

	"turtus/services/browsers"
	"turtus/services/wire"
)

// lookAgain is how often a missing image is looked for when somebody asks: it may have been built meanwhile.
const lookAgain = time.Second

// lookLimit is how long that may take, while somebody's page waits for the answer.
const lookLimit = 2 * time.Second

// Available implements browsers.Launcher. Of an engine that does not answer it knows without asking.
func (l *Launcher) Available() (ok bool, why string) {
	l.mu.Lock()
	lost, obstacle, there, asked := l.trouble, l.obstacle, l.imageThere, l.imageAsked
	l.mu.Unlock()
	if lost != nil {
		return false, lost.Error()
	}
	if obstacle != "" {
		return false, string(obstacle)
	}
	if there || pullable(l.o.Image) {
		return true, ""
	}
	if time.Since(asked) > lookAgain {
		ctx, cancel := context.WithTimeout(l.ctx, lookLimit)
		defer cancel()
		var err error
		if there, err = l.lookForImage(ctx); err != nil {
			return false, err.Error()
		}
	}
	if !there {
		return false, l.missingImage().Error()
	}
	return true, ""
}

// pullable says whether an image may be in a registry. A name alone is what one gave to one's own build: in the default registry
// it would be somebody else's.
func pullable(image string) bool { return strings.Contains(image, "/") }

func (l *Launcher) missingImage() error {
	if pullable(l.o.Image) {
		return troublef("The browsers' image %s is not on this server: docker pull %s.", l.o.Image, l.o.Image)
	}
	build := ""
	if l.o.BuildCommand != "" {
		build = "build it (" + l.o.BuildCommand + "), or "
	}
	return troublef("The browsers' image %s is not on this server: %sset TURTUS_BROWSER_IMAGE to one of a registry.", l.o.Image, build)
}

// lookForImage asks the engine and keeps the answer. Its error is for people.
func (l *Launcher) lookForImage(ctx context.Context) (there bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.o.Patience)
	defer cancel()
	_, err = l.engine.ImageInspect(ctx, l.o.Image)
	if err != nil && !isGone(err) {
		return false, l.explain(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.imageThere, l.imageAsked = err == nil, time.Now()
	return l.imageThere, nil
}

// Prepare implements browsers.Preparer: it has the image pulled where it is missing. Whoever asks meanwhile waits for the same download.
func (l *Launcher) Prepare(ctx context.Context, progress func(browsers.Download)) error {
	there, err := l.lookForImage(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "%s", err)
	case there:
		return nil
	case !pullable(l.o.Image):
		return wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "%s", l.missingImage())
	}
	l.mu.Lock()
	p := l.pull
	if p == nil {
		if l.imageThere { // since it was looked for
			l.mu.Unlock()
			return nil
		}
		if l.closed {
			l.mu.Unlock()
			return errClosed
		}
		p = &pull{layers: map[string]layer{}, step: make(chan struct{}), done: make(chan struct{})}
		l.pull = p
		l.workLocked(func() { l.runPull(p) })
	}
	l.mu.Unlock()
	for {
		l.mu.Lock()
		step, download := p.step, p.download()
		l.mu.Unlock()
		progress(download)
		select {
		case <-step:
		case <-p.done:
			return p.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pull is a download under way; its fields are under the launcher's lock.
type pull struct {
	layers map[string]layer
	// step is closed, and replaced, when something has come.
	step chan struct{}
	// done is closed in the end, and then err is valid.
	done chan struct{}
	err  error
}

// layer is one of an image's; total is 0 until its download begins.
type layer struct {
	received, total int64
	there           bool // it needs no download any more
}

// download sums the layers up. The whole is known once each of them is.
func (p *pull) download() browsers.Download {
	var d browsers.Download
	known := true
	for _, l := range p.layers {
		d.Received += l.received
		d.Total += l.total
		known = known && (l.there || l.total > 0)
	}
	if !known {
		d.Total = 0
	}
	return d
}

// pullMessage is one line of what the engine says of a pull.
type pullMessage struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Error    string `json:"error"`
	Progress struct {
		Current int64 `json:"current"`
		Total   int64 `json:"total"`
	} `json:"progressDetail"`
}

// note takes a line into account.
func (p *pull) note(m pullMessage) {
	l := p.layers[m.ID]
	switch m.Status {
	case "Pulling fs layer", "Waiting":
	case "Downloading":
		l.received, l.total = m.Progress.Current, max(l.total, m.Progress.Total)
	case "Verifying Checksum", "Download complete", "Extracting", "Pull complete":
		l.received, l.there = l.total, true
	case "Already exists":
		l.there = true
	default:
		return
	}
	p.layers[m.ID] = l
}

// runPull pulls the image to the end, whoever still waits for it.
func (l *Launcher) runPull(p *pull) {
	l.o.Log.Info("pulling the browsers' image", "image", l.o.Image)
	err := l.readPull(p)
	if err == nil {
		var there bool
		if there, err = l.lookForImage(l.ctx); err == nil && !there {
			err = errors.New("the engine has pulled it, and has it not")
		}
	}
	if err != nil {
		l.o.Log.Error("the browsers' image could not be pulled", "image", l.o.Image, "error", err)
		err = wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "The browsers' image %s could not be downloaded: %v. Try `docker pull %s` on the server.",
			l.o.Image, err, l.o.Image)
	} else {
		l.o.Log.Info("the browsers' image is there", "image", l.o.Image)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p.err, l.pull = err, nil
	close(p.done)
}

var errStalled = errors.New("nothing came for too long")

// readPull reads what the engine says of a pull. One that stands still is given up.
func (l *Launcher) readPull(p *pull) error {
	ctx, cancel := context.WithCancelCause(l.ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(l.o.PullPatience, func() { cancel(errStalled) })
	defer stalled.Stop()
	body, err := l.engine.ImagePull(ctx, l.o.Image, image.PullOptions{})
	if err != nil {
		return cause(ctx, err)
	}
	defer body.Close()
	for lines := json.NewDecoder(body); ; {
		var m pullMessage
		if err := lines.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return cause(ctx, fmt.Errorf("the download broke off: %w", err))
		}
		if m.Error != "" {
			return errors.New(m.Error)
		}
		stalled.Reset(l.o.PullPatience)
		l.mu.Lock()
		p.note(m)
		close(p.step)
		p.step = make(chan struct{})
		l.mu.Unlock()
	}
}

// cause is why ctx ended, where it did, and err otherwise.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
