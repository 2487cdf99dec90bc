package docker

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"
)

// icc is the option of a bridge that says whether its containers reach each other.
const icc = "com.docker.network.bridge.enable_icc"

// ensureNetwork makes the browsers' network where it is not there, and refuses one that would let a browser reach another. Any
// server of the engine may use it.
func (l *Launcher) ensureNetwork(ctx context.Context) error {
	found, err := l.engine.NetworkInspect(ctx, l.o.Network, network.InspectOptions{})
	if isGone(err) {
		noIPv6 := false // an engine may be set to give it to each network
		_, err = l.engine.NetworkCreate(ctx, l.o.Network, network.CreateOptions{
			Driver: "bridge", EnableIPv6: &noIPv6, Options: map[string]string{icc: "false"}, Labels: map[string]string{labelNetwork: "browsers"},
		})
		if err != nil && !errdefs.IsConflict(err) { // another server was faster
			return fmt.Errorf("make the network %s: %w", l.o.Network, err)
		}
		found, err = l.engine.NetworkInspect(ctx, l.o.Network, network.InspectOptions{})
	}
	if err != nil {
		return fmt.Errorf("look at the network %s: %w", l.o.Network, err)
	}
	if found.Driver != "bridge" || found.Options[icc] != "false" || found.Internal {
		return troublef("The Docker network %s is not as it was made: browsers on it could reach each other, or nothing at all. "+
			"Remove it when no browser runs (docker network rm %s), and it is made anew.", l.o.Network, l.o.Network)
	}
	return nil
}
