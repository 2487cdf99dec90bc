package docker

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	typescontainer "github.com/docker/docker/api/types/container"
)

// askToEnd has the engine send SIGTERM, and SIGKILL after grace, which the engine counts in seconds.
func (l *Launcher) askToEnd(ctx context.Context, c *container, grace time.Duration) error {
	seconds := int(math.Ceil(grace.Seconds()))
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second+l.o.Patience)
	defer cancel()
	return l.engine.ContainerStop(ctx, c.id, typescontainer.StopOptions{Timeout: &seconds})
}

// kill ends a container at once, whoever gave up waiting.
func (l *Launcher) kill(c *container) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), l.o.Patience)
	defer cancel()
	err := l.engine.ContainerKill(ctx, c.id, "SIGKILL")
	if errdefs.IsConflict(err) { // it does not run
		return nil
	}
	if err != nil {
		return err
	}
	ended, failed := l.engine.ContainerWait(ctx, c.id, typescontainer.WaitConditionNotRunning)
	select {
	case <-ended:
		return nil
	case err := <-failed:
		return err
	}
}

// isRemoving says that somebody else removes the container just now.
func isRemoving(err error) bool {
	return errdefs.IsConflict(err) && strings.Contains(err.Error(), "already in progress")
}

// awaitRemoval waits until somebody else has removed a container.
func (l *Launcher) awaitRemoval(ctx context.Context, id string) error {
	removed, failed := l.engine.ContainerWait(ctx, id, typescontainer.WaitConditionRemoved)
	select {
	case <-removed:
		return nil
	case err := <-failed:
		return fmt.Errorf("wait for a container's removal: %w", err)
	}
}
