package cluster

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLinesOfPostgresAreTakenApart(t *testing.T) {
	for _, test := range []struct{ line, kind, code, severity, message string }{
		{"postmaster|00000|LOG:  starting PostgreSQL 15", "postmaster", "00000", "LOG", "starting PostgreSQL 15"},
		{"client backend|53100|ERROR:  could not extend file \"x|y\": No space", "client backend", "53100", "ERROR", "could not extend file \"x|y\": No space"},
		{"postgres: could not find the data directory", "", "", "", "postgres: could not find the data directory"},
		{"a | b | c", "", "", "", "a | b | c"},
	} {
		kind, code, severity, message := parseLine(test.line)
		require.Equal(t, test.kind, kind)
		require.Equal(t, test.code, code)
		require.Equal(t, test.severity, severity)
		require.Equal(t, test.message, message)
	}
}
