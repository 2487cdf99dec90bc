package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"turtus/services/wire"
)

// status is what a code is over HTTP; 400 for one that is not here.
var status = map[wire.ErrorCode]int{
	wire.ErrorCodeBadRequest:           http.StatusBadRequest,
	wire.ErrorCodeMalformedJSON:        http.StatusBadRequest,
	wire.ErrorCodeInvalidField:         http.StatusUnprocessableEntity,
	wire.ErrorCodeBodyTooLarge:         http.StatusRequestEntityTooLarge,
	wire.ErrorCodeUnsupportedMediaType: http.StatusUnsupportedMediaType,
	wire.ErrorCodeNotFound:             http.StatusNotFound,
	wire.ErrorCodeMethodNotAllowed:     http.StatusMethodNotAllowed,
	wire.ErrorCodeUnauthenticated:      http.StatusUnauthorized,
	wire.ErrorCodeTokenExpired:         http.StatusUnauthorized,
	wire.ErrorCodeSessionExpired:       http.StatusUnauthorized,
	wire.ErrorCodeWrongCredentials:     http.StatusUnauthorized,
	wire.ErrorCodeForbidden:            http.StatusForbidden,
	wire.ErrorCodeOriginRefused:        http.StatusForbidden,
	wire.ErrorCodeWrongPassword:        http.StatusForbidden,
	wire.ErrorCodeSignUpsClosed:        http.StatusForbidden,
	wire.ErrorCodeSetupTokenRequired:   http.StatusForbidden,
	wire.ErrorCodeSetupTokenWrong:      http.StatusForbidden,
	wire.ErrorCodeAccountDisabled:      http.StatusForbidden,
	wire.ErrorCodeLastAdministrator:    http.StatusConflict,
	wire.ErrorCodeSignUpCodeNeeded:     http.StatusForbidden,
	wire.ErrorCodeSignUpCodeWrong:      http.StatusForbidden,
	wire.ErrorCodeResetLinkWrong:       http.StatusForbidden,
	wire.ErrorCodeLinkCodeWrong:        http.StatusForbidden,
	wire.ErrorCodeSettingsChanged:      http.StatusConflict,
	wire.ErrorCodeGuestNotAllowed:      http.StatusForbidden,
	wire.ErrorCodeRoomPasswordNeeded:   http.StatusForbidden,
	wire.ErrorCodeRoomPasswordWrong:    http.StatusForbidden,
	wire.ErrorCodeRoomMembersOnly:      http.StatusForbidden,
	wire.ErrorCodeBanned:               http.StatusForbidden,
	wire.ErrorCodeRoomLocked:           http.StatusForbidden,
	wire.ErrorCodeRoomAsk:              http.StatusForbidden,
	wire.ErrorCodeRoomClosed:           http.StatusForbidden,
	wire.ErrorCodeRateLimited:          http.StatusTooManyRequests,
	wire.ErrorCodeSlowMode:             http.StatusTooManyRequests,
	wire.ErrorCodeInternal:             http.StatusInternalServerError,
	wire.ErrorCodeUnavailable:          http.StatusServiceUnavailable,
	wire.ErrorCodeStorageFull:          http.StatusInsufficientStorage,
	wire.ErrorCodeUsernameTaken:        http.StatusConflict,
	wire.ErrorCodeSlugTaken:            http.StatusConflict,
	wire.ErrorCodeAlreadyAccount:       http.StatusConflict,
	wire.ErrorCodeKeyReused:            http.StatusConflict,
	wire.ErrorCodeTooManyRooms:         http.StatusConflict,
	wire.ErrorCodeRoomFull:             http.StatusConflict,
	wire.ErrorCodeInviteExpired:        http.StatusGone,
	wire.ErrorCodeInviteRevoked:        http.StatusGone,
	wire.ErrorCodeInviteUsedUp:         http.StatusGone,
	wire.ErrorCodeDisplayNameNeeded:    http.StatusUnprocessableEntity,
	wire.ErrorCodeBrowserRunning:       http.StatusConflict,
	wire.ErrorCodeBrowserNotRunning:    http.StatusConflict,
	wire.ErrorCodeBrowserQuotaPerson:   http.StatusConflict,
	wire.ErrorCodeBrowserQuotaServer:   http.StatusServiceUnavailable,
	wire.ErrorCodeBrowserNotAvailable:  http.StatusServiceUnavailable,
	wire.ErrorCodeBrowserSessionLong:   http.StatusConflict,
	wire.ErrorCodeBrowserSessionUsedUp: http.StatusConflict,
}

// problem answers an error. One without a code is logged with the request's id and told as internal, with nothing of its text;
// so is the cause of one whose code says that the server is at fault.
func (a *api) problem(w http.ResponseWriter, r *http.Request, err error) {
	c := callOf(r.Context())
	coded, ok := errors.AsType[*wire.Error](err)
	if !ok {
		coded = wire.Errorf(wire.ErrorCodeInternal, "Something went wrong in the server. Its log has more under the id %s.", c.id)
		if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
			coded = wire.Errorf(wire.ErrorCodeUnavailable, "The request was given up.") // nobody reads it
		}
	}
	code := status[coded.Code]
	if code == 0 {
		code = http.StatusBadRequest
	}
	if coded.Code == wire.ErrorCodeInternal || !ok && r.Context().Err() == nil || code >= 500 && error(coded) != err {
		a.Log.ErrorContext(r.Context(), "request failed", "request", c.id, "code", coded.Code, "error", err)
	}
	h := w.Header()
	if coded.Code == wire.ErrorCodeSessionExpired {
		h.Set("Set-Cookie", clearedCookie(c.secure).String())
	}
	if code == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if coded.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(coded.RetryAfter))
	}
	body, err := json.Marshal(problemOf(coded, code, c.id))
	if err != nil {
		panic(err) // no part of a Problem can fail
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(body) // a reader who left
}

func problemOf(e *wire.Error, code int, request string) wire.Problem {
	p := wire.Problem{
		Type: "/docs/errors#" + string(e.Code), Title: title(e.Code), Status: code, Code: e.Code, Detail: &e.Detail, Instance: &request,
	}
	if e.RetryAfter > 0 {
		p.RetryAfter = &e.RetryAfter
	}
	if len(e.Fields) > 0 {
		p.Fields = &e.Fields
	}
	return p
}

// title is the code in words: "Room password needed".
func title(code wire.ErrorCode) string {
	words := strings.ReplaceAll(string(code), "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}
