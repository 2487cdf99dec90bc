// Command turtus-agent is a virtual browser: it starts Firefox on a display and a sound server of its own, streams both
// to the viewers of a room by WebRTC, and lets the one who has control drive.
//
// It ends by itself, for one of three reasons or by a failure, and says which: to the hub, in its log's last line and by
// its exit status.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"turtus/services/wire"
	"turtus/vb/agent/settings"
)

// Exit statuses.
const (
	exitOK         = 0 // it was asked to end, or nobody watched
	exitFailed     = 1 // the browser could not be started or kept
	exitUsage      = 2 // a wrong setting
	exitSignalLost = 3 // the hub is gone or does not want us
)

func main() { os.Exit(run()) }

func run() int {
	if len(os.Args) == 2 && os.Args[1] == health {
		return askHealth(os.LookupEnv, os.Stdout)
	}
	s, err := settings.Read(os.Args[1:], os.LookupEnv, os.Stderr)
	if errors.Is(err, settings.ErrHelp) {
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "turtus-agent: %v\n", err)
		return exitUsage
	}
	// Neither Firefox nor anybody who looks at the processes has business with it.
	_ = os.Unsetenv(settings.Prefix + "TOKEN")
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: s.Verbosity}))
	slog.SetDefault(logger)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	end := newAgent(s, logger).run(ctx)
	if end.reason == wire.EndReasonFailed || end.reason == wire.EndReasonSignalLost {
		logger.Error("ended", "reason", end.reason, "detail", end.detail)
		fmt.Fprintf(os.Stderr, "turtus-agent: %s\n", end.detail)
	} else {
		logger.Info("ended", "reason", end.reason)
	}
	switch end.reason {
	case wire.EndReasonFailed:
		return exitFailed
	case wire.EndReasonSignalLost:
		return exitSignalLost
	}
	return exitOK
}
