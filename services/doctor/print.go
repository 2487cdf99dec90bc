package doctor

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"turtus/services/wire"
)

var marks = map[wire.DoctorState]struct{ mark, color string }{
	wire.DoctorStateOk:      {"ok  ", "32"},
	wire.DoctorStateWarn:    {"warn", "33"},
	wire.DoctorStateFail:    {"FAIL", "31"},
	wire.DoctorStateUnknown: {"?   ", "2"},
}

// Print writes a report for a terminal: a line for each check, and below what is not ok what it means and the mend.
func Print(w io.Writer, r wire.DoctorReport, colours bool, width int) {
	paint := func(color, text string) string {
		if !colours {
			return text
		}
		return "\x1b[" + color + "m" + text + "\x1b[0m"
	}
	column := 0
	for _, c := range r.Checks {
		column = max(column, utf8.RuneCountInString(c.Title))
	}
	indent := column + 8
	count := map[wire.DoctorState]int{}
	var b strings.Builder
	for _, c := range r.Checks {
		count[c.State]++
		m := marks[c.State]
		title := c.Title + strings.Repeat(" ", column-utf8.RuneCountInString(c.Title))
		fmt.Fprintf(&b, "%s  %s  %s\n", paint(m.color, m.mark), paint("1", title), fold(c.Found, width-indent, indent))
		pad := strings.Repeat(" ", indent)
		if c.Wrong != nil {
			b.WriteString(pad + fold(*c.Wrong, width-indent, indent) + "\n")
		}
		if c.Mend != nil {
			b.WriteString(pad + paint("36", "→ ") + fold(*c.Mend, width-indent-2, indent+2) + "\n")
		}
	}
	fmt.Fprintf(&b, "\n%s\n", paint("1", sum(count, r)))
	_, _ = io.WriteString(w, b.String())
}

func sum(count map[wire.DoctorState]int, r wire.DoctorReport) string {
	text := fmt.Sprintf("Turtus %s: %d of %d checks are all right", r.Version, count[wire.DoctorStateOk], len(r.Checks))
	for _, part := range []struct {
		state wire.DoctorState
		words string
	}{{wire.DoctorStateFail, "failed"}, {wire.DoctorStateWarn, "to look at"}, {wire.DoctorStateUnknown, "not found out"}} {
		if n := count[part.state]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, part.words)
		}
	}
	return text + "."
}

// fold breaks a text at spaces into lines of at most width, each after the first behind indent spaces.
func fold(text string, width, indent int) string {
	width = max(width, 30)
	var b strings.Builder
	line := 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case line == 0:
		case line+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			line = 0
		default:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += n
	}
	return b.String()
}
