package docker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	typescontainer "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/google/uuid"

	"turtus/services/browsers"
)

// watch keeps in touch with the engine until the launcher is closed. first is closed when it was tried once.
func (l *Launcher) watch(first chan<- struct{}) {
	wait := l.o.FirstWait
	for {
		began := time.Now()
		err := l.listen(func() {
			if first != nil {
				close(first)
				first = nil
			}
		})
		if l.ctx.Err() == nil {
			l.lose(err)
		}
		if first != nil {
			close(first)
			first = nil
		}
		if time.Since(began) > l.o.MaxWait {
			wait = l.o.FirstWait
		}
		// Half of it by chance: an engine that comes back has other servers too.
		pause := time.NewTimer(wait/2 + rand.N(wait/2+1))
		wait = min(2*wait, l.o.MaxWait)
		select {
		case <-pause.C:
		case <-l.ctx.Done():
			pause.Stop()
			return
		}
	}
}

// lose notes that the engine is of no use, and says so once.
func (l *Launcher) lose(err error) {
	var known trouble
	if !errors.As(err, &known) {
		errors.As(l.explain(err), &known)
	}
	l.mu.Lock()
	before := l.trouble
	l.trouble = known
	l.mu.Unlock()
	if before == nil || before.Error() != known.Error() {
		l.o.Log.Warn("no browser can be started now: "+known.Error(), "error", err)
	}
}

