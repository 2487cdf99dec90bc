package process

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"turtus/services/runas"
)

// outside is where homes are whose account cannot reach the data folder.
const outside = "/var/lib/turtus"

// folder is where the launcher keeps its files:
//
//	base/bin/turtus-agent   a copy, where the account cannot reach the agent
//	base/homes/<run>/       0700, the browser's own
//	base/runs/<run>.json    the record of an agent; <run>.log what it says
//
// base is passable for the account, and nothing in it but the home is its own.
type folder struct{ base string }

// record is what the next server needs to know of an agent. It holds no secret.
type record struct {
	Run       uuid.UUID `json:"run"`
	PID       int       `json:"pid"`
	Ticks     uint64    `json:"ticks"` // when the process was started, of this boot
	Boot      string    `json:"boot"`
	Port      uint16    `json:"port,omitempty"`
	StartedAt time.Time `json:"startedAt"`
}

func prepareFolder(dir string, a runas.Account) (folder, error) {
	base, err := filepath.Abs(dir)
	if err != nil {
		return folder{}, err
	}
	if err := os.MkdirAll(base, 0o711); err != nil {
		return folder{}, fmt.Errorf("make the browsers' folder: %w", err)
	}
	if base, err = filepath.EvalSymlinks(base); err != nil {
		return folder{}, err
	}
	if a.Drop && !a.Reaches(base) {
		sum := sha256.Sum256([]byte(base))
		base = filepath.Join(outside, hex.EncodeToString(sum[:6]))
		if err := os.MkdirAll(base, 0o711); err != nil {
			return folder{}, fmt.Errorf("make a folder that user %s can reach: %w", a.Name, err)
		}
	}
	f := folder{base}
	for _, sub := range []struct {
		path string
		mode fs.FileMode
	}{{base, 0o711}, {f.path("bin"), 0o711}, {f.path("homes"), 0o711}, {f.path("runs"), 0o700}} {
		if err := os.Mkdir(sub.path, sub.mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return folder{}, fmt.Errorf("make the browsers' folder: %w", err)
		}
		info, err := os.Lstat(sub.path)
		if err != nil {
			return folder{}, err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || (ok && int(st.Uid) != os.Geteuid()) {
			return folder{}, fmt.Errorf("%s is not a folder of this user: remove it, or set TURTUS_DATA_DIR", sub.path)
		}
		if err := os.Chmod(sub.path, sub.mode); err != nil { // whatever the umask was
			return folder{}, err
		}
	}
	return f, nil
}

func (f folder) path(parts ...string) string {
	return filepath.Join(append([]string{f.base}, parts...)...)
}

func (f folder) home(run uuid.UUID) string     { return f.path("homes", run.String()) }
func (f folder) recordOf(run uuid.UUID) string { return f.path("runs", run.String()+".json") }
func (f folder) logOf(run uuid.UUID) string    { return f.path("runs", run.String()+".log") }

// makeHome makes the private folder of a browser.
func (f folder) makeHome(run uuid.UUID, a runas.Account) (string, error) {
	home := f.home(run)
	if err := os.Mkdir(home, 0o700); err != nil {
		return "", fmt.Errorf("make the browser's home: %w", err)
	}
	if a.Drop {
		if err := os.Chown(home, a.UID, a.GID); err != nil {
			return "", fmt.Errorf("make the browser's home: %w", err)
		}
	}
	return home, nil
}

// remove takes away all files of a run; the record goes last, so that an interrupted removal is done again.
func (f folder) remove(run uuid.UUID) error {
	errHome := removeAll(f.home(run))
	if errHome != nil {
		return errHome
	}
	for _, path := range []string{f.logOf(run), f.recordOf(run)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// removeAll removes a folder also where a browser took the write permission off one below it.
func removeAll(path string) error {
	if err := os.RemoveAll(path); err == nil {
		return nil
	}
	_ = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(p, 0o700)
		}
		return nil
	})
	return os.RemoveAll(path)
}

// runs lists those that have a home or a record.
func (f folder) runs() ([]uuid.UUID, error) {
	var list []uuid.UUID
	seen := make(map[uuid.UUID]bool)
	for _, dir := range []string{f.path("homes"), f.path("runs")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("read the browsers' folder: %w", err)
		}
		for _, e := range entries {
			name, _, _ := strings.Cut(e.Name(), ".")
			if run, err := uuid.Parse(name); err == nil && !seen[run] {
				seen[run] = true
				list = append(list, run)
			}
		}
	}
	return list, nil
}

func (f folder) writeRecord(r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fresh := f.recordOf(r.Run) + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return fmt.Errorf("write the run file: %w", err)
	}
	return os.Rename(fresh, f.recordOf(r.Run))
}

func (f folder) readRecord(run uuid.UUID) (record, error) {
	var r record
	text, err := os.ReadFile(f.recordOf(run))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("run file %s: %w", f.recordOf(run), err)
	}
	if r.Run != run || r.PID <= 1 {
		return r, fmt.Errorf("run file %s is damaged", f.recordOf(run))
	}
	return r, nil
}

// agentFor is a path of the agent that the account can run: its own, or a copy.
func (f folder) agentFor(agent string, a runas.Account) (string, error) {
	agent, err := filepath.Abs(agent)
	if err != nil {
		return "", err
	}
	if !a.Drop || (a.Reaches(agent) && a.May(agent, 0o5)) {
		return agent, nil
	}
	from, err := os.Stat(agent)
	if err != nil {
		return "", err
	}
	target := f.path("bin", "turtus-agent")
	if to, err := os.Stat(target); err == nil && to.Size() == from.Size() && to.ModTime().Equal(from.ModTime()) {
		return target, nil
	}
	if err := copyProgram(agent, target, from.ModTime()); err != nil {
		return "", fmt.Errorf("copy the agent to where user %s can run it: %w", a.Name, err)
	}
	return target, nil
}

// copyProgram replaces target in one step: a running copy keeps its file.
func copyProgram(from, target string, modified time.Time) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(target), ".agent-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(out.Name())
		}
	}()
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	if err := os.Chmod(out.Name(), 0o755); err != nil {
		return err
	}
	if err := os.Chtimes(out.Name(), modified, modified); err != nil {
		return err
	}
	return os.Rename(out.Name(), target)
}
