package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// System is the machine, or the container, that the server runs in.
type System interface {
	// Memory is in bytes: all that this process may use, and what of it is free or can be made so.
	Memory() (total, available uint64, err error)
	// Processors that this process may use, in cores.
	Processors() float64
	// Load is the average number of programs that want a core, over five minutes.
	Load() (float64, error)
	// Disk says of the file system of path how much is free for this user, of how much.
	Disk(path string) (free, total uint64, err error)
	// Files is how many this process may have open.
	Files() (uint64, error)
	// ClockKept says whether NTP keeps the clock right.
	ClockKept() (bool, error)
}

// What one browser with a film takes (README): about a core and 1 GB.
const browserMemory = 1 << 30

func (b *Box) memory() Result {
	total, available, err := b.System.Memory()
	if err != nil {
		return unknown("memory_unknown", err.Error(), "", "Look by free -h.")
	}
	found := fmt.Sprintf("%s free of %s", inBytes(available), inBytes(total))
	if available < browserMemory {
		return warn("memory_low", found, "A browser with a film takes about 1 GB: one more may be ended by the system while people watch.",
			"Stop what you don't need, set TURTUS_MAX_BROWSERS lower, or take a larger box.")
	}
	return ok("%s", found)
}

func (b *Box) processor() Result {
	cores := b.System.Processors()
	found := fmt.Sprintf("%.3g cores", cores)
	load, err := b.System.Load()
	if err == nil {
		found += fmt.Sprintf(", load %.1f", load)
	}
	switch {
	case cores < 2:
		return warn("processor_small", found, "A film takes about a core for itself, and the server and other rooms need some too: pictures will stutter.", "Take a box with two cores or more.")
	case err == nil && load > 2*cores:
		return warn("processor_busy", found, "Twice as many programs as there are cores want to run, and have for minutes: pictures stutter.",
			"Set TURTUS_MAX_BROWSERS or the frame rate lower, or take a larger box.")
	}
	return ok("%s", found)
}

// Bounds of the disk: below the one PostgreSQL and the backups come to an end soon, below the other it is worth a word.
const (
	diskFull = 200 << 20
	diskLow  = 2 << 30
)

func (b *Box) disk(ctx context.Context) Result {
	folders := []string{b.Config.DataDir}
	if b.Config.BackupDir != "" {
		folders = append(folders, b.Config.BackupDir)
	}
	if b.Engine != nil {
		if e := b.Engine(ctx); e.Folder != "" {
			folders = append(folders, e.Folder)
		}
	}
	var found []string
	least, tightest := ^uint64(0), ""
	for _, folder := range folders {
		free, total, err := b.System.Disk(existing(folder))
		if err != nil {
			continue // the engine's may be another machine's
		}
		found = append(found, fmt.Sprintf("%s of %s free for %s", inBytes(free), inBytes(total), folder))
		if free < least {
			least, tightest = free, folder
		}
	}
	text := strings.Join(found, "; ")
	switch {
	case found == nil:
		return unknown("disk_unknown", "not found out", "", "Look by df -h.")
	case least < diskFull:
		return fail("disk_full", text, "Soon nothing can be stored any more: no message, no sign-in, no backup.", "Make room on the disk of "+tightest+", or take a larger one.")
	case least < diskLow:
		return warn("disk_low", text, "It fills up: the database, backups and what browsers download need room.", "Make room on the disk of "+tightest+"; docker image prune removes old images.")
	}
	return ok("%s", text)
}

// existing is the nearest folder on the way to path that exists.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

// enoughFiles is for the relay's 5000 addresses and 2000 connections, and the pages.
const enoughFiles = 8192

func (b *Box) files() Result {
	limit, err := b.System.Files()
	switch {
	case err != nil:
		return unknown("files_unknown", err.Error(), "", "Look by ulimit -n.")
	case limit < enoughFiles:
		return warn("files_few", fmt.Sprintf("at most %d at once", limit), "Each connection and each relayed address is one: with many people, some are refused.",
			fmt.Sprintf("Raise it to %d or more: ulimits: nofile in docker-compose.yml, or LimitNOFILE of the systemd service.", enoughFiles))
	}
	return ok("at most %d at once", limit)
}

// clockOff is more than two clocks that are kept right differ.
const clockOff = 3 * time.Second

func (b *Box) clock(ctx context.Context) Result {
	kept, err := b.System.ClockKept()
	if b.Database != nil && b.Config.DatabaseURL != "" {
		if d, err := b.Database(ctx); err == nil && d.Offset.Abs() > clockOff {
			return warn("clock_differs", fmt.Sprintf("the database's clock differs by %s", d.Offset.Abs().Round(time.Second)),
				"Times come out wrong, and sign-ins may end too soon or too late.", "Have NTP keep both clocks: timedatectl set-ntp true.")
		}
	}
	now := b.Now().Format("2006-01-02 15:04 MST")
	switch {
	case err != nil:
		return ok("%s; whether NTP keeps it right is not told here, in a container", now)
	case !kept:
		return warn("clock_not_kept", now, "Nothing keeps this machine's clock right. When it is off by minutes, sign-ins and certificates fail.",
			"Switch NTP on: timedatectl set-ntp true, or install chrony.")
	}
	return ok("%s, kept right by NTP", now)
}

func (b *Box) folder() Result {
	dir := b.Config.DataDir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ok("%s, made by the first start", dir)
	case errors.Is(err, fs.ErrPermission):
		return unknown("folder_closed", dir+" is closed to this user", "", "Run turtus doctor as the user that the server runs as.")
	case err != nil:
		return fail("folder_broken", err.Error(), "The server can't use its data folder.", "Check TURTUS_DATA_DIR and the disk.")
	case !info.IsDir():
		return fail("folder_broken", dir+" is no folder", "The server can't use its data folder.", "Set TURTUS_DATA_DIR to a folder.")
	case !writable(dir):
		return fail("folder_read_only", dir+" can't be written to", "Nothing can be kept there.", "Give it to the user that the server runs as: chown -R, or mount it for writing.")
	}
	if open := readableByOthers(filepath.Join(dir, "secrets")); open != "" {
		return fail("folder_open", open+" can be read by other users of this machine", "Who reads the keys can sign in as anybody.",
			"Close them: chmod -R go= "+filepath.Join(dir, "secrets")+".")
	}
	return ok("%s", dir)
}

func writable(dir string) bool {
	f, err := os.CreateTemp(dir, "doctor-*.tmp")
	if err != nil {
		return false
	}
	f.Close()
	return os.Remove(f.Name()) == nil
}

// readableByOthers is the first file that is; empty where none is, or the folder is closed.
func readableByOthers(folder string) string {
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			return filepath.Join(folder, entry.Name())
		}
	}
	return ""
}
