package browsers

import (
	"context"
	"net/netip"
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

	// What follows is for launchers that keep browsers apart from the machine; one on plain processes has no use for it.

	// Limits bound what the browser may take of the machine.
	Limits Limits
	// Addresses are the machine's, under which viewers reach the port that a launcher opens for the browser's media. Resolvers are the
	// name servers that the machine asks.
	Addresses, Resolvers []netip.Addr
	// Own are all public addresses that the machine has itself, whoever may come there: what listens at them is no business of a browser's.
	Own []netip.Addr
}

// Limits bound what a browser may take; the launcher has a default for each that is 0.
type Limits struct {
	Memory    int64   // bytes, with no swap besides; what is kept in memory as files counts too
	Shared    int64   // bytes of it in /dev/shm
	CPUs      float64 // processors, 1.5 for one and a half
	Processes int     // threads count
}

// Handle is a Launcher's own name for a browser that it started. People never see it.
type Handle string

// Running is a browser that lives.
type Running struct {
	Handle    Handle
	Run       uuid.UUID
	StartedAt time.Time
	// Media are the addresses under which it can be sent media, where the launcher knows them: those of its own network, and those that
	// the machine has opened for it. An agent that has no address to the hub may name these alone.
	Media []netip.AddrPort
}

// Event says that a browser has ended and nothing is left of it. Detail is how, and what it said last, for people.
type Event struct {
	Handle Handle
	Run    uuid.UUID
	Detail string
}

// Launcher starts and ends browsers: as local processes, or in containers on Docker. It is safe for concurrent use.
type Launcher interface {
	// Name is kept with each run, such as process. It answers at once, as Available does.
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

// Preparer is a Launcher that may have to fetch something before a browser can start, such as an image.
type Preparer interface {
	// Prepare returns once browsers can start, which is at once where nothing is missing. progress hears now and then how much is there;
	// it is not called after Prepare has returned. The end of ctx ends the waiting, while the download may go on for the next who asks.
	Prepare(ctx context.Context, progress func(Download)) error
}

// Meter is a Launcher that can say what its browsers take of the machine.
type Meter interface {
	// Usage has the browsers that live, by their run; one that ended meanwhile is not there.
	Usage(ctx context.Context) (map[uuid.UUID]Usage, error)
}

// Usage is what a browser takes at a moment.
type Usage struct {
	At time.Time `json:"at"`
	// CPU is the processor time that it has taken since it was started, of all processors together.
	CPU time.Duration `json:"cpu"`
	// Memory is in bytes; what its processes share counts once.
	Memory int64 `json:"memory"`
}

// Download is how far one is, in bytes. Total is 0 until it is known.
type Download struct{ Received, Total int64 }

// Describer is a Launcher that can say what it starts browsers by, for whoever looks after the server.
type Describer interface {
	Facts(ctx context.Context) (Facts, error)
}

// Facts are what a launcher starts browsers by.
type Facts struct {
	// Launcher is its name; of one that is reached through another, the one that does the work.
	Launcher string `json:"launcher"`
	// Isolated says that a browser is kept from the machine and its network.
	Isolated bool `json:"isolated,omitempty"`
	// Version of the engine, and Folder where it keeps images and containers.
	Version string `json:"version,omitempty"`
	Folder  string `json:"folder,omitempty"`
	// Image is what browsers are made of, empty where none is needed; ImageVersion is that of Turtus which made it, where it says so.
	Image        string `json:"image,omitempty"`
	ImageThere   bool   `json:"imageThere,omitempty"`
	ImageVersion string `json:"imageVersion,omitempty"`
}
