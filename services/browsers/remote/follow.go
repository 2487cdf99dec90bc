package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"turtus/services/browsers"
)

// position is how far the ends of a launcher were heard.
type position struct {
	instance uuid.UUID
	number   uint64
}

// follow reads the stream of events for as long as the Client lives, and comes again where it breaks.
func (c *Client) follow() {
	var at position
	wait := c.o.MinWait
	for {
		heard, err := c.stream(&at)
		if c.ctx.Err() != nil {
			return
		}
		if heard {
			wait = c.o.MinWait
			c.o.Log.Warn("the connection to the launcher broke, trying again", "error", err)
		} else {
			c.o.Log.Debug("the launcher can't be reached", "error", err)
		}
		c.setState(state{Why: away})
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.ctx.Done():
			timer.Stop()
			return
		}
		wait = min(2*wait, c.o.MaxWait)
	}
}

// stream reads events until the connection breaks. heard is whether it was there.
func (c *Client) stream(at *position) (heard bool, err error) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	silence := time.AfterFunc(c.o.Silence, func() { cancel(fmt.Errorf("it said nothing for %s", c.o.Silence)) })
	defer silence.Stop()
	path := pathEvents + "?instance=" + at.instance.String() + "&after=" + strconv.FormatUint(at.number, 10)
	response, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		silence.Reset(c.o.Silence)
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return heard, fmt.Errorf("read the launcher's events: %w", err)
		}
		if l.State != nil {
			c.setState(*l.State)
		}
		if !heard {
			heard = true
			c.reach()
			if !l.Resumed {
				silence.Stop() // meanwhile the list has a limit of its own
				if err := c.reconcile(ctx); err != nil {
					return heard, err
				}
				silence.Reset(c.o.Silence)
			}
		}
		if l.Ended != nil {
			c.tell(browsers.Event{Handle: l.Ended.Handle, Run: l.Ended.Run, Detail: l.Ended.Detail})
		}
		if l.Instance != uuid.Nil {
			at.instance = l.Instance
		}
		at.number = l.Number
	}
	err = lines.Err()
	if err == nil {
		err = errors.New("the launcher ended the stream")
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return heard, err
}

// reach has calls go ahead.
func (c *Client) reach() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.reached:
	default:
		close(c.reached)
		c.o.Log.Info("the launcher is there")
	}
}

// listLimit bounds the list that a new stream begins with.
const listLimit = 30 * time.Second

// reconcile tells the ends of those that lived when the stream before broke, and are not there any more. Ends from now on are in the stream.
func (c *Client) reconcile(ctx context.Context) error {
	c.mu.Lock()
	before := make(map[uuid.UUID]browsers.Handle, len(c.alive))
	for run, handle := range c.alive {
		if handle != "" { // a start that is under way is its caller's
			before[run] = handle
		}
	}
	c.mu.Unlock()
	if len(before) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	all, err := c.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range all {
		delete(before, b.Run)
	}
	for run, handle := range before {
		c.tell(browsers.Event{Handle: handle, Run: run, Detail: "it ended while its launcher could not be reached."})
	}
	return nil
}

// meet remembers browsers of a list, whose ends are to be told.
func (c *Client) meet(all []browsers.Running) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range all {
		if !slices.Contains(c.told, b.Run) {
			c.alive[b.Run] = b.Handle
		}
	}
}

// tell hands one end on, once.
func (c *Client) tell(e browsers.Event) {
	c.mu.Lock()
	again := slices.Contains(c.told, e.Run)
	if !again {
		c.told = append(c.told, e.Run)
		if len(c.told) > 2*kept {
			c.told = slices.Delete(c.told, 0, kept)
		}
	}
	delete(c.alive, e.Run)
	c.mu.Unlock()
	if again {
		return
	}
	select {
	case c.events <- e:
	case <-c.ctx.Done():
	}
}
