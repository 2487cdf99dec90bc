package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhatOperatorsCopyNamesSettingsThatExist goes through what people are told to set, and what is set for them.
func TestWhatOperatorsCopyNamesSettingsThatExist(t *testing.T) {
	known := map[string]bool{}
	for _, s := range Describe() {
		known[s.Name] = true
		known[s.Name+fileSuffix] = s.Secret
	}
	root := filepath.Join("..", "..")
	var files []string
	for _, pattern := range []string{"README.md", "docker-compose.yml", "docs/operating/*.md", "docs/architecture.md", "deploy/ec2/*", "deploy/ec2/terraform/*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		files = append(files, found...)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
			continue
		}
		require.NoError(t, err)
		for _, name := range regexp.MustCompile(`TURTUS_[A-Z_]*[A-Z]`).FindAllString(string(text), -1) {
			if strings.HasPrefix(name, Prefix+"VB") {
				continue
			}
			require.True(t, known[name], "%s names %s, which is no setting", path, name)
		}
	}
}
