package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	typescontainer "github.com/docker/docker/api/types/container"

	"turtus/services/browsers"
	"turtus/services/wire"
)

// start makes the container of a run that is claimed, on a port that nobody has. An error leaves nothing behind that reconcile would
// not find.
func (l *Launcher) start(ctx context.Context, spec browsers.Spec) error {
	err := l.ensureNetwork(ctx)
	for _, port := range l.candidates() {
		if err != nil {
			break
		}
		if !l.reserve(port, spec.Run) {
			continue
		}
		err = l.startOn(ctx, spec, port)
		if err == nil {
			return nil
		}
		if portTaken(err) {
			l.o.Log.Debug("a media port is taken", "port", port, "error", err)
			err = nil
		}
	}
	if err == nil {
		return l.errNoPort()
	}
	return l.forPeople(ctx, err)
}

// startOn makes, feeds and keeps a container.
func (l *Launcher) startOn(ctx context.Context, spec browsers.Spec, port uint16) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	made, err := l.engine.ContainerCreate(ctx, l.config(spec, port), l.hostConfig(spec, port), l.networking(), nil, nameOf(spec.Run))
	if err != nil {
		return fmt.Errorf("create a container: %w", err)
	}
	defer func() {
		if err != nil {
			l.discard(made.ID)
		}
	}()
	for _, warning := range made.Warnings {
		l.o.Log.Warn("the engine on a browser's container: "+warning, "browser", spec.Run.String())
	}
	input, err := l.attach.ContainerAttach(ctx, made.ID, typescontainer.AttachOptions{Stream: true, Stdin: true})
	if err != nil {
		return fmt.Errorf("attach to a container: %w", err)
	}
	defer input.Close()
	if err := l.engine.ContainerStart(ctx, made.ID, typescontainer.StartOptions{}); err != nil {
		return fmt.Errorf("start a container: %w", err)
	}
	if _, err := input.Conn.Write([]byte(spec.Token + "\n")); err != nil {
		return fmt.Errorf("hand a container its token: %w", err)
	}
	if err := input.CloseWrite(); err != nil {
		return fmt.Errorf("hand a container its token: %w", err)
	}
	found, err := l.engine.ContainerInspect(ctx, made.ID)
	if err != nil {
		return fmt.Errorf("look at a container: %w", err)
	}
	c, err := l.of(found)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.containers[spec.Run] = c
	l.followLocked(c, "all")
	l.workLocked(func() { l.finish(c) }) // it may have ended before it was known: nobody heard of that
	l.mu.Unlock()
	return nil
}

// discard removes a container that did not come to be. One that stays, for the engine is away, is found later.
func (l *Launcher) discard(id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), l.o.Patience)
	defer cancel()
	if err := l.engine.ContainerRemove(ctx, id, removal); err != nil && !isGone(err) {
		l.o.Log.Warn("a container that did not start stays for now", "container", id, "error", err)
	}
}

// removal takes all that a container has.
var removal = typescontainer.RemoveOptions{Force: true, RemoveVolumes: true}

// forPeople makes sentences of the errors that somebody can mend.
func (l *Launcher) forPeople(ctx context.Context, err error) error {
	var known trouble
	text := err.Error()
	switch {
	case errors.As(err, &known):
	case isGone(err) && strings.Contains(text, "No such image"):
		l.mu.Lock()
		l.imageThere = false
		l.mu.Unlock()
		known = trouble(l.missingImage().Error())
	case strings.Contains(text, "bind source path does not exist"):
		known = trouble(fmt.Sprintf("Docker does not see the folder of the hub's socket, %s: set TURTUS_AGENT_VOLUME to its path on Docker's machine, or to its volume.", l.o.Hub))
	case ctx.Err() == nil && isAway(err):
		known = trouble(l.explain(err).Error())
	default:
		return err
	}
	return fmt.Errorf("%w (%w)", wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "%s", known), err)
}

func parseTime(text string) (time.Time, error) { return time.Parse(time.RFC3339Nano, text) }
