package agent

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
)

// MaxLine bounds one line of an agent's log, in bytes.
const MaxLine = 8 << 10

// Words hears an agent's log line by line and keeps what may explain its end. The zero Words has heard nothing. One goroutine uses it.
type Words struct {
	last    string
	crashed bool
}

// Hear takes a line, and returns how important it is and its words; none for an empty one.
func (w *Words) Hear(line string) (slog.Level, string) {
	line = strings.TrimSpace(strings.ToValidUTF8(line, "?"))
	if len(line) > MaxLine {
		line = strings.ToValidUTF8(line[:MaxLine], "")
	}
	if line == "" {
		return 0, ""
	}
	importance := level(line)
	crash := strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
	// What follows a crash is its trace, and progress explains no end.
	if !w.crashed && (crash || importance >= slog.LevelWarn || !structured(line)) {
		w.last, w.crashed = line, crash
	}
	return importance, message(line)
}

// Last is the last thing said that may explain an end, without what a log puts around it.
func (w *Words) Last() string { return message(w.last) }

// level is the one that a line of slog names; any other line was meant to be read.
func level(line string) slog.Level {
	var l slog.Level
	name := attribute(line, "level")
	var fields map[string]any
	if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &fields) == nil {
		name = text(fields["level"])
	}
	if l.UnmarshalText([]byte(name)) != nil {
		return slog.LevelInfo
	}
	return l
}

// structured says whether a line comes from slog, text or JSON.
func structured(line string) bool {
	return strings.HasPrefix(line, "{") || attribute(line, "level") != ""
}

// message takes the words out of a line of slog, text or JSON; any other line is as it is.
func message(line string) string {
	var fields map[string]any
	if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &fields) == nil {
		return join(text(fields["msg"]), text(fields["error"]), line)
	}
	if !strings.Contains(line, "level=") || !strings.Contains(line, "msg=") {
		return strings.TrimPrefix(line, "turtus-agent: ")
	}
	return join(attribute(line, "msg"), attribute(line, "error"), line)
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func join(what, why, otherwise string) string {
	switch {
	case what == "" && why == "":
		return otherwise
	case why == "":
		return what
	case what == "":
		return why
	}
	return what + ": " + why
}

// attribute reads name=value or name="quoted value".
func attribute(line, name string) string {
	_, rest, found := strings.Cut(" "+line, " "+name+"=")
	if !found {
		return ""
	}
	if strings.HasPrefix(rest, `"`) {
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			value, _ := strconv.Unquote(quoted)
			return value
		}
	}
	value, _, _ := strings.Cut(rest, " ")
	return value
}
