package image

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
)

func TestPoliciesAreWhatTheyPromise(t *testing.T) {
	var file struct {
		Policies map[string]json.RawMessage `json:"policies"`
	}
	if err := json.Unmarshal(FirefoxPolicies, &file); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"BlockAboutConfig":     "true",
		"DisableAppUpdate":     "true",
		"DisableTelemetry":     "true",
		"OverrideFirstRunPage": `""`,
		"PrintingEnabled":      "false",
		"DownloadDirectory":    `"${home}/Downloads"`,
	} {
		if got := string(file.Policies[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// Firefox ignores all that comes after a line of user.js it cannot read.
func TestPreferencesAreOneAndOnceALine(t *testing.T) {
	preference := regexp.MustCompile(`^user_pref\("([\w.-]+)", (true|false|-?\d+|"[^"\\]*")\);$`)
	seen := make(map[string]bool)
	for _, line := range strings.Split(string(FirefoxPreferences), "\n") {
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		parts := preference.FindStringSubmatch(line)
		if parts == nil {
			t.Errorf("not a preference: %s", line)
		} else if seen[parts[1]] {
			t.Errorf("set twice: %s", parts[1])
		} else {
			seen[parts[1]] = true
		}
	}
}

func TestConfigurationsAreWellFormed(t *testing.T) {
	for name, content := range map[string][]byte{"rc.xml": Openbox, "session.conf": DBusSession} {
		decoder := xml.NewDecoder(strings.NewReader(string(content)))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
		}
	}
	if want := fmt.Sprintf(`"mousewheel.default.delta_multiplier_y", %d)`, 200/WheelClicks); !strings.Contains(string(FirefoxPreferences), want) {
		t.Error("Firefox does not take WheelClicks for a notch")
	}
	if !strings.Contains(string(PulseAudioScript), "sink_name="+PulseAudioSink+" ") {
		t.Error("the sound server's script does not make PulseAudioSink")
	}
}
