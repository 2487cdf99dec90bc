package config

import (
	"cmp"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
)

// Setting describes one setting for people.
type Setting struct {
	Name    string // with the prefix
	Default string // as it would be written; words in brackets where it depends on the machine
	Allowed string // what values are allowed, in words
	Doc     string // what it is for
	Secret  bool   // may also be given as a file by Name+"_FILE"; never shown
}

// Describe lists all settings in the order they should be read in.
func Describe() []Setting {
	var settings []Setting
	for f, value := range fields(new(Config)) {
		allowed := f.allowed()
		switch value.Interface().(type) {
		case PortRange:
			allowed = errPorts.Error()
		case CPUs:
			allowed = errCPUs.Error()
		case Networks:
			allowed = errNetworks.Error()
		case ICEServers:
			allowed = errICE.Error()
		}
		settings = append(settings, Setting{Name: f.name, Default: cmp.Or(f.shown, f.def), Allowed: allowed, Doc: f.doc, Secret: f.secret})
	}
	return settings
}

// composeExample are the variables of docker-compose.yml, which is all that most people set.
const composeExample = `# Settings of Turtus. Copy this file to .env and take the # away from what you change.

# ---- Docker Compose: DOMAIN is all it needs. docs/operating/compose.md has more. ----

# Name that people open. It leads to this machine; HTTPS comes by itself. Without a domain: lan for a network at home (HTTPS with
# a certificate of your own), localhost for this computer alone. Behind a reverse proxy set TURTUS_TLS=off, too.
#DOMAIN=watch.example.org

# Where the images turtus and turtus-browser come from, and which version. Empty: those built here by make images.
#REGISTRY=registry.example.org/turtus
#VERSION=latest

# Time zone, for the hour of the nightly backup.
#TZ=Europe/Berlin

# ---- All settings of the server. Compose sets by itself: TURTUS_DOMAIN, TURTUS_DATA_DIR, TURTUS_DATABASE_URL, TURTUS_LAUNCHER*,
# TURTUS_BROWSER_IMAGE, TURTUS_AGENT_SOCKET and TURTUS_AGENT_VOLUME. ----
`

// EnvExample is the text of .env.example: what Compose wants, then every setting with its meaning, commented out at its default.
func EnvExample() string {
	var b strings.Builder
	b.WriteString(composeExample)
	for _, s := range Describe() {
		b.WriteString("\n")
		for _, line := range wrap(s.Doc, 100) {
			fmt.Fprintf(&b, "# %s\n", line)
		}
		for _, line := range wrap("Takes "+s.Allowed+".", 100) {
			fmt.Fprintf(&b, "# %s\n", line)
		}
		if s.Secret {
			fmt.Fprintf(&b, "# A secret: %s%s may name a file that holds it instead.\n", s.Name, fileSuffix)
		}
		def := s.Default
		if strings.HasPrefix(def, "(") {
			fmt.Fprintf(&b, "# Default: %s\n", strings.Trim(def, "()"))
			def = ""
		}
		fmt.Fprintf(&b, "#%s=%s\n", s.Name, def)
	}
	return b.String()
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(lines, line)
}

// LogValue shows the settings without the secrets' values.
func (c Config) LogValue() slog.Value {
	var attrs []slog.Attr
	for f, value := range fields(&c) {
		if f.secret {
			attrs = append(attrs, slog.Bool(f.name+" given", !isEmpty(value)))
			continue
		}
		attrs = append(attrs, slog.Any(f.name, value.Interface()))
	}
	return slog.GroupValue(attrs...)
}

func isEmpty(v reflect.Value) bool { return v.IsZero() || (v.Kind() == reflect.Slice && v.Len() == 0) }
