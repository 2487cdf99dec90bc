package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// Prefix of every setting.
const Prefix = "TURTUS_"

// passedOn are prefixes of names that are not the server's settings: those of the browsers, and those of tests.
var passedOn = []string{Prefix + "VB_", Prefix + "TEST_"}

// fileSuffix makes the name of a variable that says in which file a secret is.
const fileSuffix = "_FILE"

// maxSecretFile bounds a file named by mistake, such as /dev/zero.
const maxSecretFile = 64 << 10

// Problem is one wrong setting.
type Problem struct {
	// Name with the prefix.
	Name string
	// Text says what is wrong and what is allowed. It holds the value, except a secret's.
	Text string
}

// Error names everything wrong with the settings.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Name + ": " + p.Text
	}
	if len(lines) == 1 {
		return lines[0]
	}
	return fmt.Sprintf("%d settings are wrong:\n  %s", len(lines), strings.Join(lines, "\n  "))
}

// Load checks environ (as os.Environ returns it) and returns the settings.
// The error is a *Error that names everything wrong, one per line, and no secret's value.
func Load(environ []string) (Config, error) { return load(environ, os.Geteuid()) }

func load(environ []string, uid int) (Config, error) {
	l := loader{env: make(map[string]string)}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		l.env[name] = value
	}
	var c Config
	for field, value := range fields(&c) {
		l.set(field, value)
	}
	if c.DataDir == "" {
		c.DataDir = defaultDataDir(l.env, uid)
		if c.DataDir == "" {
			l.wrong(Prefix+"DATA_DIR", "needed, since there is no HOME to find a folder in")
		}
	}
	if c.AgentSocket == "" && c.DataDir != "" {
		c.AgentSocket = filepath.Join(c.DataDir, "agents", "hub.sock")
	}
	if n := c.MediaPorts.Len(); n > 0 && n < c.MaxBrowsers {
		l.wrong(Prefix+"MEDIA_PORTS", fmt.Sprintf("%d ports are too few for %sMAX_BROWSERS=%d: each browser takes one", n, Prefix, c.MaxBrowsers))
	}
	if c.CallPath == "relay" && c.RelayPort == 0 && !c.ICEServers.HasRelay() {
		l.wrong(Prefix+"CALL_PATH", "relay needs one: set "+Prefix+"RELAY_PORT, or name a TURN server in "+Prefix+"ICE_SERVERS")
	}
	l.settleTLS(&c)
	l.findUnknown(environ)
	if len(l.problems) > 0 {
		return Config{}, &Error{Problems: l.problems}
	}
	c.Adjusted = l.adjusted
	return c, nil
}

// settleTLS brings the settings of names and certificates together.
func (l *loader) settleTLS(c *Config) {
	if len(c.Domain) == 1 && (c.Domain[0] == localhost || c.Domain[0] == lan) {
		if c.Domain[0] == lan && c.TLS == "auto" && c.TLSCert == "" {
			c.TLS = "self-signed"
		}
		c.Domain = nil
	}
	if slices.Contains(c.Domain, localhost) || slices.Contains(c.Domain, lan) {
		l.wrong(Prefix+"DOMAIN", localhost+" and "+lan+" stand in place of a name, not beside one")
	}
	if c.TLS == "off" && len(c.Domain) > 0 && c.TrustedProxies == nil {
		c.TrustedProxies = loopback() // the proxy that ends HTTPS is on this machine unless they say where
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		l.wrong(Prefix+"TLS_CERT", "needs "+Prefix+"TLS_KEY, and the other way round")
	}
	if c.TLS == "self-signed" && c.TLSCert != "" {
		l.wrong(Prefix+"TLS", "self-signed has a certificate of its own; leave "+Prefix+"TLS_CERT out, or set auto")
	}
	for i, name := range c.Domain {
		if origin := "https://" + name; i == 0 && c.PublicURL == "" {
			c.PublicURL = origin
		} else if origin != c.PublicURL && !slices.Contains(c.AllowedOrigins, origin) {
			c.AllowedOrigins = append(c.AllowedOrigins, origin)
		}
	}
}

type loader struct {
	env                map[string]string
	problems, adjusted []Problem
}

func (l *loader) wrong(name, text string) {
	l.problems = append(l.problems, Problem{Name: name, Text: text})
}

// set reads one field; a field that is wrong keeps its zero value.
func (l *loader) set(f field, value reflect.Value) {
	text := strings.TrimSpace(l.env[f.name])
	if f.secret {
		fromFile, ok := l.secretFile(f.name)
		if !ok {
			return
		}
		if fromFile != "" {
			text = fromFile
		}
	}
	if text == "" {
		text = f.def
	}
	if text == "" {
		return
	}
	if nearest, ok := f.adjusted(text); ok {
		l.adjusted = append(l.adjusted, Problem{f.name, fmt.Sprintf("%s is not allowed any more; it takes %s, so %s is used", text, f.allowed(), nearest)})
		text = nearest
	}
	if err := f.parse(text, value); err != nil {
		what := fmt.Sprintf("%q is not allowed", text)
		if f.secret {
			what = "this value is not allowed"
		}
		l.wrong(f.name, what+"; it takes "+err.Error())
	}
}

// secretFile returns what stands in the file that name's _FILE variant names, or "" where there is none.
func (l *loader) secretFile(name string) (text string, ok bool) {
	path := l.env[name+fileSuffix]
	if path == "" {
		return "", true
	}
	if l.env[name] != "" {
		l.wrong(name+fileSuffix, name+" is set as well; only one of them can be")
		return "", false
	}
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxSecretFile) {
		err = fmt.Errorf("%s is not a small file", path)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		l.wrong(name+fileSuffix, err.Error())
		return "", false
	}
	if text = strings.TrimSpace(string(data)); text == "" {
		l.wrong(name+fileSuffix, path+" is empty")
		return "", false
	}
	return text, true
}

func defaultDataDir(env map[string]string, uid int) string {
	if uid == 0 {
		return "/var/lib/turtus"
	}
	if base := env["XDG_DATA_HOME"]; filepath.IsAbs(base) {
		return filepath.Join(base, "turtus")
	}
	if home := env["HOME"]; filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "share", "turtus")
	}
	return ""
}
