package link

import "errors"

// ErrConditions: a condition that no link can have.
var ErrConditions = errors.New("link: impossible conditions")
