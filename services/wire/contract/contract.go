// Package contract embeds the contract (services/httpapi/openapi.yaml) and checks WebSocket messages against it. The
// HTTP API validates requests with Spec; the hub validates payloads with ClientPayload. The agent does not import it.
package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// ErrUnknownType is for a message type that is not in ClientMessages.
var ErrUnknownType = errors.New("unknown message type")

// Spec is the parsed contract. Callers must not change it.
var Spec = sync.OnceValue(func() *openapi3.T {
	spec, err := GetSpec()
	if err != nil {
		panic(fmt.Sprintf("contract: the embedded contract is unreadable: %v", err))
	}
	return spec
})

// FieldError says which field of a payload is wrong and why, in words for a developer.
type FieldError struct{ Field, Detail string }

func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Detail
	}
	return e.Field + ": " + e.Detail
}

// ClientPayload checks the payload of a message from a peer: ErrUnknownType, a *FieldError, or nil.
func ClientPayload(messageType string, payload json.RawMessage) error {
	property, known := Spec().Components.Schemas["ClientMessages"].Value.Properties[messageType]
	if !known {
		return fmt.Errorf("%w: %q", ErrUnknownType, messageType)
	}
	var value any
	if err := json.Unmarshal(payload, &value); err != nil {
		return &FieldError{Field: "payload", Detail: "is not JSON"}
	}
	err := property.Value.VisitJSON(value, openapi3.VisitAsRequest())
	if err == nil {
		return nil
	}
	var schemaErr *openapi3.SchemaError
	if errors.As(err, &schemaErr) {
		return &FieldError{Field: strings.Join(schemaErr.JSONPointer(), "."), Detail: schemaErr.Reason}
	}
	return &FieldError{Detail: err.Error()}
}
