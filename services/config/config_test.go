package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var home = []string{"HOME=/home/ann"}

func TestNothingSetGivesTheDefaults(t *testing.T) {
	c, err := load(home, 1000)
	require.NoError(t, err)
	require.Equal(t, Config{
		Addr: "localhost:8080", TLS: "auto", HSTS: "auto", HTTPSAddr: ":443", HTTPAddr: ":80", DataDir: "/home/ann/.local/share/turtus", BackupHour: 3, BackupKeep: 14, Launcher: "auto",
		BrowserImage: "turtus-browser", BrowserMemory: 2048, BrowserShared: 256, BrowserCPUs: 2, BrowserProcesses: 2000,
		AgentSocket: "/home/ann/.local/share/turtus/agents/hub.sock", RelayPort: 3478, RelayBandwidth: 50, MediaTCP: "on", CallPath: "direct",
		MaxBrowsers: 4, MaxBrowsersPerPerson: 1, WarmBrowsers: 1, SessionExtensions: 3, MaxRoomsPerPerson: 20, RoomSize: 50, Width: 1280, Height: 720, FrameRate: 30,
		ViewerTimeout: time.Minute, SignalTimeout: time.Minute, ControlIdle: 3 * time.Minute, SignUps: "open",
		AccessTokenLife: 15 * time.Minute, SessionLife: 30 * 24 * time.Hour,
		LogLevel: slog.LevelInfo, LogFormat: "text", ShutdownGrace: 10 * time.Second,
	}, c)
}

func TestDataFolderDependsOnTheUser(t *testing.T) {
	for _, test := range []struct {
		env  []string
		uid  int
		want string
	}{
		{home, 0, "/var/lib/turtus"},
		{home, 1000, "/home/ann/.local/share/turtus"},
		{[]string{"HOME=/home/ann", "XDG_DATA_HOME=/data"}, 1000, "/data/turtus"},
		{[]string{"HOME=/home/ann", "XDG_DATA_HOME=relative"}, 1000, "/home/ann/.local/share/turtus"},
		{[]string{"TURTUS_DATA_DIR=/srv/turtus/"}, 1000, "/srv/turtus"},
	} {
		c, err := load(test.env, test.uid)
		require.NoError(t, err)
		require.Equal(t, test.want, c.DataDir)
	}
	_, err := load(nil, 1000)
	require.ErrorContains(t, err, "TURTUS_DATA_DIR: needed")
}

