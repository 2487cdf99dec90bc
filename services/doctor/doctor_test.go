package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/config"
	"turtus/services/postgres"
	"turtus/services/wire"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// small is a machine with nothing wrong.
type small struct {
	memory, disk, files uint64
	cores, load         float64
	kept                bool
	err                 error
}

func (s small) Memory() (uint64, uint64, error)          { return 8 << 30, s.memory, s.err }
func (s small) Processors() float64                      { return s.cores }
func (s small) Load() (float64, error)                   { return s.load, s.err }
func (s small) Disk(path string) (uint64, uint64, error) { return s.disk, 100 << 30, s.err }
func (s small) Files() (uint64, error)                   { return s.files, s.err }
func (s small) ClockKept() (bool, error)                 { return s.kept, s.err }

// world is a network where names lead to addresses, and some of what is asked answers.
type world struct {
	names       map[string]string
	healthy     error
	silent      []string // transports and addresses
	certificate Certificate
	noTLS       error
	taken       []int
}

func (n world) Resolve(_ context.Context, host string) (found []netip.Addr, err error) {
	for text := range strings.FieldsSeq(n.names[host]) {
		found = append(found, netip.MustParseAddr(text))
	}
	return found, nil
}
func (n world) Healthy(context.Context, string) error { return n.healthy }
func (n world) Certificate(context.Context, string, string) (Certificate, error) {
	return n.certificate, n.noTLS
}
func (n world) STUN(_ context.Context, transport, address string) error {
	if slices.Contains(n.silent, transport) || slices.Contains(n.silent, address) {
		return os.ErrDeadlineExceeded
	}
	return nil
}
func (n world) Free(port int, _ bool) bool { return !slices.Contains(n.taken, port) }

// healthy is a server on the Internet with nothing wrong.
func healthy(t *testing.T) Box {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "secrets"), 0o700))
	return Box{
		Config: config.Config{
			Addr: ":8080", PublicURL: "https://watch.example.org", DataDir: dir, MaxBrowsers: 4, RelayPort: 3478, BackupHour: 3, BackupKeep: 14,
		},
		Version: "v1", Running: true, Started: now.Add(-26 * time.Hour), Now: func() time.Time { return now },
		System: small{memory: 4 << 30, disk: 50 << 30, files: 20000, cores: 4, load: 1, kept: true},
		Network: world{
			names:       map[string]string{"watch.example.org": "203.0.113.7 2001:db8::7", "inside": "10.0.0.5", "self": "127.0.0.1", "relay.example.org": "203.0.113.8"},
			certificate: Certificate{Names: []string{"watch.example.org"}, Issuer: "R11", NotAfter: now.AddDate(0, 0, 60)},
		},
		Engine: func(context.Context) Engine {
			return Engine{Launcher: "docker", Available: true, Isolated: true, Version: "28", Image: "turtus-browser", ImageThere: true, ImageVersion: "v1", Folder: "/var/lib/docker", Running: 1}
		},
		Database: func(context.Context) (Database, error) {
			return Database{Version: "17.2", Size: 24 << 20, Latency: time.Millisecond, Schema: 3, Newest: 3}, nil
		},
		Relay:   func() Relay { return Relay{Port: 3478, UDP: true, TCP: true} },
		Backups: func() Backups { return Backups{Dir: "/backups", Newest: now.Add(-9 * time.Hour), Size: 5e6} },
	}
}

func TestTheRelaysUseIsTold(t *testing.T) {
	used := Use{Addresses: 3, OverTCP: 1, Bytes: 2_500_000_000, Refused: 4}
	require.Equal(t, "relays for 3 addresses now (1 connections by TCP or TLS), since the start 2.5 GB; 4 refused", used.String())
	b := healthy(t)
	b.Relay = func() Relay { return Relay{Port: 3478, UDP: true, TCP: true, Use: used} }
	require.Contains(t, b.relay(t.Context()).Found, used.String())
}

func visit() *Visit {
	return &Visit{Peer: "203.0.113.9:5000", Client: "203.0.113.9:5000", Host: "watch.example.org", Secure: true}
}

