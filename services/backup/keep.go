package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Names of backups in their folder. The nightly ones go after a while, what somebody made by hand stays.
const (
	nightlyPrefix = "nightly-"
	manualPrefix  = "turtus-"
	beforePrefix  = "before-restore-"
	suffix        = ".tar.gz"
	stamp         = "20060102T150405Z"
	// unfinished is a backup in the making.
	unfinished = ".unfinished-"
)

// Name of a backup that somebody makes now.
func Name(now time.Time) string { return manualPrefix + now.UTC().Format(stamp) + suffix }

// Kept is a backup in the folder.
type Kept struct {
	Path    string
	Created time.Time
	Size    int64
	nightly bool
}

// List has the backups of a folder, the oldest first; none of a folder that isn't there.
func List(dir string) ([]Kept, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Kept
	for _, entry := range entries {
		name, nightly := strings.CutPrefix(entry.Name(), nightlyPrefix)
		name = strings.TrimPrefix(name, manualPrefix)
		name, whole := strings.CutSuffix(name, suffix)
		created, err := time.Parse(stamp, name)
		info, gone := entry.Info()
		if !whole || err != nil || gone != nil || !info.Mode().IsRegular() {
			continue
		}
		list = append(list, Kept{filepath.Join(dir, entry.Name()), created, info.Size(), nightly})
	}
	slices.SortFunc(list, func(a, b Kept) int { return a.Created.Compare(b.Created) })
	return list, nil
}

// Nightly makes a backup each night and removes the oldest. Make it by a literal; run it by Run.
type Nightly struct {
	// Source is what is backed up; its Dir is where to.
	Source Source
	// Hour of the day, 0 to 23, in the zone of the clock.
	Hour int
	// Keep is how many stay.
	Keep int
	Log  *slog.Logger

	mu  sync.Mutex
	err error
	at  time.Time
}

// Times of the nightly backup.
const (
	// settle is how long after a start a backup that was missed meanwhile is made up for.
	settle = 5 * time.Minute
	// retry is how long after a failure it is tried again.
	retry = time.Hour
	// look is how often the clock is looked at: a machine that slept has no timer to trust.
	look = time.Minute
	// stale is the age of what a killed program left.
	stale = 24 * time.Hour
)

// Run goes on until ctx ends.
func (n *Nightly) Run(ctx context.Context) {
	started := n.Source.now()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := n.Source.now(); now.Sub(started) >= settle && n.due(now) {
			n.Once(ctx)
		}
	}
}

// due says whether the newest backup is older than the last night.
func (n *Nightly) due(now time.Time) bool {
	n.mu.Lock()
	failed := n.err != nil && now.Sub(n.at) < retry && now.After(n.at)
	n.mu.Unlock()
	if failed {
		return false
	}
	last := time.Date(now.Year(), now.Month(), now.Day(), n.Hour, 0, 0, 0, now.Location())
	if last.After(now) {
		last = last.AddDate(0, 0, -1)
	}
	list, err := List(n.Source.Dir)
	return err != nil || !slices.ContainsFunc(list, func(k Kept) bool { return k.nightly && !k.Created.Before(last.Truncate(time.Second)) })
}

// Once makes a backup now, removes what is too much, and keeps what came of it.
func (n *Nightly) Once(ctx context.Context) {
	err := n.make(ctx)
	if err != nil && ctx.Err() != nil {
		return // the server ends: the next one makes up for it
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err, n.at = err, n.Source.now()
	if err != nil {
		n.Log.Error("the nightly backup failed, and is tried again in an hour", "error", err)
	}
}

func (n *Nightly) make(ctx context.Context) error {
	now := n.Source.now()
	removeStale(n.Source.Dir, now)
	path := filepath.Join(n.Source.Dir, nightlyPrefix+now.UTC().Format(stamp)+suffix)
	_, size, err := Create(ctx, n.Source, path)
	if err != nil {
		return err
	}
	n.Log.Info("the nightly backup is made", "file", path, "bytes", size, "took", n.Source.now().Sub(now))
	list, err := List(n.Source.Dir)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(k Kept) bool { return !k.nightly })
	for len(list) > n.Keep {
		if err := os.Remove(list[0].Path); err != nil {
			return fmt.Errorf("the backup is made, but an old one can't be removed: %w", err)
		}
		list = list[1:]
	}
	return nil
}

// removeStale removes what a killed program left unfinished.
func removeStale(dir string, now time.Time) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && strings.HasPrefix(entry.Name(), unfinished) && now.Sub(info.ModTime()) > stale {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

// Failed is why the last try failed, and when; nil where it didn't.
func (n *Nightly) Failed() (time.Time, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.at, n.err
}
