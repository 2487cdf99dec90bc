package wire

import (
	"encoding/json"
	"net/http"
)

// WriteProblem answers a request by an error of the catalogue (RFC 9457), where no more is to be said of it.
func WriteProblem(w http.ResponseWriter, status int, code ErrorCode, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Problem{ // a reader who left
		Type: "/docs/errors#" + string(code), Title: http.StatusText(status), Status: status, Code: code, Detail: &detail,
	})
}