func TestValuesAreRead(t *testing.T) {
	for env, get := range map[string]func(Config) (got, want any){
		"ADDR=:9000":                            func(c Config) (any, any) { return c.Addr, ":9000" },
		"ADDR=[::1]:0":                          func(c Config) (any, any) { return c.Addr, "[::1]:0" },
		"ADDR= ":                                func(c Config) (any, any) { return c.Addr, "localhost:8080" },
		"PUBLIC_URL=https://Watch.Example:443/": func(c Config) (any, any) { return c.PublicURL, "https://watch.example" },
		"ALLOWED_ORIGINS=http://a:80, https://b:8443": func(c Config) (any, any) {
			return c.AllowedOrigins, []string{"http://a", "https://b:8443"}
		},
		"TRUSTED_PROXIES=127.0.0.1, 10.1.2.3/8,::1,fd00::/8, ::ffff:192.0.2.1": func(c Config) (any, any) {
			var want Networks
			for _, network := range []string{"127.0.0.1/32", "10.0.0.0/8", "::1/128", "fd00::/8", "192.0.2.1/32"} {
				want = append(want, netip.MustParsePrefix(network))
			}
			return c.TrustedProxies, want
		},
		`ICE_SERVERS=[{"urls":"turn:c","secret":"s"}]`: func(c Config) (any, any) {
			return c.ICEServers, ICEServers{{URLs: []string{"turn:c"}, Secret: "s"}}
		},
		"DOMAIN=Watch.Example.org., www.example.org": func(c Config) (any, any) {
			return []any{c.Domain, c.PublicURL, c.AllowedOrigins}, []any{[]string{"watch.example.org", "www.example.org"}, "https://watch.example.org", []string{"https://www.example.org"}}
		},
		"DOMAIN=localhost": func(c Config) (any, any) {
			return []any{c.Domain, c.TLS, c.PublicURL}, []any{[]string(nil), "auto", ""}
		},
		"DOMAIN=LAN": func(c Config) (any, any) {
			return []any{c.Domain, c.TLS, c.PublicURL}, []any{[]string(nil), "self-signed", ""}
		},
		"HTTP_ADDR=off":                    func(c Config) (any, any) { return c.HTTPAddr, "" },
		"PUBLIC_ADDRESS=2001:db8::7":       func(c Config) (any, any) { return c.PublicAddress, "2001:db8::7" },
		"PUBLIC_ADDRESS=relay.example.org": func(c Config) (any, any) { return c.PublicAddress, "relay.example.org" },
		"MEDIA_TCP=off":                    func(c Config) (any, any) { return c.MediaOverTCP(), false },
		"MEDIA_PORTS=52000-52100":          func(c Config) (any, any) { return c.MediaPorts, PortRange{52000, 52100} },
		"SESSION_LIFE=7d":                  func(c Config) (any, any) { return c.SessionLife, 7 * 24 * time.Hour },
		"LOG_LEVEL=WARN":                   func(c Config) (any, any) { return c.LogLevel, slog.LevelWarn },
		"BROWSER_CPUS=0.5":                 func(c Config) (any, any) { return c.BrowserCPUs, CPUs(0.5) },
		"BROWSER_IMAGE=ghcr.io/you/b:1":    func(c Config) (any, any) { return c.BrowserImage, "ghcr.io/you/b:1" },
		"BROWSER_DNS=192.168.1.1, 9.9.9.9": func(c Config) (any, any) { return c.BrowserDNS, []string{"192.168.1.1", "9.9.9.9"} },
		"AGENT_VOLUME=turtus-agents":       func(c Config) (any, any) { return c.AgentVolume, "turtus-agents" },
		"AGENT_VOLUME=/srv/agents":         func(c Config) (any, any) { return c.AgentVolume, "/srv/agents" },
		"LAUNCHER=docker":                  func(c Config) (any, any) { return c.Launcher, "docker" },
		"MAX_BROWSERS=0":                   func(c Config) (any, any) { return c.MaxBrowsers, 0 },
		"START_URL=about:blank":            func(c Config) (any, any) { return c.StartURL, "about:blank" },
		"DATABASE_URL=host=/run/postgresql dbname=t": func(c Config) (any, any) {
			return c.DatabaseURL, "host=/run/postgresql dbname=t"
		},
		`ICE_SERVERS=[{"urls":"stun:a"},{"urls":["turn:b","turns:b"],"username":"u","credential":"p"}]`: func(c Config) (any, any) {
			return c.ICEServers, ICEServers{{URLs: []string{"stun:a"}}, {URLs: []string{"turn:b", "turns:b"}, Username: "u", Credential: "p"}}
		},
	} {
		c, err := load(append(home, Prefix+env), 1000)
		require.NoError(t, err, env)
		got, want := get(c)
		require.Equal(t, want, got, env)
	}
}

func TestAProxyInFrontIsOnThisMachineUnlessItIsNamed(t *testing.T) {
	behind := append(home, "TURTUS_DOMAIN=watch.example.org", "TURTUS_TLS=off")
	c, err := load(behind, 1000)
	require.NoError(t, err)
	require.Equal(t, loopback(), c.TrustedProxies)
	c, err = load(append(behind, "TURTUS_TRUSTED_PROXIES=10.0.0.1"), 1000)
	require.NoError(t, err)
	require.Equal(t, Networks{netip.MustParsePrefix("10.0.0.1/32")}, c.TrustedProxies)
	for _, env := range []string{"TURTUS_DOMAIN=watch.example.org", "TURTUS_TLS=off", "TURTUS_DOMAIN=localhost"} {
		c, err := load(append(home, env), 1000)
		require.NoError(t, err)
		require.Nil(t, c.TrustedProxies, env)
	}
}