func TestAHealthyServerHasNothingToMend(t *testing.T) {
	b := healthy(t)
	r := New(b).Examine(t.Context(), visit(), "ada")
	for _, c := range r.Checks {
		require.Equal(t, wire.DoctorStateOk, c.State, "%s: %s", c.Id, c.Found)
		require.Nil(t, c.Code)
		require.Nil(t, c.Mend)
		require.NotEmpty(t, c.Found, c.Id)
	}
	require.False(t, Failed(r))
	require.Equal(t, "watch.example.org", r.Visit.Host)
}

// faults are all that a check can find: what is changed about a healthy server, which check sees it, and as what.
func faults() []fault {
	setting := func(change func(c *config.Config)) func(b *Box) { return func(b *Box) { change(&b.Config) } }
	engine := func(change func(e *Engine)) func(b *Box) {
		return func(b *Box) {
			e := b.Engine(context.Background())
			change(&e)
			b.Engine = func(context.Context) Engine { return e }
		}
	}
	database := func(change func(d *Database)) func(b *Box) {
		return func(b *Box) {
			d, _ := b.Database(context.Background())
			change(&d)
			b.Database = func(context.Context) (Database, error) { return d, nil }
		}
	}
	noDatabase := func(url string, err error) func(b *Box) {
		return func(b *Box) {
			b.Config.DatabaseURL = url
			b.Database = func(context.Context) (Database, error) { return Database{}, fmt.Errorf("%w: why", err) }
		}
	}
	backups := func(change func(k *Backups)) func(b *Box) {
		return func(b *Box) {
			k := b.Backups()
			change(&k)
			b.Backups = func() Backups { return k }
		}
	}
	system := func(change func(s *small)) func(b *Box) {
		return func(b *Box) {
			s := b.System.(small)
			change(&s)
			b.System = s
		}
	}
	network := func(change func(n *world)) func(b *Box) {
		return func(b *Box) {
			n := b.Network.(world)
			change(&n)
			b.Network = n
		}
	}
	certificate := func(change func(c *Certificate)) func(b *Box) {
		return network(func(n *world) { change(&n.certificate) })
	}
	and := func(all ...func(b *Box)) func(b *Box) {
		return func(b *Box) {
			for _, f := range all {
				f(b)
			}
		}
	}
	stopped := func(b *Box) { b.Running, b.Database, b.Engine, b.Relay, b.Absent = false, nil, nil, nil, Nobody }
	unreadable := system(func(s *small) { s.err = errors.New("no /proc here") })
	own := func(c Certificate) func(b *Box) {
		return func(b *Box) { b.Certificates = func() []Certificate { return []Certificate{c} } }
	}
	return []fault{
		{"server", "server_down", stopped},
		{"server", "server_silent", and(stopped, func(b *Box) { b.Absent = Silent })},
		{"settings", "settings_adjusted", setting(func(c *config.Config) { c.Adjusted = []config.Problem{{Name: "TURTUS_WIDTH", Text: "is 1920 now"}} })},
		{"engine", "engine_unknown", stopped},
		{"engine", "engine_unavailable", engine(func(e *Engine) { e.Available, e.Why = false, "Start Docker." })},
		{"engine", "engine_none_allowed", setting(func(c *config.Config) { c.MaxBrowsers = 0 })},
		{"engine", "engine_no_isolation", engine(func(e *Engine) { e.Isolated = false })},
		{"image", "image_unknown", stopped},
		{"image", "image_unknown", engine(func(e *Engine) { e.Available, e.Why = false, "Start Docker." })},
		{"image", "image_missing", engine(func(e *Engine) { e.ImageThere = false })},
		{"image", "image_other_version", engine(func(e *Engine) { e.ImageVersion = "v0" })},
		{"database", "database_unknown", stopped},
		{"database", "database_unreachable", noDatabase("", postgres.ErrUnreachable)},
		{"database", "database_unreachable", noDatabase("postgres://x", postgres.ErrUnreachable)},
		{"database", "database_refused", noDatabase("postgres://x", postgres.ErrRefused)},
		{"database", "database_too_old", noDatabase("postgres://x", postgres.ErrTooOld)},
		{"database", "database_behind", database(func(d *Database) { d.Schema = 2 })},
		{"database", "database_newer", database(func(d *Database) { d.Schema = 4 })},
		{"database", "database_slow", database(func(d *Database) { d.Latency = 80 * time.Millisecond })},
		{"backup", "backup_unknown", func(b *Box) { b.Backups = nil }},
		{"backup", "backup_failed", backups(func(k *Backups) { k.Failed = errors.New("the disk is full") })},
		{"backup", "backup_off", setting(func(c *config.Config) { c.BackupKeep = 0 })},
		{"backup", "backup_none", backups(func(k *Backups) { k.Newest = time.Time{} })},
		{"backup", "backup_old", backups(func(k *Backups) { k.Newest = now.Add(-31 * time.Hour) })},
		{"address", "address_unresolved", setting(func(c *config.Config) { c.PublicURL = "https://typo.example.org" })},
		{"address", "address_loopback", setting(func(c *config.Config) { c.PublicURL = "https://self" })},
		{"address", "address_private", setting(func(c *config.Config) { c.PublicURL = "https://inside" })},
		{"address", "address_private", setting(func(c *config.Config) { c.PublicURL = "http://100.64.3.4" })},
		{"address", "relay_unresolved", setting(func(c *config.Config) { c.PublicAddress = "typo.example.org" })},
		{"address", "relay_private", setting(func(c *config.Config) { c.PublicAddress = "192.168.1.5" })},
		{"web", "web_unknown", stopped},
		{"web", "web_refused", network(func(n *world) { n.healthy = syscall.ECONNREFUSED })},
		{"web", "web_other", network(func(n *world) { n.healthy = fmt.Errorf("%w (404)", errOther) })},
		{"web", "web_timeout", network(func(n *world) { n.healthy = context.DeadlineExceeded })},
		{"web", "web_broken", network(func(n *world) { n.healthy = errors.New("remote error: tls: handshake failure") })},
		{"tls", "tls_none", setting(func(c *config.Config) { c.PublicURL = "http://watch.example.org" })},
		{"tls", "tls_none", setting(func(c *config.Config) { c.PublicURL = "" })},
		{"tls", "tls_no_plain", func(b *Box) {
			b.Certificates, b.PlainHTTP = func() []Certificate { return nil }, func() string { return "End it." }
		}},
		{"tls", "tls_coming", own(Certificate{Names: []string{"watch.example.org"}})},
		{"tls", "tls_missing", own(Certificate{Names: []string{"watch.example.org"}, Advice: "Open the ports."})},
		{"tls", "tls_not_renewed", own(Certificate{Names: []string{"watch.example.org"}, NotAfter: now.AddDate(0, 0, 5), Advice: "Open the ports."})},
		{"tls", "tls_unknown", network(func(n *world) { n.noTLS = context.DeadlineExceeded })},
		{"tls", "tls_broken", network(func(n *world) { n.noTLS = syscall.ECONNREFUSED })},
		{"tls", "tls_broken", certificate(func(c *Certificate) { c.Problem = errors.New("too many names") })},
		{"tls", "tls_expired", certificate(func(c *Certificate) { c.NotAfter = now.Add(-time.Hour) })},
		{"tls", "tls_ends_soon", certificate(func(c *Certificate) { c.NotAfter = now.AddDate(0, 0, 13) })},
		{"tls", "tls_name", certificate(func(c *Certificate) {
			*c = certificateFor(now.AddDate(0, 0, 60), "other.example.org", "watch.example.org")
		})},
		{"tls", "tls_self_signed", certificate(func(c *Certificate) {
			*c = certificateFor(now.AddDate(0, 0, 60), "watch.example.org", "watch.example.org")
		})},
		{"tls", "tls_none", setting(func(c *config.Config) { c.Addr, c.PublicURL, c.TLS = "localhost:8080", "", "self-signed" })}, // nothing of it is there
		{"relay", "relay_off", setting(func(c *config.Config) { c.RelayPort = 0 })},
		{"relay", "relay_unknown", stopped},
		{"relay", "relay_port_taken", func(b *Box) { b.Relay = func() Relay { return Relay{Port: 3478, UDP: true} } }},
		{"relay", "relay_unreachable", network(func(n *world) { n.silent = []string{"udp"} })},
		{"relay", "relay_timeout", network(func(n *world) { n.silent = []string{"udp", "tcp"} })},
		{"ice", "ice_silent", and(setting(func(c *config.Config) {
			c.ICEServers = config.ICEServers{{URLs: []string{"stun:a.example.org", "turn:b.example.org:99?transport=tcp"}}}
		}), network(func(n *world) { n.silent = []string{"b.example.org:99"} }))},
		{"media", "media_few", setting(func(c *config.Config) { c.MediaPorts = config.PortRange{Min: 52000, Max: 52002} })},
		{"media", "media_taken", and(setting(func(c *config.Config) { c.MediaPorts = config.PortRange{Min: 52000, Max: 52004} }),
			network(func(n *world) { n.taken = []int{52000, 52001, 52002} }))},
		{"clock", "clock_not_kept", system(func(s *small) { s.kept = false })},
		{"clock", "clock_differs", and(setting(func(c *config.Config) { c.DatabaseURL = "postgres://x" }), database(func(d *Database) { d.Offset = -time.Minute }))},
		{"memory", "memory_low", system(func(s *small) { s.memory = 700 << 20 })},
		{"memory", "memory_unknown", unreadable},
		{"processor", "processor_small", system(func(s *small) { s.cores = 1 })},
		{"processor", "processor_busy", system(func(s *small) { s.load = 9 })},
		{"disk", "disk_full", system(func(s *small) { s.disk = 100 << 20 })},
		{"disk", "disk_low", system(func(s *small) { s.disk = 1 << 30 })},
		{"disk", "disk_unknown", unreadable},
		{"files", "files_few", system(func(s *small) { s.files = 1024 })},
		{"files", "files_unknown", unreadable},
		{"folder", "folder_broken", func(b *Box) { b.Config.DataDir = "/proc/self/status" }},
		{"folder", "folder_read_only", func(b *Box) { b.Config.DataDir = "/proc" }},
		{"folder", "folder_open", func(b *Box) {
			secrets := filepath.Join(b.Config.DataDir, "secrets")
			_ = os.Chmod(secrets, 0o755)
			_ = os.WriteFile(filepath.Join(secrets, "relay"), nil, 0o600)
			_ = os.Chmod(filepath.Join(secrets, "relay"), 0o644)
		}},
	}
}

