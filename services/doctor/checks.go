package doctor

import (
	"context"
	"log/slog"
	"time"

	"turtus/services/config"
	"turtus/services/wire"
)

// Box is the server to look at, and how. Config is needed; what is nil is not known, as it is for the command beside no server.
type Box struct {
	Config  config.Config
	Version string
	// Running says that this is asked within a server; Started is since when.
	Running bool
	Started time.Time
	// Absent says why no server answers, for the command.
	Absent Absence

	// Database looks into the database; nil where it runs only with the server.
	Database func(ctx context.Context) (Database, error)
	// Engine looks at what starts browsers.
	Engine func(ctx context.Context) Engine
	// Relay says what the server's relay listens on.
	Relay func() Relay
	// Certificates are those that the server itself presents; nil where it has none.
	Certificates func() []Certificate
	// PlainHTTP says why nothing listens for plain HTTP where TLS ends at the server, and the mend; empty when all is well.
	PlainHTTP func() string
	// Backups looks at those that are kept.
	Backups func() Backups
	// ICEServers are a page's, with credentials.
	ICEServers func(peer, host string, ended bool) []wire.ICEServer

	// System and Network are the machine's; the real ones when nil.
	System  System
	Network Network
	Now     func() time.Time
	Log     *slog.Logger
}

// Absence is why the command looks by itself.
type Absence int

const (
	// Nobody runs a server on the data folder.
	Nobody Absence = iota + 1
	// Silent is a server that does not answer.
	Silent
)

// Visit is a request as it came to the server.
type Visit struct {
	// Peer is who made the connection, Client who that says it is for; the same where there is no trusted proxy.
	Peer, Client string
	// Trusted says that Peer is one of the trusted proxies, Forwarded that the request has a header of proxies about the client.
	Trusted, Forwarded bool
	Host               string
	// ForwardedHost and ForwardedProto are X-Forwarded-Host and -Proto as they came.
	ForwardedHost, ForwardedProto string
	Secure                        bool
	// Ended says that TLS ended at this server, and not at a proxy.
	Ended bool
}

// Doctor examines a box. It is safe for concurrent use.
type Doctor struct{ box Box }

// New returns a doctor for a box. It starts nothing.
func New(b Box) *Doctor {
	if b.System == nil {
		b.System = machine{}
	}
	if b.Network == nil {
		b.Network = internet{}
	}
	if b.Now == nil {
		b.Now = time.Now
	}
	return &Doctor{b}
}

// Examine runs all checks. v is nil for a command's question; person names whose page asks, for credentials of the relay.
func (d *Doctor) Examine(ctx context.Context, v *Visit, person string) wire.DoctorReport {
	b := &d.box
	r := wire.DoctorReport{
		CheckedAt: b.Now().UTC(), Version: b.Version, Running: b.Running, Checks: examine(ctx, b.checks(v)), IceServers: []wire.ICEServer{},
	}
	if v == nil {
		return r
	}
	r.Visit = &wire.DoctorVisit{Host: v.Host, Address: v.Client, Secure: v.Secure}
	if b.ICEServers != nil {
		r.IceServers = append(r.IceServers, b.ICEServers("doctor:"+person, v.Host, v.Ended)...)
	}
	return r
}

// checks are all, in the order in which they are shown.
func (b *Box) checks(v *Visit) []Check {
	checks := []Check{
		{"server", "Server", func(context.Context) Result { return b.server() }},
		{"settings", "Settings", func(context.Context) Result { return b.settings() }},
		{"engine", "Browsers' engine", b.engine},
		{"image", "Browsers' image", b.image},
		{"database", "Database", b.database},
		{"backup", "Nightly backup", func(context.Context) Result { return b.backups() }},
		{"address", "Public address", b.address},
		{"web", "Way to the page", b.web},
		{"tls", "HTTPS", b.tls},
		{"relay", "Way to the relay", b.relay},
		{"ice", "Other STUN and TURN servers", b.ice},
		{"media", "Browsers' ports", b.media},
	}
	if v != nil {
		checks = append(checks, Check{"proxy", "Reverse proxy", func(context.Context) Result { return proxy(*v, b.Config) }})
	}
	return append(checks,
		Check{"clock", "Clock", b.clock},
		Check{"memory", "Memory", func(context.Context) Result { return b.memory() }},
		Check{"processor", "Processor", func(context.Context) Result { return b.processor() }},
		Check{"disk", "Disk", b.disk},
		Check{"files", "Open files", func(context.Context) Result { return b.files() }},
		Check{"folder", "Data folder", func(context.Context) Result { return b.folder() }},
	)
}
