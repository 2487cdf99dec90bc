package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"turtus/services/browsers"
	"turtus/services/browsers/docker"
	"turtus/services/browsers/process"
	"turtus/services/browsers/remote"
	"turtus/services/config"
	"turtus/vb/image"
)

// processes is the name of the launcher whose agents have the machine's own network, and so need no socket.
const processes = "process"

// launcher is what starts the browsers. Close lets go of them; they go on.
type launcher interface {
	browsers.Launcher
	Close()
}

func launcherCommand() *cobra.Command {
	return &cobra.Command{
		Use: "launcher", Short: "Start browsers for a server that may not, by a narrow API on a Unix socket", Args: cobra.NoArgs,
		Long: "Starts browsers for a server that may not, by a narrow API on a Unix socket: the server faces the Internet, this process has the right to start\n" +
			"containers. Both are told the socket by TURTUS_LAUNCHER_SOCKET. Browsers go on when the launcher ends; the next one takes them back.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(os.Environ())
			if err != nil {
				return err
			}
			log := newLog(c, c.LogLevel)
			slog.SetDefault(log)
			return launch(cmd.Context(), c, log, func(socket string) {
				fmt.Fprintf(cmd.OutOrStdout(), "Turtus's launcher is ready: %s\n", socket)
			})
		},
	}
}

// launch serves the launcher's socket until ctx ends. ready is told its path once it works.
func launch(ctx context.Context, c config.Config, log *slog.Logger, ready func(socket string)) error {
	if c.LauncherSocket == "" {
		return errors.New("TURTUS_LAUNCHER_SOCKET is needed: the path of a Unix socket, such as /run/turtus-launcher/launcher.sock, the same for the launcher and the server")
	}
	folder, err := openDataFolder(filepath.Join(c.DataDir, "launcher")) // the server may have the folder itself
	if err != nil {
		return err
	}
	defer folder.close()
	bound, err := net.ResolveTCPAddr("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("find the hub at TURTUS_ADDR=%s: %w", c.Addr, err)
	}
	if bound.IP == nil {
		bound.IP = net.IPv4zero
	}
	l, err := openLauncher(ctx, c, folder, bound, log)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer l.Close()
	socket, err := remote.Listen(c.LauncherSocket, c.LauncherGroup, log)
	if err != nil {
		return err
	}
	if ok, why := l.Available(); !ok {
		log.Warn("browsers can't be started: " + why)
	}
	log.Info("serving", "launcher", l.Name(), "socket", c.LauncherSocket, "browsers", c.MaxBrowsers)
	ready(c.LauncherSocket)
	return remote.NewServer(remote.ServerOptions{Launcher: l, MaxBrowsers: c.MaxBrowsers, Limits: limits(c), Log: log}).Serve(ctx, socket)
}

