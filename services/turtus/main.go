// Command turtus is the server: everything that runs on the host, in one program. `turtus serve` is all that most people need.
//
// This package wires the others together and decides nothing itself: it reads the settings, owns the data folder, starts what there is
// to start in order, and ends it in the opposite one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"turtus/services/config"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signals()
	defer stop()
	root := &cobra.Command{
		Use:           "turtus",
		Short:         "Watch together: a shared browser in a room, on your own server",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(serveCommand(), launcherCommand(), healthCommand(), migrateCommand(), adminCommand(), certCommand(), settingsCommand(), backupCommand(), restoreCommand(), doctorCommand(), versionCommand())
	root.CompletionOptions.DisableDefaultCmd = true
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, errUnwell) {
		return 1
	}
	var wrong *config.Error
	if errors.As(err, &wrong) {
		fmt.Fprintln(os.Stderr, "turtus:", wrong)
		return 2
	}
	fmt.Fprintln(os.Stderr, "turtus:", err)
	return 1
}

// errSignal ends the context of a command that SIGINT or SIGTERM was sent to.
var errSignal = errors.New("told to stop by a signal")

// signals returns a context that the first SIGINT or SIGTERM ends; the second ends the program at once.
func signals() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	received := make(chan os.Signal, 2)
	signal.Notify(received, syscall.SIGINT, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for again := false; ; again = true {
			select {
			case <-received:
				if again {
					fmt.Fprintln(os.Stderr, "turtus: ended at once; the browsers end by themselves when they notice")
					os.Exit(130)
				}
				cancel(errSignal)
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(received)
		close(done)
		cancel(nil)
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which version this is", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), "turtus", version) },
	}
}
