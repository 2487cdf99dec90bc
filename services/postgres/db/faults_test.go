package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestAFaultOfTheDatabaseHasTheCodeThatPeopleSeeAndKeepsItsCause(t *testing.T) {
	for _, c := range []struct {
		err  error
		code wire.ErrorCode
	}{
		{&pgconn.PgError{Code: "53100"}, wire.ErrorCodeStorageFull},
		{&pgconn.PgError{Code: "53300"}, wire.ErrorCodeUnavailable},
		{&pgconn.PgError{Code: "57P01"}, wire.ErrorCodeUnavailable},
		{&pgconn.PgError{Code: "42P01"}, wire.ErrorCodeInternal},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, wire.ErrorCodeUnavailable},
		{io.ErrUnexpectedEOF, wire.ErrorCodeUnavailable},
		{context.DeadlineExceeded, wire.ErrorCodeUnavailable},
		{context.Canceled, wire.ErrorCodeInternal},
		{wire.Errorf(wire.ErrorCodeNotFound, "no"), wire.ErrorCodeNotFound},
	} {
		err := Fault("store", fmt.Errorf("insert: %w", c.err))
		require.Equal(t, c.code, wire.CodeOf(err), c.err)
		require.ErrorIs(t, err, c.err)
	}
	require.NoError(t, Fault("store", nil))
}

func TestAViolationIsKnownByItsConstraint(t *testing.T) {
	err := fmt.Errorf("insert: %w", &pgconn.PgError{Code: "23505", ConstraintName: "people_username"})
	require.True(t, IsViolation(err, "people_username"))
	require.False(t, IsViolation(err, "rooms_slug_key"))
	require.False(t, IsViolation(nil, "people_username"))
}
