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

// ClientPayload checks the payload of a message from a peer and returns what the contract knows of it, written anew: what is said twice, or
// under a name that another reader takes for one of the contract's, reaches nobody unchecked. Errors: ErrUnknownType, a *FieldError.
func ClientPayload(messageType string, payload json.RawMessage) (json.RawMessage, error) {
	property, known := Spec().Components.Schemas["ClientMessages"].Value.Properties[messageType]
	if !known {
		return nil, fmt.Errorf("%w: %q", ErrUnknownType, messageType)
	}
	var value any
	if err := json.Unmarshal(payload, &value); err != nil {
		return nil, &FieldError{Field: "payload", Detail: "is not JSON"}
	}
	err := property.Value.VisitJSON(value, openapi3.VisitAsRequest())
	if err == nil {
		prune(property.Value, value)
		return json.Marshal(value)
	}
	var schemaErr *openapi3.SchemaError
	if errors.As(err, &schemaErr) {
		return nil, &FieldError{Field: strings.Join(schemaErr.JSONPointer(), "."), Detail: schemaErr.Reason}
	}
	return nil, &FieldError{Detail: err.Error()}
}

// prune takes from a value that was checked what its schema does not name, in the objects that may have more.
func prune(schema *openapi3.Schema, value any) {
	object, ok := value.(map[string]any)
	if !ok || schema.Properties == nil {
		return
	}
	for name, part := range object {
		if property, known := schema.Properties[name]; known {
			prune(property.Value, part)
		} else {
			delete(object, name)
		}
	}
}
