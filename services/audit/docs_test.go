package audit_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheDocumentNamesEveryAction looks at what the sources write, and at the table for those who read it.
func TestTheDocumentNamesEveryAction(t *testing.T) {
	page, err := os.ReadFile("../../docs/operating/administration.md")
	require.NoError(t, err)
	action := regexp.MustCompile(`(?:\baudit(?:Of)?\(ctx,|Action:).*?"([a-z_]+\.[a-z_]+)"`)
	seen := 0
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, found := range action.FindAllStringSubmatch(string(source), -1) {
			seen++
			require.Contains(t, string(page), "`"+found[1]+"`", path)
		}
		return err
	}))
	require.Greater(t, seen, 25)
}
