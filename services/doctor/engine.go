package doctor

import (
	"context"
	"fmt"
)

// Engine is what starts browsers, as far as it is known.
type Engine struct {
	// Launcher is how: process, docker, remote.
	Launcher string
	// Available says that browsers can be started; Why is why not, with the mend.
	Available bool
	Why       string
	// Isolated says that a browser is kept from the machine and its network.
	Isolated bool
	// Version of the container engine; empty where there is none.
	Version string
	// Image is the name of the browsers' image, empty where none is needed; ImageVersion is the version of Turtus that made it, where it says so.
	Image        string
	ImageThere   bool
	ImageVersion string
	// Folder is where the engine keeps images and containers; empty where that is not known.
	Folder string
	// Running browsers now.
	Running int
}

func (b *Box) engine(ctx context.Context) Result {
	if b.Engine == nil {
		return unknown("engine_unknown", "not looked at", "The server knows how it starts browsers, and it does not run.", "Start the server and ask again.")
	}
	e := b.Engine(ctx)
	found := e.Launcher
	if e.Version != "" {
		found += " " + e.Version
	}
	if e.Running > 0 {
		found += fmt.Sprintf(", %d of at most %d browsers run", e.Running, b.Config.MaxBrowsers)
	} else {
		found += fmt.Sprintf(", at most %d browsers", b.Config.MaxBrowsers)
	}
	switch {
	case !e.Available:
		return fail("engine_unavailable", found, "Browsers can't be started.", e.Why)
	case b.Config.MaxBrowsers == 0:
		return warn("engine_none_allowed", found, "No room may start a browser.", "Set TURTUS_MAX_BROWSERS to 1 or more.")
	case !e.Isolated:
		return warn("engine_no_isolation", found, "Browsers run as plain processes: whoever drives one reaches what this machine and its network reach.",
			"Share this server only with people you trust, or install Docker and let Turtus use it.")
	}
	return ok("%s", found)
}

func (b *Box) image(ctx context.Context) Result {
	if b.Engine == nil {
		return unknown("image_unknown", "not looked at", "The server knows which image it needs, and it does not run.", "Start the server and ask again.")
	}
	e := b.Engine(ctx)
	switch {
	case e.Image == "":
		return ok("none is needed: browsers run as processes")
	case !e.Available:
		return unknown("image_unknown", e.Image, "The engine can't be asked.", "Mend the engine first.")
	case !e.ImageThere:
		return warn("image_missing", e.Image+" is not there yet", "The first room waits until it is pulled or built.",
			"Pull or build it now: docker compose pull, or docker pull "+e.Image+".")
	case e.ImageVersion != "" && e.ImageVersion != b.Version:
		return warn("image_other_version", fmt.Sprintf("%s is of version %s, the server of %s", e.Image, e.ImageVersion, b.Version),
			"Browser and server may not understand each other.", "Bring both to one version: docker compose pull, then docker compose up -d.")
	}
	return ok("%s", e.Image)
}
