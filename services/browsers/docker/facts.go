package docker

import (
	"context"

	"turtus/services/browsers"
)

// labelVersion is where an image says of which version it is (OCI image specification, annotations).
const labelVersion = "org.opencontainers.image.version"

// Facts implements browsers.Describer.
func (l *Launcher) Facts(ctx context.Context) (browsers.Facts, error) {
	f := browsers.Facts{Launcher: l.Name(), Isolated: true, Image: l.o.Image}
	ctx, cancel := context.WithTimeout(ctx, l.o.Patience)
	defer cancel()
	info, err := l.engine.Info(ctx)
	if err != nil {
		return f, l.explain(err)
	}
	f.Version, f.Folder = info.ServerVersion, info.DockerRootDir
	image, err := l.engine.ImageInspect(ctx, l.o.Image)
	if isGone(err) {
		return f, nil
	}
	if err != nil {
		return f, l.explain(err)
	}
	f.ImageThere = true
	if image.Config != nil {
		f.ImageVersion = image.Config.Labels[labelVersion]
	}
	return f, nil
}