func TestAWrongValueIsNamedWithWhatIsAllowed(t *testing.T) {
	for env, want := range map[string]string{
		"ADDR=8080":                                        `TURTUS_ADDR: "8080" is not allowed; it takes host:port, such as localhost:8080, or :8080 for every interface`,
		"ADDR=localhost:http":                              "host:port",
		"ADDR=localhost:70000":                             "host:port",
		"PUBLIC_URL=watch.example":                         "https://watch.example.org, with no path",
		"DOMAIN=localhost,watch.example":                   "stand in place of a name",
		"PUBLIC_URL=ftp://a":                               "with no path",
		"PUBLIC_URL=https://a/b":                           "with no path",
		"ALLOWED_ORIGINS=https://a,*":                      "separated by commas",
		"TRUSTED_PROXIES=10.0.0.0/33":                      "addresses and networks such as 127.0.0.1",
		"TRUSTED_PROXIES=10.0.0.0/8,0.0.0.0/0":             "no network of all addresses (/0)",
		"TRUSTED_PROXIES=::/0":                             "no network of all addresses (/0)",
		"WIDTH=3842":                                       "an even number from 320 to 1920",
		"WIDTH=2561":                                       "an even number from 320 to 1920",
		"FRAME_RATE=0":                                     "a whole number from 5 to 60",
		"TRUSTED_PROXIES=proxy":                            "addresses and networks",
		"TRUSTED_PROXIES=fe80::1%eth0":                     "addresses and networks",
		"TRUSTED_PROXIES=127.0.0.1,":                       "addresses and networks",
		"DATABASE_URL=mysql://u:hid@h":                     "TURTUS_DATABASE_URL: this value is not allowed; it takes a URL such as postgres://",
		"LAUNCHER=podman":                                  `TURTUS_LAUNCHER: "podman" is not allowed; it takes auto, docker or process`,
		"BROWSER_CPUS=none":                                "a number from 0.1 to 1000",
		"BROWSER_CPUS=NaN":                                 "a number from 0.1 to 1000",
		"BROWSER_IMAGE=-v/:/host":                          "the name of an image",
		"BROWSER_DNS=127.0.0.1":                            "IPv4 addresses such as 192.168.1.1",
		"AGENT_VOLUME=../x":                                "the name of a volume",
		"MAX_BROWSERS=many":                                "a whole number from 0 to 1000",
		"MAX_BROWSERS=-1":                                  "a whole number from 0 to 1000",
		"WIDTH=1281":                                       "an even number from 320 to 1920",
		"FRAME_RATE=61":                                    "a whole number from 5 to 60",
		"VIEWER_TIMEOUT=60":                                "a time such as 90s, 3m, 1h or 30d, from 1s to 24h",
		"VIEWER_TIMEOUT=0s":                                "from 1s to 24h",
		"SESSION_LIFE=5000d":                               "from 1h to 3650d",
		"SIGN_UPS=maybe":                                   "open, invite or closed",
		"LOG_LEVEL=loud":                                   "debug, info, warn or error",
		"MEDIA_PORTS=52100-52000":                          "a range of ports such as 52000-52100",
		"MEDIA_PORTS=0-70000":                              "a range of ports",
		"MEDIA_PORTS=52000-52001":                          "2 ports are too few for TURTUS_MAX_BROWSERS=4",
		"CALL_PATH=both":                                   "direct or relay",
		"ICE_SERVERS=stun:a":                               "a JSON list such as",
		`ICE_SERVERS=[{"urls":"turn:hid","username":"u"}]`: "a TURN server needs both",
		`ICE_SERVERS=[{"urls":"https://hid"}]`:             "begin with stun:, stuns:, turn: or turns:",
		`ICE_SERVERS=[{}]`:                                 "a JSON list",
		`ICE_SERVERS=[{"urls":"turn:a","username":"u","secret":"hid"}]`: "a JSON list",
		"PUBLIC_ADDRESS=relay.example.org:3478":                         "with no port",
		"PUBLIC_ADDRESS=fe80::1%eth0":                                   "with no port",
		"DOMAIN=192.0.2.7":                                              "names such as watch.example.org",
		"DOMAIN=*.example.org":                                          "no port, address or wildcard",
		"DOMAIN=https://watch.example.org":                              "names such as",
		"DOMAIN=watch.example.org:443":                                  "names such as",
		"DOMAIN=watch":                                                  "names such as",
		"TLS=on":                                                        "auto, off or self-signed",
		"TLS_CERT=/x":                                                   "needs TURTUS_TLS_KEY",
		"TLS_KEY=/x":                                                    "needs TURTUS_TLS_KEY, and the other way round",
		"ACME_EMAIL=ann":                                                "an e-mail address",
		"ACME_DIRECTORY=http://acme.example.org":                        "https://acme.example.org/directory",
		"HTTPS_ADDR=443":                                                "host:port",
		"HTTP_ADDR=80":                                                  "or off",
		"RELAY_PORT=65536":                                              "a whole number from 0 to 65535",
		"START_URL=javascript:alert(1)":                                 "a web address",
	} {
		_, err := load(append(home, Prefix+env), 1000)
		require.ErrorContains(t, err, want, env)
		require.NotContains(t, err.Error(), "hid", env)
		require.NotContains(t, err.Error(), "\n", env)
	}
}

