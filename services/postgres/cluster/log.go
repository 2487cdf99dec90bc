package cluster

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// linePrefix makes PostgreSQL say the kind of process and the SQLSTATE before each message (log_line_prefix).
const linePrefix = "%b|%e|"

const (
	codeDiskFull = "53100"
	fullEvery    = time.Minute // how often a full disk is said
)

// serverLog takes PostgreSQL's standard error, hands it on line by line, and remembers what a failure needs.
type serverLog struct {
	log *slog.Logger
	dir string

	mu       sync.Mutex
	rest     []byte
	serious  string    // the last line that says what went wrong
	diskFull bool      // seen since start
	saidFull time.Time // when it was logged last
}

// maxLine bounds a line that never ends.
const maxLine = 8 << 10

func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		i := bytes.IndexByte(l.rest, '\n')
		if i < 0 {
			break
		}
		l.line(string(l.rest[:i]))
		l.rest = l.rest[i+1:]
	}
	if len(l.rest) > maxLine {
		l.rest = nil
	}
	return len(p), nil
}

// failure returns the last serious message, and whether the disk was full.
func (l *serverLog) failure() (message string, diskFull bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.serious, l.diskFull
}

func (l *serverLog) line(line string) {
	kind, code, severity, message := parseLine(line)
	full := code == codeDiskFull || saysDiskFull(message)
	fatal := severity == "FATAL" || severity == "PANIC" || severity == ""
	if fatal || (full && !l.diskFull) {
		l.serious = message
	}
	if full {
		l.diskFull = true
		if time.Since(l.saidFull) > fullEvery {
			l.saidFull = time.Now()
			l.log.Warn("the disk of "+l.dir+" is full: PostgreSQL cannot write", "detail", message)
		}
		return
	}
	if kind == "client backend" && severity != "PANIC" && !serverTrouble(code) {
		return // the caller has it as an error, and it may hold what a person wrote
	}
	level := slog.LevelDebug
	switch severity {
	case "WARNING", "ERROR", "FATAL", "PANIC":
		level = slog.LevelWarn
	}
	if l.log.Enabled(context.Background(), level) {
		l.log.Log(context.Background(), level, "postgres: "+message, "severity", severity, "process", kind)
	}
}

// serverTrouble says whether a SQLSTATE means trouble of the server rather than of one query (PostgreSQL manual, appendix A):
// out of resources, system errors, a broken configuration, internal errors.
func serverTrouble(code string) bool {
	for _, class := range []string{"53", "58", "F0", "XX"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// parseLine takes "kind|code|SEVERITY:  message" apart. A line that is not so, as before PostgreSQL has read its settings, is all message.
func parseLine(line string) (kind, code, severity, message string) {
	parts := strings.SplitN(line, "|", 3)
	if len(parts) < 3 || len(parts[1]) != 5 {
		return "", "", "", strings.TrimSpace(line)
	}
	severity, message, ok := strings.Cut(parts[2], ":  ")
	if !ok {
		return "", "", "", strings.TrimSpace(line)
	}
	return parts[0], parts[1], severity, message
}
