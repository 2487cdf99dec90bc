package browser

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"turtus/vb/image"
)

// systemPolicies is where Firefox looks for policies first. The container image has ours there.
const systemPolicies = "/etc/firefox/policies/policies.json"

// prepareFirefox makes the profile and returns what starts Firefox.
func prepareFirefox(cfg Config, e *Environment, path string) (func() (*exec.Cmd, error), error) {
	profile := e.in("profile")
	if err := os.MkdirAll(profile, 0o700); err != nil {
		return nil, err
	}
	switch policies, err := os.ReadFile(systemPolicies); {
	case err == nil && bytes.Equal(policies, image.FirefoxPolicies):
	case err == nil:
		e.Warnings = append(e.Warnings, systemPolicies+" of this machine replaces the policies of the virtual browser")
	default:
		if path, err = ownFirefox(e.in("firefox"), path); err != nil {
			return nil, fmt.Errorf("preparing Firefox: %w", err)
		}
	}
	return func() (*exec.Cmd, error) {
		url := e.page.get()
		if err := errors.Join(forgetSession(profile), writePreferences(profile, url)); err != nil {
			return nil, err
		}
		cmd := e.command(path, "--new-instance", "--profile", profile, url)
		cmd.Env = append(cmd.Env, "MOZ_CRASHREPORTER_DISABLE=1", "MOZ_ENABLE_WAYLAND=0")
		return cmd, nil
	}, nil
}

// writePreferences sets those of user.js, and the start page as the home page.
func writePreferences(profile, startURL string) error {
	homepage, err := json.Marshal(startURL)
	if err != nil {
		return err
	}
	preferences := bytes.NewBuffer(bytes.Clone(image.FirefoxPreferences))
	fmt.Fprintf(preferences, "user_pref(\"browser.startup.homepage\", %s);\n", homepage)
	return os.WriteFile(filepath.Join(profile, "user.js"), preferences.Bytes(), 0o600)
}

// ownFirefox makes a folder that Firefox takes for the one it is installed in, with our policies in it, and returns the
// path of the program there. Firefox finds that folder by /proc/self/exe, so the program itself (half a megabyte) is
// copied and all else is linked. No other way leads to policies of one's own without being root: the environment
// variable MOZ_SYSTEM_CONFIG_DIR counts only in Flatpak, browser.policies.alternatePath only in Nightly.
func ownFirefox(dir, program string) (string, error) {
	if err := os.RemoveAll(dir); err != nil { // Firefox may have been upgraded
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(dir, "distribution"), 0o700); err != nil {
		return "", err
	}
	installed := filepath.Dir(program)
	if err := linkAll(installed, dir, filepath.Base(program), "distribution"); err != nil {
		return "", err
	}
	if err := linkAll(filepath.Join(installed, "distribution"), filepath.Join(dir, "distribution"), "policies.json"); err != nil &&
		!errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "distribution", "policies.json"), image.FirefoxPolicies, 0o600); err != nil {
		return "", err
	}
	own := filepath.Join(dir, filepath.Base(program))
	return own, copyProgram(own, program)
}

// linkAll makes symbolic links in one folder to all in another but what is named.
func linkAll(from, to string, but ...string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
next:
	for _, entry := range entries {
		for _, name := range but {
			if entry.Name() == name {
				continue next
			}
		}
		if err := os.Symlink(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func copyProgram(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// forgetSession removes what a Firefox that did not end well has left: the tabs it would offer to restore, and its
// lock.
func forgetSession(profile string) error {
	for _, name := range []string{"sessionstore.jsonlz4", "sessionCheckpoints.json", "sessionstore-backups", "lock", ".parentlock"} {
		if err := os.RemoveAll(filepath.Join(profile, name)); err != nil {
			return err
		}
	}
	return nil
}
