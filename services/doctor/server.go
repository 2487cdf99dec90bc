package doctor

import (
	"fmt"
	"strings"
	"time"

	"turtus/services/config"
	"turtus/services/wire"
)

// Wrong is the report where the settings themselves are wrong, so that nothing else can be looked at.
func Wrong(err *config.Error, version string, now time.Time) wire.DoctorReport {
	lines := make([]string, len(err.Problems))
	for i, p := range err.Problems {
		lines[i] = p.Name + ": " + p.Text
	}
	c := Check{ID: "settings", Title: "Settings"}
	return wire.DoctorReport{
		CheckedAt: now.UTC(), Version: version, IceServers: []wire.ICEServer{},
		Checks: []wire.DoctorCheck{c.wire(fail("settings_wrong", strings.Join(lines, "; "),
			"The server does not start with these settings.", "Correct them where they are set: in .env, or the environment. `turtus settings` says what each takes."))},
	}
}

func (b *Box) server() Result {
	if b.Running {
		return ok("version %s, running for %s", b.Version, roughly(b.Now().Sub(b.Started)))
	}
	if b.Absent == Silent {
		return fail("server_silent", "a server has the data folder and does not answer", "It starts or ends right now, or it hangs.",
			"Look into its log, and restart it if that goes on.")
	}
	return warn("server_down", "no server runs on "+b.Config.DataDir, "Nobody can use it, and only a part could be looked at.",
		"Start it: docker compose up -d, or turtus serve. If one runs, give this command its TURTUS_DATA_DIR.")
}

// roughly is a time that nobody needs to the second.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func (b *Box) settings() Result {
	if len(b.Config.Adjusted) == 0 {
		return ok("all right")
	}
	lines := make([]string, len(b.Config.Adjusted))
	for i, p := range b.Config.Adjusted {
		lines[i] = p.Name + ": " + p.Text
	}
	return warn("settings_adjusted", strings.Join(lines, "; "), "These were allowed once and are not any more, so others are used.", "Set them to what is allowed.")
}
