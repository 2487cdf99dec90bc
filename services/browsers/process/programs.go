package process

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"turtus/services/browsers/agent"
)

// needed are the programs that a browser consists of; one of the names is enough. setting may name another path.
var needed = []struct {
	names   []string
	setting string
	debian  string
}{
	{[]string{"Xvfb"}, "", "xvfb"},
	{[]string{"pulseaudio"}, "", "pulseaudio"},
	{[]string{"dbus-daemon"}, "", "dbus"},
	{[]string{"openbox"}, "", "openbox"},
	{[]string{"firefox-esr", "firefox"}, agent.Prefix + "FIREFOX", "firefox-esr"},
}

const ubuntuAdvice = " Ubuntu has Firefox only as a snap, which cannot run here: install Mozilla's own .deb, or unpack Mozilla's archive " +
	"and set TURTUS_VB_FIREFOX to its firefox."

// Available says what a launcher of these options would, with none made: of the options only Agent and Environ count.
func Available(o Options) (ok bool, why string) {
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	return (&Launcher{o: o}).Available()
}

// Available implements browsers.Launcher. It looks each time, so that what is installed meanwhile is found.
func (l *Launcher) Available() (ok bool, why string) {
	if info, err := os.Stat(l.o.Agent); err != nil || info.IsDir() {
		return false, "The program turtus-agent is missing at " + l.o.Agent + ": build it by make, or set TURTUS_AGENT."
	}
	var missing, packages []string
	advice := ""
	for _, p := range needed {
		if path := l.setting(p.setting); p.setting != "" && path != "" {
			if _, err := exec.LookPath(path); err != nil {
				return false, p.setting + " names " + path + ", which is no program."
			}
			continue
		}
		if l.installed(p.names) {
			continue
		}
		missing = append(missing, p.names[0])
		packages = append(packages, p.debian)
		if p.setting != "" {
			advice = ubuntuAdvice
		}
	}
	if len(missing) == 0 {
		return true, ""
	}
	verb := " is"
	if len(missing) > 1 {
		verb = " are"
	}
	return false, strings.Join(missing, ", ") + verb + " not installed on the server: apt install " + strings.Join(packages, " ") + "." + advice
}

func (l *Launcher) installed(names []string) bool {
	path := l.setting("PATH")
	if path == "" {
		path = "/usr/local/bin:/usr/bin:/bin"
	}
	for _, name := range names {
		for _, dir := range filepath.SplitList(path) {
			program := filepath.Join(dir, name)
			if info, err := os.Stat(program); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && !snapStub(program) {
				return true
			}
		}
	}
	return false
}

// snapStub knows the script that Ubuntu installs as firefox, which only asks for a snap.
func snapStub(program string) bool {
	f, err := os.Open(program)
	if err != nil {
		return false
	}
	defer f.Close()
	head, _ := io.ReadAll(io.LimitReader(f, 4<<10))
	return bytes.HasPrefix(head, []byte("#!")) && bytes.Contains(head, []byte("snap"))
}
