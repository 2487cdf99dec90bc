package remote

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"turtus/services/browsers"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// request is what a start says: all of browsers.Spec, and nothing that is the launcher's to decide.
type request struct {
	Run             uuid.UUID `json:"run"`
	Room            uuid.UUID `json:"room"`
	Token           string    `json:"token"`
	StartURL        string    `json:"startUrl"`
	Width           int       `json:"width"`
	Height          int       `json:"height"`
	Depth           int       `json:"depth"`
	FrameRate       int       `json:"frameRate"`
	ViewerTimeoutMS int64     `json:"viewerTimeoutMs"`
	SignalTimeoutMS int64     `json:"signalTimeoutMs"`
	// Memory to Processes are browsers.Limits, which the launcher's own settings bound.
	Memory    int64   `json:"memory,omitempty"`
	Shared    int64   `json:"shared,omitempty"`
	CPUs      float64 `json:"cpus,omitempty"`
	Processes int     `json:"processes,omitempty"`

	Addresses []netip.Addr `json:"addresses,omitempty"`
	Resolvers []netip.Addr `json:"resolvers,omitempty"`
	Own       []netip.Addr `json:"own,omitempty"`
}

func requestOf(s browsers.Spec) request {
	return request{
		Run: s.Run, Room: s.Room.UUID(), Token: s.Token, StartURL: s.StartURL, Width: s.Width, Height: s.Height, Depth: s.Depth, FrameRate: s.FrameRate,
		ViewerTimeoutMS: s.ViewerTimeout.Milliseconds(), SignalTimeoutMS: s.SignalTimeout.Milliseconds(),
		Memory: s.Limits.Memory, Shared: s.Limits.Shared, CPUs: s.Limits.CPUs, Processes: s.Limits.Processes, Addresses: s.Addresses, Resolvers: s.Resolvers, Own: s.Own,
	}
}

// decodeStart reads the body of a start and checks every field of it. The error is a *wire.Error.
func decodeStart(body []byte) (browsers.Spec, error) {
	var r request
	if err := decode(body, &r); err != nil {
		return browsers.Spec{}, err
	}
	if wrong := r.check(); len(wrong) > 0 {
		return browsers.Spec{}, invalid(wrong...)
	}
	return browsers.Spec{
		Run: r.Run, Room: rooms.ID(r.Room), Token: r.Token, StartURL: r.StartURL, Width: r.Width, Height: r.Height, Depth: r.Depth, FrameRate: r.FrameRate,
		ViewerTimeout: time.Duration(r.ViewerTimeoutMS) * time.Millisecond, SignalTimeout: time.Duration(r.SignalTimeoutMS) * time.Millisecond,
		Limits: browsers.Limits{Memory: r.Memory, Shared: r.Shared, CPUs: r.CPUs, Processes: r.Processes}, Addresses: r.Addresses, Resolvers: r.Resolvers, Own: r.Own,
	}, nil
}

const (
	maxToken = 4096
	maxURL   = 2048
	day      = int64(24 * time.Hour / time.Millisecond)
	// maxAddresses bounds each list of addresses.
	maxAddresses = 64
	maxOwn       = 256
	maxMemory    = int64(1) << 40
)

