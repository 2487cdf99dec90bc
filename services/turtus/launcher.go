package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"turtus/services/browsers"
	"turtus/services/browsers/process"
	"turtus/services/browsers/remote"
	"turtus/services/config"
)

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
	return remote.NewServer(remote.ServerOptions{Launcher: l, MaxBrowsers: c.MaxBrowsers, Log: log}).Serve(ctx, socket)
}

// chooseLauncher is the server's: by the launcher's process where there is one, else in this process.
func chooseLauncher(ctx context.Context, c config.Config, folder *dataFolder, bound net.Addr, log *slog.Logger) (launcher, error) {
	if c.LauncherSocket != "" {
		return remote.NewClient(remote.ClientOptions{Socket: c.LauncherSocket, Log: log}), nil
	}
	return openLauncher(ctx, c, folder, bound, log)
}

// openLauncher takes the best that there is on this machine.
func openLauncher(ctx context.Context, c config.Config, folder *dataFolder, bound net.Addr, log *slog.Logger) (launcher, error) {
	agent := c.Agent
	if agent == "" {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find turtus-agent: %w", err)
		}
		agent = filepath.Join(filepath.Dir(program), "turtus-agent")
	}
	log.Warn("NO ISOLATION: browsers run as plain processes of this machine. Whoever drives one reaches what its user and this network reach. " +
		"Share such a server only with people you trust")
	return process.New(ctx, process.Options{
		Agent: agent, Dir: folder.join("browsers"), RunAs: c.RunAs, SignalServer: hubAddress(bound),
		MinPort: c.MediaPorts.Min, MaxPort: c.MediaPorts.Max, Verbosity: c.LogLevel, Log: log,
	})
}
