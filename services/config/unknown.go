package config

import (
	"slices"
	"strings"
)

// findUnknown names what looks like a setting and is none: most likely a slip of the pen.
func (l *loader) findUnknown(environ []string) {
	var known []string
	for f := range fields(new(Config)) {
		known = append(known, f.name)
		if f.secret {
			known = append(known, f.name+fileSuffix)
		}
	}
	var unknown []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, Prefix) || slices.Contains(known, name) ||
			slices.ContainsFunc(passedOn, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		unknown = append(unknown, name)
	}
	slices.Sort(unknown)
	for _, name := range slices.Compact(unknown) {
		text := "unknown setting"
		if near := nearest(name, known); near != "" {
			text += "; did you mean " + near + "?"
		}
		l.wrong(name, text)
	}
}

// nearest returns the known name that is a few slips away, or "".
func nearest(name string, known []string) string {
	best, least := "", max(2, (len(name)-len(Prefix))/3)+1
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the letters to insert, drop, change or swap with their neighbour (optimal string alignment).
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range len(b) + 1 {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
