package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/services/wire/contract"
)

// FuzzClientAddress: who is no proxy of ours changes nothing by what it says of its address, neither about itself nor in front of what a proxy
// says of it; and what is believed is an address.
func FuzzClientAddress(f *testing.F) {
	f.Add("192.0.2.9:5", "198.51.100.1", "", "198.51.100.7")
	f.Add("10.0.0.1:5", "203.0.113.7, 10.0.0.9", `for=203.0.113.7;x="`, "2001:db8::7")
	f.Add("[fd00::1]:5", "", `for="[2001:db8::1]:4711", for=unknown`, "10.0.0.9")
	f.Add("10.0.0.1:5", "\x00,,", `for="\",for=1.2.3.4`, "::ffff:198.51.100.7")
	f.Fuzz(func(t *testing.T, remote, plain, forwarded, client string) {
		p := proxies(networks("10.0.0.0/8", "fd00::/8"))
		asked := func(headers ...string) string {
			r := &http.Request{RemoteAddr: remote, Header: http.Header{}}
			for i := 0; i < len(headers); i += 2 {
				r.Header.Add(headers[i], headers[i+1])
			}
			return p.client(r)
		}
		got := asked("X-Forwarded-For", plain, "Forwarded", forwarded)
		peer, ok := parseNode(remote)
		if !ok || !p.trusts(peer) {
			require.Equal(t, remote, got)
			return
		}
		if got != remote {
			_, err := netip.ParseAddr(got)
			require.NoError(t, err)
		}
		from, err := netip.ParseAddr(client)
		if err != nil || p.trusts(from.Unmap()) {
			return
		}
		want := from.Unmap().WithZone("").String()
		require.Equal(t, want, asked("X-Forwarded-For", plain, "X-Forwarded-For", client))
		require.Equal(t, want, asked("X-Forwarded-For", plain+", "+client))
		quoted := client
		if from.Is6() {
			quoted = `"[` + client + `]"`
		}
		// An open quote of the client's own swallows the proxy's word, and then nobody's is believed.
		require.Contains(t, []string{want, peer.String()}, asked("Forwarded", forwarded, "Forwarded", "for="+quoted))
	})
}

// FuzzRequestBody: what passes the contract reaches the handler as what was checked: read again it says the same, and no key twice.
func FuzzRequestBody(f *testing.F) {
	type operation struct{ method, path string }
	var all []operation
	for path, item := range contract.Spec().Paths.Map() {
		for method, o := range item.Operations() {
			if o.RequestBody != nil && o.RequestBody.Value.Content["application/json"] != nil {
				all = append(all, operation{method, path})
			}
		}
	}
	require.NotEmpty(f, all)
	for i := range all {
		f.Add(uint(i), []byte(`{}`))
	}
	for _, seed := range []string{
		`{"username":"ada","password":"a long password","Username":"root"}`, `{"title":"a","title":"b"}`, `{"title":"x","screen":{"width":5000},"screen":{"width":1280,"height":720,"frameRate":30}}`,
		`{"screen":null}`, `{"maxUses":1.0}`, `{"graceMs":1e3}`, `[]`, `"\ud800"`, `{"role":"owner"}`,
	} {
		for i := range all {
			f.Add(uint(i), []byte(seed))
		}
	}
	a := &api{Options: Options{Log: slog.New(slog.DiscardHandler)}}
	f.Fuzz(func(t *testing.T, n uint, body []byte) {
		o := all[n%uint(len(all))]
		pattern := apiBase + o.path
		r := httptest.NewRequest(o.method, "http://turtus"+strings.NewReplacer("{", "", "}", "").Replace(pattern), bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		routed := chi.NewRouteContext()
		routed.RoutePatterns = []string{pattern}
		r = r.WithContext(context.WithValue(context.WithValue(r.Context(), chi.RouteCtxKey, routed), callKey{}, &call{}))
		w := httptest.NewRecorder()
		var reached []byte
		a.checked(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			reached, _ = io.ReadAll(r.Body)
		})).ServeHTTP(w, r)
		if reached == nil {
			var problem wire.Problem
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &problem))
			require.Contains(t, []wire.ErrorCode{wire.ErrorCodeMalformedJSON, wire.ErrorCodeInvalidField, wire.ErrorCodeBodyTooLarge}, problem.Code)
			return
		}
		var value any
		require.NoError(t, json.Unmarshal(reached, &value))
		again, err := json.Marshal(value)
		require.NoError(t, err)
		require.Equal(t, string(again), string(reached), "nothing is said twice")
		schema := contract.Spec().Paths.Value(o.path).GetOperation(o.method).RequestBody.Value.Content["application/json"].Schema.Value
		require.NoError(t, schema.VisitJSON(value, openapi3.VisitAsRequest()))
	})
}