// listen has one connection to the engine: it hears of ends, then looks at what is there, so that none is missed. It returns when
// that is lost, or the launcher closed.
func (l *Launcher) listen(ready func()) error {
	if err := l.greet(l.ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(l.ctx)
	defer cancel()
	messages, lost := l.engine.Events(ctx, events.ListOptions{Filters: l.own(
		filters.Arg("type", string(events.ContainerEventType)),
		filters.Arg("event", string(events.ActionDie)), filters.Arg("event", string(events.ActionDestroy)),
	)})
	if err := l.reconcile(ctx); err != nil {
		return err
	}
	if err := l.check(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	before := l.trouble
	l.trouble = nil
	l.mu.Unlock()
	if before != nil {
		l.o.Log.Info("Docker answers again", "engine", l.address)
	}
	ready()
	tick := time.NewTicker(l.o.Check)
	defer tick.Stop()
	for {
		select {
		case m := <-messages:
			l.ended(m.Actor.Attributes[labelRun], m.Actor.ID)
		case err := <-lost:
			return fmt.Errorf("events of the engine: %w", err)
		case <-tick.C:
			if err := errors.Join(l.reconcile(ctx), l.check(ctx)); err != nil {
				return err
			}
		}
	}
}

// check looks for what would keep a browser from starting, on an engine that answers.
func (l *Launcher) check(ctx context.Context) error {
	if _, err := l.lookForImage(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, l.o.Patience)
	defer cancel()
	err := l.ensureNetwork(ctx)
	var obstacle trouble
	if err != nil && !errors.As(err, &obstacle) {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if obstacle != "" && obstacle != l.obstacle {
		l.o.Log.Warn(string(obstacle))
	}
	l.obstacle = obstacle
	return nil
}

// own are filters for this server's containers.
func (l *Launcher) own(more ...filters.KeyValuePair) filters.Args {
	return filters.NewArgs(append(more, filters.Arg("label", labelServer+"="+l.o.Server))...)
}

// reconcile compares what is there with what is known: what runs is taken back, what has ended is told of, what never began or nobody
// knows is removed.
func (l *Launcher) reconcile(ctx context.Context) error {
	l.mu.Lock()
	known := make(map[uuid.UUID]*container, len(l.containers)) // as of before the list
	for run, c := range l.containers {
		known[run] = c
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, l.o.Patience)
	defer cancel()
	list, err := l.engine.ContainerList(ctx, typescontainer.ListOptions{All: true, Filters: l.own()})
	if err != nil {
		return fmt.Errorf("list the containers: %w", err)
	}
	there := make(map[string]bool, len(list))
	for _, found := range list {
		there[found.ID] = true
		if err := l.meet(ctx, found); err != nil {
			return err
		}
	}
	for _, c := range known {
		if c != nil && !there[c.id] {
			l.work(func() { l.finish(c) })
		}
	}
	return nil
}

// meet looks at one container of the list.
func (l *Launcher) meet(ctx context.Context, found typescontainer.Summary) error {
	run, _ := uuid.Parse(found.Labels[labelRun])
	l.mu.Lock()
	c, known := l.containers[run]
	if c != nil && c.id == found.ID && lives(found.State) {
		l.followLocked(c, "0")
	}
	l.mu.Unlock()
	switch {
	case known && c == nil:
		return nil // it is being started
	case known && c.id == found.ID:
		if !lives(found.State) {
			l.work(func() { l.finish(c) })
		}
		return nil
	case lives(found.State):
		return l.adopt(ctx, found.ID)
	}
	l.o.Log.Info("removing what a browser left", "container", found.ID, "state", found.State)
	err := l.engine.ContainerRemove(ctx, found.ID, removal)
	if err != nil && isAway(err) {
		return fmt.Errorf("remove a container: %w", err)
	}
	if err != nil && !isGone(err) && !isRemoving(err) {
		l.o.Log.Warn("what a browser left stays for now", "container", found.ID, "error", err)
	}
	return nil
}

func lives(state typescontainer.ContainerState) bool {
	return state == typescontainer.StateRunning || state == typescontainer.StatePaused || state == typescontainer.StateRestarting
}

// adopt takes back a container that lives.
func (l *Launcher) adopt(ctx context.Context, id string) error {
	found, err := l.engine.ContainerInspect(ctx, id)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at a container: %w", err)
	}
	c, err := l.of(found)
	if err != nil {
		l.o.Log.Warn("removing a container that is no browser's", "error", err)
		l.discard(id)
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.containers[c.run]; known || l.closed {
		return nil
	}
	l.containers[c.run] = c
	if c.port != 0 {
		l.ports[c.port] = c.run
	}
	l.followLocked(c, "0")
	return nil
}

// ended hears the engine's event of an end.
func (l *Launcher) ended(label, id string) {
	run, err := uuid.Parse(label)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.containers[run]; c != nil && c.id == id {
		l.workLocked(func() { l.finish(c) })
	}
}

// finish removes what has ended and tells of it. It does nothing for one that lives, or where another does it; where the engine is
// lost midway, it is called again once that is back.
func (l *Launcher) finish(c *container) {
	l.mu.Lock()
	if c.finishing || l.containers[c.run] != c {
		c.again = true // who is at it may have looked too early
		l.mu.Unlock()
		return
	}
	c.finishing = true
	l.mu.Unlock()
	detail, done := l.bury(c)
	for !done {
		l.mu.Lock()
		again := c.again && !l.closed
		c.finishing, c.again = again, false
		l.mu.Unlock()
		if !again {
			return
		}
		detail, done = l.bury(c)
	}
	l.forget(c.run)
	close(c.gone)
	select {
	case l.events <- browsers.Event{Handle: handleOf(c.run), Run: c.run, Detail: detail}:
	case <-l.ctx.Done():
	}
}

// bury says how a container has ended and removes it. False says that it lives, or that nobody knows.
func (l *Launcher) bury(c *container) (detail string, done bool) {
	ctx, cancel := context.WithTimeout(l.ctx, l.o.Patience)
	defer cancel()
	found, err := l.engine.ContainerInspect(ctx, c.id)
	switch {
	case isGone(err):
		return "its container was removed.", true
	case err != nil:
		l.o.Log.Warn("an ended browser cannot be looked at", "browser", c.run.String(), "error", err)
		return "", false
	case lives(found.State.Status):
		return "", false
	}
	l.awaitLog(ctx, c)
	detail = l.howItEnded(ctx, c, found.State)
	err = l.engine.ContainerRemove(ctx, c.id, removal)
	if isRemoving(err) {
		err = l.awaitRemoval(ctx, c.id)
	}
	if err != nil && !isGone(err) {
		l.o.Log.Warn("the container of an ended browser stays for now", "browser", c.run.String(), "error", err)
		return "", false
	}
	return detail, true
}
