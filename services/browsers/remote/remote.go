// Package remote puts a process between the server that faces the Internet and the one that may start browsers. `turtus launcher` runs a
// Server around a real Launcher, such as Docker's; `turtus serve` uses a Client, which is a browsers.Launcher itself. Between them is HTTP/1.1
// on a Unix socket.
//
// What always holds: whoever has the server gets no more out of the launcher than browsers of this installation, no more of them than the
// launcher's own settings allow, and the end of those. A request says which run, which page, which size and how long; image, mounts, network,
// user and limits are the launcher's and are in no request. Every field is checked, and everything that comes in is bounded.
//
// Ends of browsers are a stream that can be read on from where it broke. Where it can't, because the launcher is another process by then, the
// Client lists what lives and tells the ends of what does not.
package remote

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"turtus/services/browsers"
	"turtus/services/wire"
)

// The calls. A handle is the last part of a path.
const (
	pathBrowsers = "/v1/browsers"
	pathEvents   = "/v1/events"
	pathPrepare  = "/v1/prepare"
	pathFacts    = "/v1/facts"
	pathUsage    = "/v1/usage"
)

const (
	// maxBody bounds a request's body; the longest field is the list of the machine's addresses.
	maxBody = 32 << 10
	// maxAnswer bounds an answer and maxLine a line of the stream, for a Client that believes no more than it must.
	maxAnswer = 4 << 20
	maxLine   = 64 << 10
	// maxDetail bounds the words on an end.
	maxDetail = 4 << 10
	// maxGrace bounds how long a browser is waited for before it is ended by force.
	maxGrace = time.Minute
)

// started answers a start.
type started struct {
	Handle browsers.Handle `json:"handle"`
}

// stop is the body of an end.
type stop struct {
	GraceMS int64 `json:"graceMs"`
}

// running is a browser that lives.
type running struct {
	Handle    browsers.Handle `json:"handle"`
	Run       uuid.UUID       `json:"run"`
	StartedAt time.Time       `json:"startedAt"`
	// Media stands in the order of browsers.Running, of which this is the written form.
	Media []netip.AddrPort `json:"media,omitempty"`
}

// listed answers a list.
type listed struct {
	Browsers []running `json:"browsers"`
}

// measured answers what the browsers take.
type measured struct {
	Browsers map[uuid.UUID]browsers.Usage `json:"browsers"`
}

// line is one of the stream of events: first a greeting, then ends and, while nothing happens, heartbeats. All but ends say how things are.
type line struct {
	// Instance is the launcher's process, Resumed whether the stream goes on without a gap from where it was asked to. Of greetings.
	Instance uuid.UUID `json:"instance,omitzero"`
	Resumed  bool      `json:"resumed,omitempty"`
	// Number counts the ends of an instance; the stream can be asked for again from there.
	Number uint64 `json:"number"`
	Ended  *ended `json:"ended,omitempty"`
	State  *state `json:"state,omitempty"`
}

// step is a line of the answer to prepare: how far it is, and in the end Done or Fault.
type step struct {
	Received int64  `json:"received,omitempty"`
	Total    int64  `json:"total,omitempty"`
	Done     bool   `json:"done,omitempty"`
	Fault    *fault `json:"fault,omitempty"`
}

// ended is a browser that has ended.
type ended struct {
	Handle browsers.Handle `json:"handle"`
	Run    uuid.UUID       `json:"run"`
	Detail string          `json:"detail"`
}

// state says whether browsers can be started.
type state struct {
	Available bool   `json:"available"`
	Why       string `json:"why,omitempty"`
}

// fault is the body of an answer that is no success.
type fault struct {
	Code       wire.ErrorCode      `json:"code"`
	Detail     string              `json:"detail"`
	RetryAfter int                 `json:"retryAfter,omitempty"`
	Fields     []wire.FieldProblem `json:"fields,omitempty"`
}