type fault struct {
	check, code string
	change      func(b *Box)
}

func TestEachFaultIsFoundByItsCheckWithTheMend(t *testing.T) {
	for _, f := range faults() {
		b := healthy(t)
		f.change(&b)
		r := New(b).Examine(t.Context(), nil, "")
		i := slices.IndexFunc(r.Checks, func(c wire.DoctorCheck) bool { return c.Id == f.check })
		require.GreaterOrEqual(t, i, 0, f.check)
		c := r.Checks[i]
		require.NotNil(t, c.Code, "%s: %s", f.code, c.Found)
		require.Equal(t, f.code, *c.Code)
		require.NotEqual(t, wire.DoctorStateOk, c.State, f.code)
		require.NotEmpty(t, c.Found, f.code)
		require.NotNil(t, c.Mend, f.code)
		require.Contains(t, *c.Mend, ".", "a sentence: %s", f.code)
	}
}

func TestWhatIsRightIsNotBlamed(t *testing.T) {
	for name, change := range map[string]func(b *Box){
		"localhost alone":           func(b *Box) { b.Config.Addr, b.Config.PublicURL = "localhost:8080", "" },
		"a fresh server, no backup": func(b *Box) { b.Started = now.Add(-time.Minute); b.Backups = func() Backups { return Backups{} } },
		"a relay somewhere else":    func(b *Box) { b.Config.PublicAddress = "relay.example.org" },
		"another TURN server": func(b *Box) {
			b.Config.RelayPort, b.Config.ICEServers = 0, config.ICEServers{{URLs: []string{"turns:turn.example.org"}}}
		},
		"ports that our browsers have": func(b *Box) {
			b.Config.MediaPorts = config.PortRange{Min: 52000, Max: 52003}
			n := b.Network.(world)
			n.taken = []int{52000}
			b.Network = n
		},
		"a container that can't ask of the clock": func(b *Box) { b.System = kept{b.System.(small)} },
	} {
		b := healthy(t)
		change(&b)
		for _, c := range New(b).Examine(t.Context(), visit(), "").Checks {
			require.Equal(t, wire.DoctorStateOk, c.State, "%s: %s: %s", name, c.Id, c.Found)
		}
	}
}

