package docker

import (
	"cmp"
	"fmt"
	"net/netip"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	typescontainer "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
	"github.com/google/uuid"

	"turtus/services/browsers"
	"turtus/services/browsers/agent"
)

// Labels of a container. labelNetwork is the network's.
const (
	labelServer  = "turtus.server"
	labelRun     = "turtus.run"
	labelRoom    = "turtus.room"
	labelNetwork = "turtus.network"
)

// hubFolder is where the folder of the hub's socket is in a container, home where the browser keeps its own.
const (
	hubFolder = "/run/turtus"
	home      = "/home/browser"
)

// capabilities are what the image's guard needs to set up the container's network and to drop everything, these included, before
// the agent begins.
var capabilities = []string{"NET_ADMIN", "SETGID", "SETPCAP", "SETUID"}

// notHanded are settings of agents on this machine that mean nothing in a container.
var notHanded = []string{agent.Prefix + "FIREFOX", agent.Prefix + "HOME", agent.Prefix + "METRICS", agent.Prefix + "LOOPBACK"}

// Names of settings that a container is asked for when a server takes it back.
const (
	envPort      = agent.Prefix + "UDP_PORT"
	envAddresses = agent.Prefix + "ADDRESSES"
	envResolvers = agent.Prefix + "RESOLVERS"
	envRefuse    = agent.Prefix + "REFUSE"
	envTokenFile = agent.Prefix + "TOKEN_FILE"
	envHome      = agent.Prefix + "HOME"
)

// nameOf is a container's name.
func nameOf(run uuid.UUID) string { return "turtus-" + run.String() }

// limits are a browser's: what its Spec says, else the server's, and no more processors than there are.
func (l *Launcher) limits(spec browsers.Spec) browsers.Limits {
	limits := browsers.Limits{
		Memory: cmp.Or(spec.Limits.Memory, l.o.Limits.Memory), Shared: cmp.Or(spec.Limits.Shared, l.o.Limits.Shared),
		CPUs: cmp.Or(spec.Limits.CPUs, l.o.Limits.CPUs), Processes: cmp.Or(spec.Limits.Processes, l.o.Limits.Processes),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cpus > 0 {
		limits.CPUs = min(limits.CPUs, float64(l.cpus))
	}
	return limits
}

// config is what a container runs. Its token is not in it: that comes over its input.
func (l *Launcher) config(spec browsers.Spec, port uint16) *typescontainer.Config {
	env := agent.Environment(l.o.Environ, spec, "unix://"+path.Join(hubFolder, l.o.HubSocket), agent.Opened(port, l.overTCP()), l.o.Verbosity)
	for _, name := range notHanded {
		delete(env, name)
	}
	env[envTokenFile], env[envHome] = "-", home
	env[envAddresses], env[envResolvers] = join(spec.Addresses), join(spec.Resolvers)
	if len(spec.Own) > 0 {
		env[envRefuse] = strings.TrimPrefix(env[envRefuse]+","+join(spec.Own), ",") // besides what the operator names
	}
	list := agent.List(env)
	slices.Sort(list)
	exposed := nat.PortSet{}
	for _, published := range l.published(port) {
		exposed[published] = struct{}{}
	}
	return &typescontainer.Config{
		Image: l.o.Image, Hostname: "browser", Env: list, ExposedPorts: exposed,
		OpenStdin: true, StdinOnce: true, AttachStdin: true,
		Labels: map[string]string{labelServer: l.o.Server, labelRun: spec.Run.String(), labelRoom: spec.Room.String()},
	}
}

// hostConfig is what keeps a container to itself.
func (l *Launcher) hostConfig(spec browsers.Spec, port uint16) *typescontainer.HostConfig {
	limits := l.limits(spec)
	processes := int64(limits.Processes)
	noInit := false // the agent reaps what its processes leave
	bindings := nat.PortMap{}
	for _, published := range l.published(port) {
		bindings[published] = []nat.PortBinding{{HostIP: publishOn(spec), HostPort: strconv.Itoa(int(port))}}
	}
	h := &typescontainer.HostConfig{
		NetworkMode:  typescontainer.NetworkMode(l.o.Network),
		PortBindings: bindings,
		DNS:          addresses(spec.Resolvers),

		RestartPolicy: typescontainer.RestartPolicy{Name: typescontainer.RestartPolicyDisabled},
		LogConfig:     typescontainer.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "1m", "max-file": "2"}},
		Init:          &noInit,
		OomScoreAdj:   500, // before the server and its database

		CapDrop: []string{"ALL"}, CapAdd: capabilities, SecurityOpt: []string{"no-new-privileges"},
		ReadonlyRootfs: true,
		Tmpfs: map[string]string{
			// Firefox maps what plays films with keys from its profile as code.
			home:   fmt.Sprintf("rw,exec,nosuid,nodev,mode=1777,size=%d", limits.Memory/2),
			"/tmp": fmt.Sprintf("rw,exec,nosuid,nodev,mode=1777,size=%d", limits.Memory/4),
			"/run": "rw,noexec,nosuid,nodev,mode=1777,size=16m",
		},
		Mounts:  []mount.Mount{l.hubMount()},
		IpcMode: typescontainer.IPCModePrivate, ShmSize: limits.Shared,
		Resources: typescontainer.Resources{
			Memory: limits.Memory, MemorySwap: limits.Memory, NanoCPUs: int64(limits.CPUs * 1e9), PidsLimit: &processes,
			CPUShares: 512, // half of what any other program weighs
			Ulimits:   []*typescontainer.Ulimit{{Name: "core", Soft: 0, Hard: 0}},
		},
	}
	if l.o.Seccomp != nil {
		h.SecurityOpt = append(h.SecurityOpt, "seccomp="+string(l.o.Seccomp))
	}
	return h
}