// chooseLauncher is the server's: by the launcher's process where there is one, else in this process.
func chooseLauncher(ctx context.Context, c config.Config, folder *dataFolder, bound net.Addr, log *slog.Logger) (l launcher, err error) {
	if c.LauncherSocket != "" {
		l = remote.NewClient(remote.ClientOptions{Socket: c.LauncherSocket, Log: log})
	} else if l, err = openLauncher(ctx, c, folder, bound, log); err != nil {
		return nil, err
	}
	if l.Name() != processes {
		// Browsers may be started, with it mounted, before the server listens there.
		if err := agentFolder(c.AgentSocket); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

// openLauncher starts browsers in containers, or as processes where the settings say so or nothing better is there.
func openLauncher(ctx context.Context, c config.Config, folder *dataFolder, bound net.Addr, log *slog.Logger) (launcher, error) {
	inContainers, why, err := wantsContainers(ctx, c, folder, bound)
	if err != nil {
		return nil, err
	}
	if inContainers {
		log.Info("browsers run in containers", "image", c.BrowserImage, "because", why)
		if err := endProcesses(ctx, c, folder, bound, log); err != nil {
			log.Warn("browsers that ran as processes before may not all have ended", "error", err)
		}
		return openDocker(ctx, c, folder, log)
	}
	log.Warn("NO ISOLATION: browsers run as plain processes of this machine. Whoever drives one reaches what its user and this network reach. " +
		"Share such a server only with people you trust. Why: " + why)
	return openProcesses(ctx, c, folder, bound, log)
}

// buildCommand makes the browsers' image from a checkout.
const buildCommand = "docker build -f vb/image/Dockerfile -t turtus-browser ."

// containersFile is in the data folder once its server has had browsers in containers.
const containersFile = "containers"

// wantsContainers decides where browsers run, and says why in a sentence. A server that others reach never falls back from containers by itself: an engine
// that is away for a moment must not cost it its isolation.
func wantsContainers(ctx context.Context, c config.Config, folder *dataFolder, bound net.Addr) (yes bool, why string, err error) {
	if c.Launcher != "auto" {
		return c.Launcher == "docker", "TURTUS_LAUNCHER is " + c.Launcher + ".", nil
	}
	before := folder.join(containersFile)
	if yes, why = docker.Answers(ctx, "", c.BrowserImage, buildCommand); yes {
		return true, "Docker answers.", os.WriteFile(before, nil, 0o600)
	}
	if _, err := os.Stat(before); err == nil && isOpen(c, bound) {
		return true, "they did before, and others reach this server (TURTUS_LAUNCHER=process has processes again).", nil
	}
	return false, why + " Then start the server again, and browsers run in containers.", ctx.Err()
}

// limits of a browser that are the operator's.
func limits(c config.Config) browsers.Limits {
	return browsers.Limits{
		Memory: int64(c.BrowserMemory) << 20, Shared: int64(c.BrowserShared) << 20, CPUs: float64(c.BrowserCPUs), Processes: c.BrowserProcesses,
	}
}

// openDocker starts browsers in containers.
func openDocker(ctx context.Context, c config.Config, folder *dataFolder, log *slog.Logger) (launcher, error) {
	id, err := folder.identity()
	if err != nil {
		return nil, err
	}
	hub := c.AgentVolume
	if hub == "" {
		hub = filepath.Dir(c.AgentSocket)
	}
	return docker.New(ctx, docker.Options{
		Server: id, Image: c.BrowserImage, BuildCommand: buildCommand, Hub: hub, HubSocket: filepath.Base(c.AgentSocket),
		MinPort: c.MediaPorts.Min, MaxPort: c.MediaPorts.Max, MediaTCP: c.MediaOverTCP(), Verbosity: c.LogLevel, Log: log, Seccomp: image.Seccomp,
		Limits: limits(c),
	})
}

// endProcesses ends the browsers that ran as processes when the settings were others, and clears their files away.
func endProcesses(ctx context.Context, c config.Config, folder *dataFolder, bound net.Addr, log *slog.Logger) error {
	if _, err := os.Stat(folder.join("browsers")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	before, err := openProcesses(ctx, c, folder, bound, log)
	if err != nil {
		return err
	}
	defer before.Close()
	running, err := before.List(ctx)
	for _, b := range running {
		err = errors.Join(err, before.Stop(ctx, b.Handle, processesGrace))
	}
	return err
}

// processesGrace is how long one of them may take to end by itself.
const processesGrace = 3 * time.Second

// openProcesses starts browsers as local processes.
func openProcesses(ctx context.Context, c config.Config, folder *dataFolder, bound net.Addr, log *slog.Logger) (launcher, error) {
	agent, err := agentProgram(c)
	if err != nil {
		return nil, err
	}
	return process.New(ctx, process.Options{
		Agent: agent, Dir: folder.join("browsers"), RunAs: c.RunAs, SignalServer: hubAddress(bound),
		MinPort: c.MediaPorts.Min, MaxPort: c.MediaPorts.Max, MediaTCP: c.MediaOverTCP(), Verbosity: c.LogLevel, Log: log,
	})
}

func agentProgram(c config.Config) (string, error) {
	if c.Agent != "" {
		return c.Agent, nil
	}
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find turtus-agent: %w", err)
	}
	return filepath.Join(filepath.Dir(program), "turtus-agent"), nil
}
