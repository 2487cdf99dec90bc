package stream

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogs brings what pion says into our log. Its warnings are about single packets and paths, which fail and are
// replaced all the time: details to us.
type pionLogs struct{ logger *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (p pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{p.logger.With("scope", scope)}
}

type pionLog struct{ logger *slog.Logger }

func (l pionLog) printf(format string, args ...any) {
	if l.logger.Enabled(context.Background(), slog.LevelDebug) {
		l.logger.Debug(fmt.Sprintf(format, args...))
	}
}

func (l pionLog) Trace(string)          {}
func (l pionLog) Tracef(string, ...any) {}
func (l pionLog) Debug(string)          {}
func (l pionLog) Debugf(string, ...any) {}
func (l pionLog) Info(string)           {}
func (l pionLog) Infof(string, ...any)  {}

func (l pionLog) Warn(text string)                  { l.printf("%s", text) }
func (l pionLog) Warnf(format string, args ...any)  { l.printf(format, args...) }
func (l pionLog) Error(text string)                 { l.printf("%s", text) }
func (l pionLog) Errorf(format string, args ...any) { l.printf(format, args...) }
