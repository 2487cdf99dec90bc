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
		case Networks:
			allowed = errNetworks.Error()
		case ICEServers:
			allowed = errICE.Error()
		}
		settings = append(settings, Setting{Name: f.name, Default: cmp.Or(f.shown, f.def), Allowed: allowed, Doc: f.doc, Secret: f.secret})
	}
	return settings
}

// EnvExample is the text of .env.example: every setting with its meaning, commented out at its default.
func EnvExample() string {
	var b strings.Builder
	b.WriteString("# Settings of the Turtus server. Copy this file to .env and take the # away from what you change.\n")
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
