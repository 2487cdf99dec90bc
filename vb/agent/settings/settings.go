// Package settings reads what turtus-agent is told by flags and by the environment. The command calls it; a wrong value
// is named at the start, with the flag and the variable that it came from.
package settings

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"turtus/services/wire"
)

// Prefix of the environment variables: TURTUS_VB_FRAME_RATE is --frame-rate. A flag wins over its variable.
const Prefix = "TURTUS_VB_"

// ErrHelp: help was asked for and given.
var ErrHelp = pflag.ErrHelp

// Settings of an agent.
type Settings struct {
	SignalServer  string
	Token         string // by the environment or a file alone: a command line is everybody's to read
	Timeout       time.Duration
	SignalTimeout time.Duration
	Verbosity     slog.Level
	Width, Height int
	Depth         int
	FrameRate     int
	Bitrate       int
	StartURL      string
	Home          string
	UDPPort       int
	TCPPort       int
	Addresses     []netip.Addr
	Loopback      bool
	OneByOne      bool
	ICEServers    []wire.ICEServer
	Firefox       string
	Metrics       string // path of the socket; empty: in the browser's folder
}

// raw are the values as given.
type raw struct {
	signalServer, startURL, home, iceServers, firefox, metrics, addresses string
	timeout, signalTimeout                                                int64
	verbosity                                                             string
	width, height, depth, frameRate, bitrate, udpPort, tcpPort            int
	loopback, oneByOne                                                    bool
}

// Read takes the arguments (without the program's name) and the environment by its lookup, as os.LookupEnv. The usage
// goes to help. All that is wrong is said at once.
func Read(args []string, lookup func(string) (string, bool), help io.Writer) (Settings, error) {
	var r raw
	flags := newFlags(&r)
	flags.SetOutput(help)
	flags.Usage = func() {
		fmt.Fprintf(help, "turtus-agent: a virtual browser: Firefox on a display of its own, streamed to the viewers of a room.\n\n%s\n"+
			"Each flag has an environment variable: %sFRAME_RATE is --frame-rate. A flag wins.\n"+
			"The token for the hub comes by %sTOKEN or, from a file, by %sTOKEN_FILE; - is the first line of its input.\n",
			flags.FlagUsages(), Prefix, Prefix, Prefix)
	}
	if err := flags.Parse(args); err != nil {
		return Settings{}, err
	}
	if flags.NArg() > 0 {
		return Settings{}, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	var wrong []error
	flags.VisitAll(func(f *pflag.Flag) {
		value, there := lookup(variable(f.Name))
		if f.Changed || !there {
			return
		}
		if err := f.Value.Set(value); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", variable(f.Name), err))
		}
	})
	s, errs := r.check()
	wrong = append(wrong, errs...)
	token, err := readToken(lookup, os.Stdin)
	if err != nil {
		wrong = append(wrong, err)
	}
	s.Token = token
	return s, errors.Join(wrong...)
}

