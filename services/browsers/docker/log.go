package docker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	typescontainer "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
	"golang.org/x/time/rate"

	"turtus/services/browsers/agent"
)

// lastLines is how much of a log is read for what explains an end.
const lastLines = "200"

// howItEnded says it for people: why the engine ended it, what it said last, or the bare status.
func (l *Launcher) howItEnded(ctx context.Context, c *container, state *typescontainer.State) string {
	switch {
	case state.OOMKilled:
		return fmt.Sprintf("it needed more than the %d MB of memory that it may have (TURTUS_BROWSER_MEMORY).", c.memory>>20)
	case state.Error != "":
		return "Docker ended it: " + state.Error
	case state.ExitCode > 128: // then it had no say in it
		return fmt.Sprintf("its agent was ended by signal %d", state.ExitCode-128)
	}
	var words agent.Words
	if err := l.read(ctx, c.id, typescontainer.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: lastLines}, func(line string) {
		words.Hear(line)
	}); err != nil {
		l.o.Log.Warn("the log of an ended browser cannot be read", "browser", c.run.String(), "error", err)
	}
	if last := words.Last(); last != "" {
		return last
	}
	return fmt.Sprintf("its agent ended with exit status %d", state.ExitCode)
}

// followLocked hands what an agent says to the server's log, from so many lines before now on, unless that is done already.
func (l *Launcher) followLocked(c *container, tail string) {
	if c.followed != nil || l.closed {
		return
	}
	followed := make(chan struct{})
	c.followed = followed
	log := l.o.Log.With("browser", c.run.String())
	l.workLocked(func() {
		var words agent.Words
		share := newShare()
		err := l.read(l.ctx, c.id, typescontainer.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true, Tail: tail}, func(line string) {
			level, text := words.Hear(line)
			if text == "" {
				return
			}
			said, lost := share.take(len(text), time.Now())
			if lost > 0 {
				log.Warn("the agent said more than a log has place for", "lines_left_out", lost)
			}
			if said {
				log.Log(l.ctx, level, "agent: "+text)
			}
		})
		if err != nil && l.ctx.Err() == nil && !isGone(err) {
			log.Log(l.ctx, slog.LevelDebug, "the log of a browser broke off", "error", err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		c.followed = nil
		close(followed)
	})
}

// What of its agent's words one browser may put into the server's log, in bytes a second and at once: many times what an agent says, and so
// little that whoever has broken out of a browser fills no disk with it.
const (
	shareRate  = 8 << 10
	shareBurst = 1 << 20
)

// share of the log. One goroutine uses it.
type share struct {
	limiter *rate.Limiter
	lost    int
}

func newShare() *share { return &share{limiter: rate.NewLimiter(shareRate, shareBurst)} }

// take says whether there is place for a line, and if so, how many lines before it had none.
func (s *share) take(bytes int, now time.Time) (place bool, lost int) {
	if !s.limiter.AllowN(now, bytes) {
		s.lost++
		return false, 0
	}
	lost, s.lost = s.lost, 0
	return true, lost
}

// awaitLog waits until all that an ended container said was read: with the container its log goes.
func (l *Launcher) awaitLog(ctx context.Context, c *container) {
	l.mu.Lock()
	followed := c.followed
	l.mu.Unlock()
	if followed == nil {
		return
	}
	select {
	case <-followed:
	case <-ctx.Done():
	}
}

// read hands a container's log over, line by line.
func (l *Launcher) read(ctx context.Context, id string, o typescontainer.LogsOptions, line func(string)) error {
	body, err := l.engine.ContainerLogs(ctx, id, o)
	if err != nil {
		return err
	}
	lines, in := io.Pipe()
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, err := stdcopy.StdCopy(in, in, body)
		_ = in.CloseWithError(err)
	}()
	defer func() {
		_ = lines.Close()
		_ = body.Close()
		<-copied
	}()
	return eachLine(lines, line)
}

// eachLine cuts lines that are too long to be meant for anybody.
func eachLine(r io.Reader, line func(string)) error {
	in := bufio.NewReaderSize(r, agent.MaxLine)
	for {
		text, more, err := in.ReadLine()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		line(string(text))
		for more && err == nil {
			_, more, err = in.ReadLine()
		}
	}
}
