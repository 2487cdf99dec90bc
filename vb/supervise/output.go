package supervise

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"time"
)

const (
	keptLines      = 20   // of a process's output, for the error message of its end
	maxLine        = 1024 // bytes of a line; the rest of it is dropped
	linesPerSecond = 20   // that are logged
	lineBurst      = 100
)

// output reads what a process prints: it keeps the last lines and logs the others, bounded in rate and length.
type output struct {
	logger *slog.Logger
	last   []string

	tokens  float64
	filled  time.Time
	dropped int
}

// read returns when the stream ends or fails.
func (o *output) read(r io.Reader) {
	o.tokens, o.filled = lineBurst, time.Now()
	lines := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		o.line(line)
		for err == bufio.ErrBufferFull {
			_, err = lines.ReadSlice('\n')
		}
		if err != nil {
			o.logDropped()
			return
		}
	}
}

func (o *output) line(line []byte) {
	text := strings.ToValidUTF8(string(bytes.TrimSpace(line)), "�")
	if text == "" {
		return
	}
	if len(o.last) == keptLines {
		o.last = append(o.last[:0], o.last[1:]...)
	}
	o.last = append(o.last, text)

	if !o.logger.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	now := time.Now()
	o.tokens = min(lineBurst, o.tokens+now.Sub(o.filled).Seconds()*linesPerSecond)
	o.filled = now
	if o.tokens < 1 {
		o.dropped++
		return
	}
	o.tokens--
	o.logDropped()
	o.logger.Debug("output", "line", text)
}

func (o *output) logDropped() {
	if o.dropped > 0 {
		o.logger.Debug("output too fast to log", "lines", o.dropped)
		o.dropped = 0
	}
}