func variable(flag string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func newFlags(r *raw) *pflag.FlagSet {
	f := pflag.NewFlagSet("turtus-agent", pflag.ContinueOnError)
	f.SortFlags = false
	f.StringVarP(&r.signalServer, "signal-server", "s", "", "address of the signalling hub, ws:// or wss://, or unix:// with the path of its socket (required)")
	f.Int64VarP(&r.timeout, "timeout", "t", 60000, "how long it stays without viewers, in ms; 0: for ever")
	f.StringVarP(&r.verbosity, "verbosity", "v", "info", "what it logs: debug, info, warn or error")
	f.IntVar(&r.width, "width", 1280, "of the screen, in pixels")
	f.IntVar(&r.height, "height", 720, "of the screen, in pixels")
	f.IntVar(&r.depth, "depth", 24, "of a pixel, in bits; only 24 can be streamed")
	f.IntVar(&r.frameRate, "frame-rate", 30, "frames per second at most")
	f.IntVar(&r.bitrate, "bitrate", 0, "cap of the picture, in bits per second; 0: by size and frame rate")
	f.StringVar(&r.startURL, "start-url", "about:blank", "page that Firefox opens with")
	f.StringVar(&r.home, "home", "", "folder in which it makes one of its own and removes it; the system's temporary folder when empty")
	f.IntVar(&r.udpPort, "udp-port", 0, "UDP port for all viewers; 0: a free one for each")
	f.IntVar(&r.tcpPort, "tcp-port", 0, "TCP port for viewers whose network lets no UDP through; 0: none")
	f.StringVar(&r.addresses, "addresses", "", "further addresses to offer with these ports, separated by commas: those of the machine around a container, which forwards them")
	f.BoolVar(&r.loopback, "loopback", false, "offer 127.0.0.1 to viewers even where there is a network")
	f.BoolVar(&r.oneByOne, "one-by-one", false, "send each packet by a system call of its own: for a network that loses what the kernel cuts (UDP_SEGMENT)")
	f.StringVar(&r.iceServers, "ice-servers", "", "STUN and TURN servers instead of the hub's: a JSON list as in RTCConfiguration")
	f.StringVar(&r.firefox, "firefox", "", "path of Firefox; firefox-esr or firefox when empty")
	f.StringVar(&r.metrics, "metrics", "", "path of the Unix socket that serves metrics to Prometheus; metrics.sock in the browser's own folder when empty")
	f.Int64Var(&r.signalTimeout, "signal-timeout", 60000, "how long the hub may be away, in ms; 0: for ever")
	return f
}

func (r raw) check() (Settings, []error) {
	var wrong []error
	fail := func(flag, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("--%s (%s): %s", flag, variable(flag), fmt.Sprintf(format, args...)))
	}
	within := func(flag string, value, low, high int64) {
		if value < low || value > high {
			fail(flag, "%d must be within %d and %d", value, low, high)
		}
	}
	const longest = int64(365 * 24 * time.Hour / time.Millisecond)
	within("timeout", r.timeout, 0, longest)
	within("signal-timeout", r.signalTimeout, 0, longest)
	within("width", int64(r.width), 64, 4096)
	within("height", int64(r.height), 64, 4096)
	within("frame-rate", int64(r.frameRate), 1, 120)
	within("udp-port", int64(r.udpPort), 0, 65535)
	within("tcp-port", int64(r.tcpPort), 0, 65535)
	if r.bitrate != 0 {
		within("bitrate", int64(r.bitrate), 100_000, 100_000_000)
	}
	if r.depth != 24 {
		fail("depth", "%d bits can't be streamed, only 24 can", r.depth)
	}
	if r.signalServer == "" {
		fail("signal-server", "is required")
	} else if !isHub(r.signalServer) {
		fail("signal-server", "%q is no ws:// or wss:// address, and no unix:// with a path", r.signalServer)
	}
	if u, err := url.Parse(r.startURL); err != nil || u.Scheme != "about" && u.Scheme != "http" && u.Scheme != "https" {
		fail("start-url", "%q is no http, https or about address", r.startURL)
	}
	s := Settings{
		SignalServer: r.signalServer, StartURL: r.startURL, Home: r.home, Firefox: r.firefox, Metrics: r.metrics,
		Timeout: time.Duration(r.timeout) * time.Millisecond, SignalTimeout: time.Duration(r.signalTimeout) * time.Millisecond,
		Width: r.width, Height: r.height, Depth: r.depth, FrameRate: r.frameRate, Bitrate: r.bitrate,
		UDPPort: r.udpPort, TCPPort: r.tcpPort, Loopback: r.loopback, OneByOne: r.oneByOne,
	}
	var err error
	if s.Addresses, err = addresses(r.addresses); err != nil {
		fail("addresses", "%v", err)
	} else if s.Addresses != nil && s.UDPPort == 0 {
		fail("addresses", "needs --udp-port, the port that is forwarded")
	}
	if s.Verbosity, err = level(r.verbosity); err != nil {
		fail("verbosity", "%v", err)
	}
	if s.ICEServers, err = iceServers(r.iceServers); err != nil {
		fail("ice-servers", "%v", err)
	}
	return s, wrong
}

func isHub(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if u.Scheme == "unix" {
		return u.Host == "" && path.IsAbs(u.Path)
	}
	return u.Host != "" && (u.Scheme == "ws" || u.Scheme == "wss")
}

func addresses(text string) ([]netip.Addr, error) {
	if text == "" {
		return nil, nil
	}
	var list []netip.Addr
	for part := range strings.SplitSeq(text, ",") {
		a, err := netip.ParseAddr(strings.TrimSpace(part))
		if err != nil || a.Zone() != "" || a.IsUnspecified() {
			return nil, fmt.Errorf("%q is no address", part)
		}
		list = append(list, a.Unmap())
	}
	return list, nil
}

// level also takes numbers, as the program that this one replaces did: 0 is quiet, 3 and up is everything.
func level(name string) (slog.Level, error) {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	if l, there := levels[strings.ToLower(name)]; there {
		return l, nil
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 0 {
		return slog.LevelError - slog.Level(4*min(n, 3)), nil
	}
	return 0, fmt.Errorf("%q is none of debug, info, warn, error", name)
}

func iceServers(text string) ([]wire.ICEServer, error) {
	if text == "" {
		return nil, nil
	}
	var servers []wire.ICEServer
	if err := json.Unmarshal([]byte(text), &servers); err != nil {
		return nil, errors.New(`must look like [{"urls":["stun:host:3478"]}]`)
	}
	for _, server := range servers {
		if len(server.Urls) == 0 {
			return nil, errors.New("a server without urls")
		}
		for _, u := range server.Urls {
			scheme, _, _ := strings.Cut(u, ":")
			if scheme != "stun" && scheme != "stuns" && scheme != "turn" && scheme != "turns" {
				return nil, fmt.Errorf("%q is no stun or turn address", u)
			}
		}
	}
	return servers, nil
}

// maxToken bounds what is read for a token, in bytes.
const maxToken = 64 << 10

// readToken takes it from the environment, a file, or the first line of the input: the descriptor itself, which a program that has
// dropped its rights may read though it could not open it anew.
func readToken(lookup func(string) (string, bool), input io.Reader) (string, error) {
	if token, there := lookup(Prefix + "TOKEN"); there && token != "" {
		return token, nil
	}
	file, there := lookup(Prefix + "TOKEN_FILE")
	if !there || file == "" {
		return "", fmt.Errorf("%sTOKEN or %sTOKEN_FILE is required", Prefix, Prefix)
	}
	var text []byte
	var err error
	if file == "-" {
		file = "the input"
		text, err = bufio.NewReaderSize(io.LimitReader(input, maxToken), maxToken).ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			err = nil
		}
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return "", fmt.Errorf("%sTOKEN_FILE: %w", Prefix, err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("%sTOKEN_FILE: %s is empty", Prefix, file)
	}
	return token, nil
}
