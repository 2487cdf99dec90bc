package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"turtus/services/wire"
)

// Fault says what was being done when a query failed, and gives it the code that people see: storage_full when the database's disk is
// full, unavailable when it does not answer. The cause stays in the chain for the log. A *wire.Error, and nil, come back as they are;
// an error that is neither gets no code, so it counts as internal.
func Fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	if _, coded := errors.AsType[*wire.Error](err); coded {
		return err
	}
	switch {
	case isFull(err):
		full := wire.Errorf(wire.ErrorCodeStorageFull, "The server's disk is full, so nothing can be stored. Ask its administrator to make room.")
		return fmt.Errorf("%s: %w: %w", doing, full, err)
	case isAway(err):
		away := wire.Errorf(wire.ErrorCodeUnavailable, "The server can't reach its database. Nothing was changed; try again in a moment.")
		away.RetryAfter = 5
		return fmt.Errorf("%s: %w: %w", doing, away, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// IsViolation says that err broke this unique index or constraint.
func IsViolation(err error, constraint string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && strings.HasPrefix(pg.Code, "23") && pg.ConstraintName == constraint
}

// isFull: SQLSTATE 53100, disk_full.
func isFull(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "53100"
}

// isAway: SQLSTATE classes 08 (connection), 53 (resources), 57P (shutdown, crash, starting), read-only standby, or no answer at all.
func isAway(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57P") || pg.Code == "25006"
	}
	if errors.Is(err, context.Canceled) {
		return false
	}
	_, connect := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	return connect || network || pgconn.SafeToRetry(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, puddle.ErrClosedPool) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
