package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// TestComposeKeepsItsPromises looks at what docs/operating/compose.md says of each service: a later change of one line must not undo it.
func TestComposeKeepsItsPromises(t *testing.T) {
	type service struct {
		Image       string
		User        string
		NetworkMode string   `yaml:"network_mode"`
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
		CapAdd      []string `yaml:"cap_add"`
		Security    []string `yaml:"security_opt"`
		Volumes     []any
		Environment map[string]string
		Memory      string `yaml:"mem_limit"`
		Processes   int    `yaml:"pids_limit"`
		Restart     string
		Privileged  bool
		Logging     struct{ Options map[string]string }
	}
	var file struct {
		Services map[string]service
		Volumes  map[string]struct{ Name string }
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docker-compose.yml"))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &file))
	engine := func(s service) bool {
		return slices.ContainsFunc(s.Volumes, func(v any) bool {
			short, ok := v.(string)
			return ok && strings.Contains(short, "docker.sock")
		})
	}
	noNew := []string{"no-new-privileges:true"}
	for name, s := range file.Services {
		require.False(t, s.Privileged, name)
		if name == "browser" { // an image, and no service
			continue
		}
		require.True(t, s.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, s.CapDrop, name)
		require.Equal(t, "unless-stopped", s.Restart, name)
		require.NotEmpty(t, s.Memory, name)
		require.Positive(t, s.Processes, name)
		require.NotEmpty(t, s.Logging.Options["max-size"], name)
		require.Equal(t, name == "launcher", engine(s), "%s: the launcher alone has the engine's socket", name)
	}
	server, launcher, database := file.Services["server"], file.Services["launcher"], file.Services["database"]
	require.Equal(t, "host", server.NetworkMode)
	require.Empty(t, server.User, "the image's, which is not root")
	require.Equal(t, []string{"NET_BIND_SERVICE"}, server.CapAdd)
	require.Contains(t, server.Environment["TURTUS_DOMAIN"], "${DOMAIN:?Set DOMAIN ")
	require.Equal(t, server.Environment["TURTUS_LAUNCHER_SOCKET"], launcher.Environment["TURTUS_LAUNCHER_SOCKET"])
	require.Equal(t, file.Volumes["agents"].Name, launcher.Environment["TURTUS_AGENT_VOLUME"])
	for _, s := range []service{launcher, database} {
		require.Equal(t, "none", s.NetworkMode)
		require.Empty(t, s.CapAdd)
		require.Equal(t, noNew, s.Security)
	}
	require.Equal(t, server.Image, launcher.Image)
	require.Equal(t, launcher.Environment["TURTUS_BROWSER_IMAGE"], file.Services["browser"].Image)
}
