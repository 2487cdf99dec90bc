package browsers

import (
	"context"
	"time"

	"github.com/google/uuid"

	"turtus/services/rooms"
)

// Spec says what browser a Launcher is to start.
type Spec struct {
	Run  uuid.UUID
	Room rooms.ID
	// Token is the agent's room token. It never stands in arguments, which everybody on the machine can read.
	Token         string
	StartURL      string
	Width, Height int
	Depth         int
	FrameRate     int
	// ViewerTimeout is how long it goes on unwatched, SignalTimeout how long without the hub.
	ViewerTimeout, SignalTimeout time.Duration
}

// Handle is a Launcher's own name for a browser that it started. People never see it.
type Handle string

// Running is a browser that lives.
type Running struct {
	Handle    Handle
	Run       uuid.UUID
	StartedAt time.Time
}

// Event says that a browser has ended and nothing is left of it. Detail is how, and what it said last, for people.
type Event struct {
	Handle Handle
	Run    uuid.UUID
	Detail string
}

// Launcher starts and ends browsers: on local processes, later on Docker. It is safe for concurrent use.
type Launcher interface {
	// Name is kept with each run, such as process.
	Name() string
	// Available says whether browsers can be started, and if not, why and the mend.
	Available() (ok bool, why string)
	// Start returns when the agent runs, long before its browser is ready. ctx bounds the start alone. An error leaves nothing behind.
	Start(ctx context.Context, spec Spec) (Handle, error)
	// Stop asks the agent to end, and ends all of it by force after grace. It returns when nothing is left; a handle that is not
	// known or has ended is no error.
	Stop(ctx context.Context, handle Handle, grace time.Duration) error
	// Inspect is ErrNotRunning for a browser that is not there.
	Inspect(ctx context.Context, handle Handle) (Running, error)
	// List has all browsers that live, those included that were started before this process.
	List(ctx context.Context) ([]Running, error)
	// Events has one Event for each browser that ended after Start returned or List named it. One reader.
	Events() <-chan Event
}