// publishOn is where the machine opens a browser's port: on all its addresses, unless no viewer is told any but loopback ones. Of
// IPv4, since the browsers' network has no other.
func publishOn(spec browsers.Spec) string {
	if slices.ContainsFunc(spec.Addresses, func(a netip.Addr) bool { return !a.IsLoopback() }) {
		return "0.0.0.0"
	}
	return "127.0.0.1"
}

// hubMount is read-only: that keeps nobody from connecting, but from putting another socket there.
func (l *Launcher) hubMount() mount.Mount {
	m := mount.Mount{Type: mount.TypeBind, Source: l.o.Hub, Target: hubFolder, ReadOnly: true}
	if !filepath.IsAbs(l.o.Hub) {
		m.Type, m.VolumeOptions = mount.TypeVolume, &mount.VolumeOptions{NoCopy: true}
	}
	return m
}

func (l *Launcher) networking() *network.NetworkingConfig {
	return &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{l.o.Network: {}}}
}

// overTCP says whether the browsers' ports are open over TCP too: ports that the operator did not choose are in nobody's firewall.
func (l *Launcher) overTCP() bool { return l.o.MediaTCP && l.o.MinPort != 0 }

// published are the ports that the machine forwards to a container, under the same number.
func (l *Launcher) published(port uint16) []nat.Port {
	ports := []nat.Port{natPort(port, "udp")}
	if l.overTCP() {
		ports = append(ports, natPort(port, "tcp"))
	}
	return ports
}

func natPort(port uint16, protocol string) nat.Port {
	return nat.Port(strconv.Itoa(int(port)) + "/" + protocol)
}

// of makes what the launcher keeps of a container from what the engine says of one that runs.
func (l *Launcher) of(found typescontainer.InspectResponse) (*container, error) {
	run, err := uuid.Parse(found.Config.Labels[labelRun])
	if err != nil {
		return nil, fmt.Errorf("container %s: label %s: %w", found.ID, labelRun, err)
	}
	c := &container{id: found.ID, run: run, gone: make(chan struct{}), memory: found.HostConfig.Memory}
	c.startedAt, _ = parseTime(found.State.StartedAt)
	port, _ := strconv.ParseUint(setting(found.Config.Env, envPort), 10, 16)
	c.port = uint16(port)
	if own := found.NetworkSettings.Networks[l.o.Network]; own != nil {
		c.addMedia(own.IPAddress)
	}
	for address := range strings.SplitSeq(setting(found.Config.Env, envAddresses), ",") {
		c.addMedia(address)
	}
	return c, nil
}

func (c *container) addMedia(address string) {
	if a, err := netip.ParseAddr(address); err == nil && c.port != 0 {
		c.media = append(c.media, netip.AddrPortFrom(a, c.port))
	}
}

func setting(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func addresses(list []netip.Addr) []string {
	var texts []string
	for _, a := range list {
		texts = append(texts, a.String())
	}
	return texts
}

func join(list []netip.Addr) string { return strings.Join(addresses(list), ",") }