// kept is a machine that doesn't tell of its clock.
type kept struct{ small }

func (kept) ClockKept() (bool, error) { return false, syscall.EPERM }

func TestHowARequestCameTellsWhatStandsInFront(t *testing.T) {
	proxied := Visit{Peer: "172.18.0.2:5000", Client: "203.0.113.9", Trusted: true, Forwarded: true, Host: "watch.example.org", Secure: true}
	for code, c := range map[string]struct {
		change    func(v *Visit)
		publicURL string
	}{
		"":                  {func(*Visit) {}, "https://watch.example.org"},
		"proxy_untrusted":   {func(v *Visit) { v.Trusted = false }, "https://watch.example.org"},
		"proxy_silent":      {func(v *Visit) { v.Forwarded, v.Client = false, v.Peer }, "https://watch.example.org"},
		"proxy_contradicts": {func(v *Visit) { v.Client = v.Peer }, "https://watch.example.org"},
		"proxy_host":        {func(v *Visit) { v.Host, v.ForwardedHost = "turtus:8080", "watch.example.org" }, ""},
		"proxy_https":       {func(v *Visit) { v.Secure, v.ForwardedProto = false, "https" }, ""},
	} {
		v := proxied
		c.change(&v)
		r := proxy(v, config.Config{PublicURL: c.publicURL})
		require.Equal(t, code, r.Code)
		require.Equal(t, code == "", r.Mend == "")
	}
	require.Contains(t, proxy(Visit{Peer: "172.18.0.2:5000", Client: "172.18.0.2:5000", Forwarded: true}, config.Config{}).Mend, "TURTUS_TRUSTED_PROXIES=172.18.0.2.")
	require.Empty(t, proxy(*visit(), config.Config{}).Code)
}

func TestACheckThatHangsIsUnknownAndStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time passes when all wait
		hang := make(chan struct{})
		defer close(hang)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		found := examine(ctx, []Check{
			{"stuck", "Stuck", func(context.Context) Result { <-hang; return ok("late") }},
			{"late", "Late", func(ctx context.Context) Result { <-ctx.Done(); return unknown("late", "it says why", "", "Wait.") }},
			{"fine", "Fine", func(context.Context) Result { return ok("fine") }},
		})
		require.Equal(t, "no_answer", *found[0].Code)
		require.Equal(t, "it says why", found[1].Found)
		require.Equal(t, wire.DoctorStateOk, found[2].State)
	})
}

func TestWrongSettingsAreAReportToo(t *testing.T) {
	r := Wrong(&config.Error{Problems: []config.Problem{{Name: "TURTUS_WIDTH", Text: "no number"}}}, "v1", now)
	require.True(t, Failed(r))
	require.Contains(t, r.Checks[0].Found, "TURTUS_WIDTH: no number")
}

func TestTheReportIsReadableWithAndWithoutColours(t *testing.T) {
	b := healthy(t)
	b.Config.MaxBrowsers = 0
	b.Config.Adjusted = []config.Problem{{Name: "TURTUS_WIDTH", Text: strings.Repeat("many words ", 30)}}
	r := New(b).Examine(t.Context(), nil, "")
	var plain, coloured bytes.Buffer
	Print(&plain, r, false, 80)
	Print(&coloured, r, true, 80)
	require.NotContains(t, plain.String(), "\x1b")
	require.Equal(t, plain.String(), regexp.MustCompile(`\x1b\[\d*m`).ReplaceAllString(coloured.String(), ""))
	require.Contains(t, plain.String(), "→ Set TURTUS_MAX_BROWSERS to 1 or more.")
	require.Contains(t, plain.String(), fmt.Sprintf("%d of %d checks are all right, 2 to look at.", len(r.Checks)-2, len(r.Checks)))
	for line := range strings.Lines(plain.String()) {
		require.LessOrEqual(t, len([]rune(line)), 121, line) // but for a folder's long name
	}
}

func TestTheDocumentationHasEveryCode(t *testing.T) {
	page, err := os.ReadFile("../../docs/operating/doctor.md")
	require.NoError(t, err)
	var documented, known []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllSubmatch(page, -1) {
		documented = append(documented, string(match[1]))
	}
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, match := range regexp.MustCompile(`(?:warn|fail|unknown)\("([a-z_]+)"`).FindAllSubmatch(text, -1) {
			known = append(known, string(match[1]))
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	require.ElementsMatch(t, known, documented)
	var tried []string
	for _, f := range faults() {
		tried = append(tried, f.code)
	}
	for _, code := range known {
		untried := []string{"no_answer", "settings_wrong", "folder_closed"}
		require.True(t, slices.Contains(tried, code) || strings.HasPrefix(code, "proxy_") || slices.Contains(untried, code), "no test finds %s", code)
	}
}
