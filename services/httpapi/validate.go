package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-chi/chi/v5"

	"turtus/services/accounts"
	"turtus/services/wire"
	"turtus/services/wire/contract"
)

// maxJSON is the largest JSON body; the longest that the contract allows are well below.
const maxJSON = 64 << 10

// route is the operation of the contract that chi has found.
func route(r *http.Request) *routers.Route {
	spec := contract.Spec()
	path := strings.TrimPrefix(chi.RouteContext(r.Context()).RoutePattern(), apiBase)
	item := spec.Paths.Value(path)
	return &routers.Route{
		Spec: spec, Server: spec.Servers[0], Path: path, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method),
	}
}

// authenticated finds out who calls, where the contract asks for an access token or takes one.
func (a *api) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		security := &contract.Spec().Security
		if own := route(r).Operation.Security; own != nil {
			security = own
		}
		wanted, needed := len(*security) > 0, len(*security) > 0
		for _, requirement := range *security {
			needed = needed && len(requirement) > 0
		}
		header := r.Header.Get("Authorization")
		if wanted && (needed || header != "") {
			scheme, token, _ := strings.Cut(header, " ")
			if !strings.EqualFold(scheme, "Bearer") || token == "" {
				a.problem(w, r, wire.Errorf(wire.ErrorCodeUnauthenticated, "Sign in first."))
				return
			}
			caller, err := a.Accounts.Authenticate(r.Context(), token)
			if err != nil {
				a.problem(w, r, err)
				return
			}
			callOf(r.Context()).caller = &caller
			if err := a.reaches(r, caller); err != nil {
				a.problem(w, r, err)
				return
			}
			if slices.Contains(route(r).Operation.Tags, tagAdmin) && !caller.Person.Administrator {
				a.problem(w, r, errAdministrators())
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// checked lets only requests through that keep to the contract.
func (a *api) checked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route := route(r)
		isJSON, err := bound(w, r, route.Operation)
		if err != nil {
			a.problem(w, r, err)
			return
		}
		// chi matches the escaped path where there is one.
		parameters := map[string]string{}
		for i, key := range chi.RouteContext(r.Context()).URLParams.Keys {
			value := chi.RouteContext(r.Context()).URLParams.Values[i]
			if unescaped, err := url.PathUnescape(value); err == nil {
				value = unescaped
			}
			parameters[key] = value
		}
		subject := r
		if !isJSON { // the validator would read the body all the same, into memory
			subject = r.WithContext(r.Context())
			subject.Body = http.NoBody
		}
		input := &openapi3filter.RequestValidationInput{
			Request: subject, PathParams: parameters, Route: route,
			Options: &openapi3filter.Options{
				MultiError: true, ExcludeRequestBody: !isJSON, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
			},
		}
		if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
			a.problem(w, r, invalid(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bound limits the body and makes sure of its type. A JSON body is read whole here.
func bound(w http.ResponseWriter, r *http.Request, operation *openapi3.Operation) (isJSON bool, err error) {
	if operation.RequestBody == nil {
		r.Body = http.MaxBytesReader(w, r.Body, 0)
		return false, nil
	}
	content := operation.RequestBody.Value.Content
	given, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if content["application/json"] == nil { // a picture, whose handler looks into it
		if !strings.HasPrefix(given, "image/") {
			return false, wire.Errorf(wire.ErrorCodeUnsupportedMediaType, "Send a picture, with its type in Content-Type.")
		}
		r.Body = http.MaxBytesReader(w, r.Body, accounts.MaxAvatarBytes)
		return false, nil
	}
	if given != "application/json" {
		return false, wire.Errorf(wire.ErrorCodeUnsupportedMediaType, "Send JSON, with Content-Type: application/json.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if err != nil {
		return false, unreadable(err, maxJSON)
	}
	// Written anew it is the same to the contract and to the handler, also where something is said twice in it.
	var value any
	if json.Unmarshal(body, &value) != nil {
		return false, wire.Errorf(wire.ErrorCodeMalformedJSON, "The body is not JSON.")
	}
	if body, err = json.Marshal(value); err != nil {
		return false, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	return true, nil
}

// unreadable is for a body that could not be read.
func unreadable(err error, limit int) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return wire.Errorf(wire.ErrorCodeBodyTooLarge, "The body is larger than %d KiB.", limit>>10)
	}
	return wire.Errorf(wire.ErrorCodeBadRequest, "The body could not be read.")
}

// unreadable answers what the generated code can't decode although the contract allowed it.
func (a *api) unreadable(w http.ResponseWriter, r *http.Request, _ error) {
	a.problem(w, r, wire.Errorf(wire.ErrorCodeMalformedJSON, "The body does not have the form that the contract gives it."))
}

// unbindable answers a parameter that the generated code can't read. It comes before checked, from chi.
func (a *api) unbindable(w http.ResponseWriter, r *http.Request, err error) {
	field := ""
	if wrong, ok := errors.AsType[*InvalidParamFormatError](err); ok {
		field = wrong.ParamName
	}
	a.problem(w, r, invalidFields([]wire.FieldProblem{{Field: field, Detail: "does not have the right form"}}))
}

// invalid says which fields are wrong, each with what it should be, and never with what it was.
func invalid(err error) error {
	var fields []wire.FieldProblem
	collect(err, "", &fields)
	return invalidFields(fields)
}

func invalidFields(fields []wire.FieldProblem) error {
	details := make([]string, len(fields))
	for i, f := range fields {
		details[i] = strings.TrimSpace(f.Field + " " + f.Detail)
	}
	return &wire.Error{Code: wire.ErrorCodeInvalidField, Detail: strings.Join(details, "; "), Fields: fields}
}

func collect(err error, parameter string, fields *[]wire.FieldProblem) {
	switch e := err.(type) {
	case openapi3.MultiError:
		for _, each := range e {
			collect(each, parameter, fields)
		}
		return
	case *openapi3filter.RequestError:
		if e.Parameter != nil {
			parameter = e.Parameter.Name
		}
		if e.Err != nil {
			collect(e.Err, parameter, fields)
			return
		}
	case *openapi3.SchemaError:
		path := e.JSONPointer()
		if e.SchemaField == "properties" { // an unknown one: only the words have its name
			if match := quoted.FindStringSubmatch(e.Reason); match != nil {
				path = append(path, match[1])
			}
		}
		if parameter != "" {
			path = append([]string{parameter}, path...)
		}
		*fields = append(*fields, wire.FieldProblem{Field: strings.Join(path, "."), Detail: detail(e)})
		return
	default:
		if inner := errors.Unwrap(err); inner != nil {
			collect(inner, parameter, fields)
			return
		}
	}
	*fields = append(*fields, wire.FieldProblem{Field: parameter, Detail: "does not have the right form"})
}

var quoted = regexp.MustCompile(`^property "([^"]{1,64})" is unsupported`)

// detail is what a field should be, in words.
func detail(e *openapi3.SchemaError) string {
	switch s := e.Schema; e.SchemaField {
	case "properties":
		return "is not known here"
	case "required":
		return "is needed"
	case "minLength":
		if s.MinLength == 1 {
			return "is empty"
		}
		return fmt.Sprintf("has %d characters at least", s.MinLength)
	case "maxLength":
		return fmt.Sprintf("has %d characters at most", *s.MaxLength)
	case "minimum":
		return fmt.Sprintf("is %g at least", *s.Min)
	case "maximum":
		return fmt.Sprintf("is %g at most", *s.Max)
	case "multipleOf":
		return fmt.Sprintf("is a multiple of %g", *s.MultipleOf)
	case "enum":
		words := make([]string, len(s.Enum))
		for i, word := range s.Enum {
			words[i] = fmt.Sprint(word)
		}
		return "is one of " + strings.Join(words, ", ")
	case "type":
		return "is not of the type " + strings.Join(s.Type.Slice(), " or ")
	case "pattern", "format":
		return "does not have the right form"
	}
	return "does not keep to the contract"
}
