package wire

import (
	"errors"
	"fmt"
)

// Error is an error that people or programs see: a code of the catalogue, and in Detail what happened and what to do.
// The domain packages return it; the transports turn it into problem+json or a WebSocket error. It never holds a
// secret or the text of an inner error.
type Error struct {
	Code   ErrorCode
	Detail string
	// RetryAfter is in seconds; 0 means that waiting does not help.
	RetryAfter int
	Fields     []FieldProblem
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Detail }

// Errorf makes an Error.
func Errorf(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// CodeOf is the code of the first Error in err's chain, or ErrorCodeInternal.
func CodeOf(err error) ErrorCode {
	if coded, ok := errors.AsType[*Error](err); ok {
		return coded.Code
	}
	return ErrorCodeInternal
}
