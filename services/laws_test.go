// Package services_test holds the laws of the house: which package may import which (docs/architecture.md).
package services_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// floors are the services' packages from the top down. A package imports only from floors below its own, and its own
// subpackages.
var floors = [][]string{
	{"turtus"},
	{"httpapi"},
	{"hub", "browsers", "push"},
	{"rooms"},
	{"accounts"},
	{"relay", "certs", "doctor", "backup", "settings", "notices", "peaks"},
	{"audit"},
	{"postgres", "bus", "config"},
	{"wire", "runas"},
}

func TestImportsOnlyRunDown(t *testing.T) {
	floor := map[string]int{}
	for i, names := range floors {
		for _, name := range names {
			floor[name] = i
		}
	}
	room := func(path string) (string, bool) {
		name, found := strings.CutPrefix(path, "turtus/services/")
		name, _, _ = strings.Cut(name, "/")
		return name, found
	}
	seen := 0
	for _, pkg := range list(t) {
		importer, inServices := room(pkg.ImportPath)
		for _, imported := range pkg.Imports {
			target, found := room(imported)
			switch {
			case strings.HasPrefix(pkg.ImportPath, "turtus/vb/"):
				if found {
					require.Equal(t, "wire", target, "%s: the agent knows of the server only its messages", pkg.ImportPath)
				}
				continue
			case imported == "turtus/vb/image" && importer == "turtus" && inServices:
				// Files alone: the profile under which the server has containers started.
				continue
			case strings.HasPrefix(imported, "turtus/vb/"):
				t.Errorf("%s imports %s: the server does not know the agent's packages", pkg.ImportPath, imported)
			}
			if !inServices || !found || target == importer {
				continue
			}
			seen++
			require.Contains(t, floor, importer, "a new room: give it a floor")
			require.Contains(t, floor, target, "a new room: give it a floor")
			require.Less(t, floor[importer], floor[target], "%s imports %s: arrows run down", pkg.ImportPath, imported)
		}
	}
	require.NotZero(t, seen, "the list of packages was read")
}

type listed struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "turtus/...")
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var one listed
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, one)
	}
}
