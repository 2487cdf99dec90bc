package relay

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// logs brings what pion says into our log. What it calls errors are single requests of anybody on the Internet: details to us.
type logs struct{ logger *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (l logs) NewLogger(scope string) logging.LeveledLogger {
	return scoped{l.logger.With("scope", scope)}
}

type scoped struct{ logger *slog.Logger }

func (l scoped) printf(format string, args ...any) {
	if l.logger.Enabled(context.Background(), slog.LevelDebug) {
		l.logger.Debug(fmt.Sprintf(format, args...))
	}
}

func (scoped) Trace(string)          {}
func (scoped) Tracef(string, ...any) {}
func (scoped) Debug(string)          {}
func (scoped) Debugf(string, ...any) {}

func (l scoped) Info(text string)                  { l.printf("%s", text) }
func (l scoped) Infof(format string, args ...any)  { l.printf(format, args...) }
func (l scoped) Warn(text string)                  { l.printf("%s", text) }
func (l scoped) Warnf(format string, args ...any)  { l.printf(format, args...) }
func (l scoped) Error(text string)                 { l.printf("%s", text) }
func (l scoped) Errorf(format string, args ...any) { l.printf(format, args...) }