func TestWhatAnEarlierReleaseAllowedStartsWithTheNearestAndIsNamed(t *testing.T) {
	c, err := load(append(home, "TURTUS_WIDTH=2560", "TURTUS_HEIGHT=2160", "TURTUS_FRAME_RATE=1"), 1000)
	require.NoError(t, err)
	require.Equal(t, []int{1920, 1080, 5}, []int{c.Width, c.Height, c.FrameRate})
	require.Equal(t, []Problem{
		{"TURTUS_WIDTH", "2560 is not allowed any more; it takes an even number from 320 to 1920, so 1920 is used"},
		{"TURTUS_HEIGHT", "2160 is not allowed any more; it takes an even number from 240 to 1080, so 1080 is used"},
		{"TURTUS_FRAME_RATE", "1 is not allowed any more; it takes a whole number from 5 to 60, so 5 is used"},
	}, c.Adjusted)
	require.NotContains(t, fmt.Sprint(c.LogValue()), "Adjusted", "it is no setting")
}

func TestEverythingWrongIsNamedAtOnce(t *testing.T) {
	_, err := load(append(home, "TURTUS_WIDTH=x", "TURTUS_PROT=1", "TURTUS_LOG_FORMAT=xml", "TURTUS_ADDR=:1"), 1000)
	var all *Error
	require.ErrorAs(t, err, &all)
	require.Len(t, all.Problems, 3)
	require.Equal(t, []string{"TURTUS_WIDTH", "TURTUS_LOG_FORMAT", "TURTUS_PROT"},
		[]string{all.Problems[0].Name, all.Problems[1].Name, all.Problems[2].Name})
	require.Equal(t, 4, len(strings.Split(err.Error(), "\n")))
}

func TestUnknownNamesAreNamedWithTheNearest(t *testing.T) {
	for name, want := range map[string]string{
		"TURTUS_ADR":                "TURTUS_ADR: unknown setting; did you mean TURTUS_ADDR?",
		"TURTUS_WITDH":              "TURTUS_WITDH: unknown setting; did you mean TURTUS_WIDTH?",
		"TURTUS_DATABSE_URL_FILE":   "TURTUS_DATABSE_URL_FILE: unknown setting; did you mean TURTUS_DATABASE_URL_FILE?",
		"TURTUS_LOGLEVEL":           "TURTUS_LOGLEVEL: unknown setting; did you mean TURTUS_LOG_LEVEL?",
		"TURTUS_SOMETHING_ELSE_YET": "TURTUS_SOMETHING_ELSE_YET: unknown setting",
	} {
		_, err := load(append(home, name+"="), 1000)
		require.EqualError(t, err, want)
	}
	_, err := load(append(home, "TURTUS_VB_PROXY=x", "TURTUS_TEST_DATABASE_URL=x", "TURTUSX=1"), 1000)
	require.NoError(t, err)
}

func TestSecretsMayStandInFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "url")
	require.NoError(t, os.WriteFile(file, []byte("postgres://u:p@h/d\n"), 0o600))
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))

	c, err := load(append(home, "TURTUS_DATABASE_URL_FILE="+file), 1000)
	require.NoError(t, err)
	require.Equal(t, "postgres://u:p@h/d", c.DatabaseURL)

	for env, want := range map[string]string{
		"TURTUS_DATABASE_URL_FILE=" + dir + "/none": "TURTUS_DATABASE_URL_FILE: stat " + dir + "/none: no such file or directory",
		"TURTUS_DATABASE_URL_FILE=" + empty:         "TURTUS_DATABASE_URL_FILE: " + empty + " is empty",
		"TURTUS_DATABASE_URL_FILE=/dev/zero":        "TURTUS_DATABASE_URL_FILE: /dev/zero is not a small file",
		"TURTUS_ADDR_FILE=" + file:                  "TURTUS_ADDR_FILE: unknown setting",
	} {
		_, err := load(append(home, env), 1000)
		require.EqualError(t, err, want)
	}
	_, err = load(append(home, "TURTUS_DATABASE_URL=postgres://h/d", "TURTUS_DATABASE_URL_FILE="+file), 1000)
	require.ErrorContains(t, err, "only one of them can be")
}

func TestEverySettingIsDocumentedAndItsDefaultAllowed(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Describe() {
		require.Regexp(t, `^TURTUS_[A-Z_]+$`, s.Name)
		require.False(t, seen[s.Name], s.Name)
		seen[s.Name] = true
		require.Regexp(t, `^[A-Z].*\.$`, s.Doc, s.Name)
		require.NotEmpty(t, s.Allowed, s.Name)
		if s.Default != "" && !strings.HasPrefix(s.Default, "(") {
			_, err := load(append(home, s.Name+"="+s.Default), 1000)
			require.NoError(t, err)
		}
	}
}

func TestExampleNamesEverySettingAndChangesNothing(t *testing.T) {
	text := EnvExample()
	for _, s := range Describe() {
		require.Contains(t, text, "\n#"+s.Name+"=")
	}
	var env []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "" {
			t.Errorf("sets something: %s", line)
		}
		if strings.HasPrefix(line, "#"+Prefix) {
			env = append(env, strings.TrimSpace(line[1:]))
		}
	}
	withAll, err := load(append(home, env...), 1000)
	require.NoError(t, err)
	without, err := load(home, 1000)
	require.NoError(t, err)
	require.Equal(t, without, withAll)
}

func TestLoggedSettingsHoldNoSecret(t *testing.T) {
	c, err := load(append(home, "TURTUS_DATABASE_URL=postgres://u:hidden@h/d"), 1000)
	require.NoError(t, err)
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("settings", "config", c)
	require.NotContains(t, b.String(), "hidden")
	require.Contains(t, b.String(), "TURTUS_ADDR")
	require.Contains(t, fmt.Sprint(c.LogValue()), "TURTUS_DATABASE_URL given=true")
}

func TestCallsByTheRelayNeedOne(t *testing.T) {
	environment := func(more ...string) []string {
		return append([]string{"TURTUS_CALL_PATH=relay", "TURTUS_DATA_DIR=/var/lib/turtus"}, more...)
	}
	for _, more := range [][]string{nil, {"TURTUS_RELAY_PORT=0", `TURTUS_ICE_SERVERS=[{"urls":["stun:a","turns:b"],"secret":"s"}]`}} {
		c, err := Load(environment(more...))
		require.NoError(t, err)
		require.Equal(t, "relay", c.CallPath)
	}
	for _, more := range [][]string{{"TURTUS_RELAY_PORT=0"}, {"TURTUS_RELAY_PORT=0", `TURTUS_ICE_SERVERS=[{"urls":"stun:a"}]`}} {
		_, err := Load(environment(more...))
		require.ErrorContains(t, err, "TURTUS_CALL_PATH: relay needs one")
	}
}
