package browser

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// programs are the paths of what a browser consists of.
type programs struct{ dbus, xvfb, pulseaudio, openbox, firefox string }

// uBlockOrigin is where Debian and Ubuntu install the extension for all programs of Firefox's id.
const uBlockOrigin = "/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}/uBlock0@raymondhill.net"

// adviceFirefox says what to do where Firefox ESR is no package, as on Ubuntu, or where it is a snap, which can be
// started neither with a home of its own nor with a display of its own.
const adviceFirefox = "on Ubuntu, where that package does not exist and firefox is only a snap: " +
	"install firefox-esr or firefox from Mozilla's own repository (https://support.mozilla.org/kb/install-firefox-linux), " +
	"or set TURTUS_VB_FIREFOX to the firefox of an unpacked archive from mozilla.org, or use Docker"

func findPrograms(cfg Config) (found programs, err error) {
	for _, p := range []struct {
		path           *string
		wanted, usual  string
		debian, advice string
	}{
		{&found.dbus, cfg.DBusPath, "dbus-daemon", "dbus", ""},
		{&found.xvfb, cfg.XvfbPath, "Xvfb", "xvfb", ""},
		{&found.pulseaudio, cfg.PulseAudioPath, "pulseaudio", "pulseaudio", ""},
		{&found.openbox, cfg.OpenboxPath, "openbox", "openbox", ""},
	} {
		name := p.wanted
		if name == "" {
			name = p.usual
		}
		if *p.path, err = exec.LookPath(name); err != nil {
			return found, &MissingProgramError{Program: name, Package: p.debian, Advice: p.advice}
		}
	}
	if found.firefox, err = findFirefox(cfg.FirefoxPath); err != nil {
		return found, err
	}
	if _, err := os.Stat(uBlockOrigin); err != nil {
		return found, &MissingProgramError{Program: "uBlock Origin", Package: "webext-ublock-origin-firefox"}
	}
	return found, nil
}

// findFirefox returns the path of Firefox's own program in its folder, not of a script or a link to it.
func findFirefox(wanted string) (string, error) {
	names := []string{wanted}
	if wanted == "" {
		names = []string{"firefox-esr", "firefox"}
	}
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if path, err = filepath.Abs(path); err != nil {
			continue
		}
		if path, err = filepath.EvalSymlinks(path); err == nil && isFirefox(path) {
			return path, nil
		}
	}
	return "", &MissingProgramError{Program: names[0], Package: "firefox-esr", Advice: adviceFirefox}
}

// isFirefox says whether a path is the program in a folder of Firefox. A snap's stub is a script.
func isFirefox(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := io.ReadFull(f, magic); err != nil || !bytes.Equal(magic, []byte("\x7fELF")) {
		return false
	}
	_, err = os.Stat(filepath.Join(filepath.Dir(path), "libxul.so"))
	return err == nil
}
