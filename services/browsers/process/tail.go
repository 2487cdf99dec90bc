package process

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"

	"github.com/google/uuid"

	"turtus/services/browsers/agent"
)

// maxLog bounds what an agent says.
const maxLog = 1 << 20 // then the file is begun anew

// tail reads an agent's log as it grows, hands it to the server's log, and keeps what was said last. One goroutine uses it.
type tail struct {
	agent.Words
	path   string
	log    *slog.Logger
	offset int64
	rest   []byte
}

// tail begins at offset, or at the end for -1.
func (l *Launcher) tail(run uuid.UUID, offset int64) *tail {
	t := &tail{path: l.folder.logOf(run), log: l.o.Log.With("browser", run.String()), offset: offset}
	if offset < 0 {
		if info, err := os.Stat(t.path); err == nil {
			t.offset = info.Size()
		} else {
			t.offset = 0
		}
	}
	return t
}

// read takes in what is new.
func (t *tail) read() {
	f, err := os.OpenFile(t.path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	fresh, err := io.ReadAll(io.NewSectionReader(f, t.offset, maxLog))
	if err != nil || len(fresh) == 0 {
		return
	}
	t.offset += int64(len(fresh))
	if t.offset >= maxLog && f.Truncate(0) == nil { // the agent appends, so it goes on at the beginning
		t.offset = 0
	}
	t.rest = append(t.rest, fresh...)
	for {
		line, after, found := bytes.Cut(t.rest, []byte("\n"))
		if !found {
			break
		}
		t.line(string(line))
		t.rest = after
	}
	if len(t.rest) > agent.MaxLine {
		t.rest = nil
	}
}

func (t *tail) line(line string) {
	if level, text := t.Hear(line); text != "" {
		t.log.Log(context.Background(), level, "agent: "+text)
	}
}

// lastWords is what may explain an end. An unfinished last line counts.
func (t *tail) lastWords() string {
	if len(t.rest) > 0 {
		t.line(string(t.rest))
		t.rest = nil
	}
	return t.Last()
}
