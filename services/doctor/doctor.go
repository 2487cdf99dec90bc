// Package doctor looks for what keeps a server from working, or from working for everybody, and says the mend: `turtus doctor` on a terminal,
// and the administrators' page.
//
// A check looks at one thing and depends on no other. It gets what it needs as functions and small interfaces, so each can be asked on
// its own. What always holds: a check changes nothing, ends within its time, and never stops the others; whatever is not ok has a code for
// programs, words about what it means, and what to do; no words hold a secret.
//
// The files: checks.go lists all; each other one holds the checks of one matter.
package doctor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"turtus/services/wire"
)

// Result is what a check has found. The zero value is ok, with nothing to say.
type Result struct {
	State wire.DoctorState
	// Code says for programs what is wrong; empty when ok.
	Code string
	// Found is what was seen, Wrong what that means, Mend what to do: sentences for people.
	Found, Wrong, Mend string
}

func ok(found string, args ...any) Result {
	return Result{State: wire.DoctorStateOk, Found: fmt.Sprintf(found, args...)}
}

func warn(code, found, wrong, mend string) Result {
	return Result{wire.DoctorStateWarn, code, found, wrong, mend}
}

func fail(code, found, wrong, mend string) Result {
	return Result{wire.DoctorStateFail, code, found, wrong, mend}
}

func unknown(code, found, wrong, mend string) Result {
	return Result{wire.DoctorStateUnknown, code, found, wrong, mend}
}

// Check is one of them. Run may take until ctx ends.
type Check struct {
	ID, Title string
	Run       func(ctx context.Context) Result
}

// patience is how long one check may take.
const patience = 6 * time.Second

// examine runs all checks side by side and returns their results in order. One that doesn't end in time is unknown.
func examine(ctx context.Context, checks []Check) []wire.DoctorCheck {
	found := make([]wire.DoctorCheck, len(checks))
	var running sync.WaitGroup
	for i, c := range checks {
		running.Go(func() { found[i] = c.wire(c.run(ctx)) })
	}
	running.Wait()
	return found
}

// run ends with its time, also where what it asks doesn't: that is left to end by itself.
func (c Check) run(ctx context.Context) Result {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	result := make(chan Result, 1)
	go func() { result <- c.Run(ctx) }()
	select {
	case r := <-result:
		return r
	case <-ctx.Done():
	}
	select { // what ended with ctx has a better word for it
	case r := <-result:
		return r
	case <-time.After(time.Second):
		return unknown("no_answer", "no answer in time", "Whether this is right could not be found out.", "Try again. If it stays so, restart the server and look into its log.")
	}
}

func (c Check) wire(r Result) wire.DoctorCheck {
	w := wire.DoctorCheck{Id: c.ID, Title: c.Title, State: r.State, Found: r.Found}
	if w.State == "" {
		w.State = wire.DoctorStateOk
	}
	optional := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	w.Code, w.Wrong, w.Mend = optional(r.Code), optional(r.Wrong), optional(r.Mend)
	return w
}

// Failed says whether a report holds something that does not work.
func Failed(r wire.DoctorReport) bool {
	for _, c := range r.Checks {
		if c.State == wire.DoctorStateFail {
			return true
		}
	}
	return false
}