// check keeps to the bounds of the contract and of the settings.
func (r request) check() (wrong []wire.FieldProblem) {
	fail := func(field, format string, args ...any) {
		wrong = append(wrong, wire.FieldProblem{Field: field, Detail: fmt.Sprintf(format, args...)})
	}
	within := func(field string, value, least, most int64) {
		if value < least || value > most {
			fail(field, "is from %d to %d", least, most)
		}
	}
	for _, id := range []struct {
		field string
		value uuid.UUID
		none  bool
	}{{"run", r.Run, false}, {"room", r.Room, true}} { // a browser that is kept warm has no room yet
		if (id.value.Variant() != uuid.RFC4122 || id.value.Version() != 7) && !(id.none && id.value == uuid.Nil) {
			fail(id.field, "is an id of version 7")
		}
	}
	if r.Token == "" || len(r.Token) > maxToken || strings.ContainsFunc(r.Token, notOfToken) {
		fail("token", "is 1 to %d letters, digits and -_.", maxToken)
	}
	if !isStartURL(r.StartURL) {
		fail("startUrl", "is empty, about:blank or an http or https address of at most %d bytes", maxURL)
	}
	for _, side := range []struct {
		field string
		value int
		least int64
		most  int64
	}{{"width", r.Width, 320, 1920}, {"height", r.Height, 240, 1080}} {
		within(side.field, int64(side.value), side.least, side.most)
		if side.value%2 != 0 {
			fail(side.field, "is even")
		}
	}
	if r.Depth != 24 {
		fail("depth", "is 24")
	}
	within("frameRate", int64(r.FrameRate), 5, 60)
	within("viewerTimeoutMs", r.ViewerTimeoutMS, 1000, day)
	within("signalTimeoutMs", r.SignalTimeoutMS, 1000, day)
	within("memory", r.Memory, 0, maxMemory)
	within("shared", r.Shared, 0, maxMemory)
	within("processes", int64(r.Processes), 0, 1<<20)
	if r.CPUs < 0 || r.CPUs > 1024 {
		fail("cpus", "is from 0 to 1024")
	}
	for _, list := range []struct {
		field string
		value []netip.Addr
		most  int
	}{{"addresses", r.Addresses, maxAddresses}, {"resolvers", r.Resolvers, maxAddresses}, {"own", r.Own, maxOwn}} {
		if len(list.value) > list.most || slices.ContainsFunc(list.value, notOfHost) {
			fail(list.field, "is a list of %d addresses of single machines at most", list.most)
		}
	}
	return wrong
}

// notOfHost is true for what is no single machine's address, and for a second way to write one.
func notOfHost(a netip.Addr) bool {
	return !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a.Is4In6() || a.Zone() != "" || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// bound keeps limits to the launcher's own: what is not asked for is its own, and so is more.
func bound(asked, own browsers.Limits) browsers.Limits {
	return browsers.Limits{
		Memory: atMost(asked.Memory, own.Memory), Shared: atMost(asked.Shared, own.Shared),
		CPUs: atMost(asked.CPUs, own.CPUs), Processes: atMost(asked.Processes, own.Processes),
	}
}

// atMost takes 0 for what was not said.
func atMost[T int | int64 | float64](asked, own T) T {
	if asked == 0 || own == 0 {
		return max(asked, own)
	}
	return min(asked, own)
}

// notOfToken is true for what is in no JSON Web Token.
func notOfToken(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
}

// isStartURL takes no more than what a room's start page may be. It begins with a letter, so that no program takes it for an option.
func isStartURL(text string) bool {
	if text == "" || text == "about:blank" {
		return true
	}
	if len(text) > maxURL || !utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) || unicode.IsSpace(c) }) {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// parseGrace reads the body of an end.
func parseGrace(body []byte) (time.Duration, error) {
	var s stop
	if err := decode(body, &s); err != nil {
		return 0, err
	}
	if s.GraceMS < 0 || s.GraceMS > maxGrace.Milliseconds() {
		return 0, invalid(wire.FieldProblem{Field: "graceMs", Detail: fmt.Sprintf("is from 0 to %d", maxGrace.Milliseconds())})
	}
	return time.Duration(s.GraceMS) * time.Millisecond, nil
}

// isHandle knows the form of a Launcher's names. Which of them are browsers, the Server looks up.
func isHandle(h browsers.Handle) bool {
	return h != "" && len(h) <= 128 && !strings.ContainsFunc(string(h), notOfToken)
}

// decode reads exactly one JSON object with known fields alone.
func decode(body []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(to)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.New("something follows the object")
	}
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrongType.Field != "" {
		return invalid(wire.FieldProblem{Field: wrongType.Field, Detail: "is no " + wrongType.Value})
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return invalid(wire.FieldProblem{Field: strings.Trim(name, `"`), Detail: "is not known here; the server and the launcher have to be of one version"})
	}
	return wire.Errorf(wire.ErrorCodeMalformedJSON, "The body is not what it should be: %v.", err)
}

func invalid(wrong ...wire.FieldProblem) error {
	details := make([]string, len(wrong))
	for i, w := range wrong {
		details[i] = w.Field + " " + w.Detail
	}
	return &wire.Error{Code: wire.ErrorCodeInvalidField, Detail: strings.Join(details, "; "), Fields: wrong}
}
