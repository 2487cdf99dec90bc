package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/accounts"
	virtual "turtus/services/browsers"
	"turtus/services/doctor"
	"turtus/services/notices"
	"turtus/services/peaks"
	"turtus/services/postgres/pgtest"
	"turtus/services/rooms"
	"turtus/services/settings"
	"turtus/services/wire"
	"turtus/services/wire/contract"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(runner{pgtest.Main(m)}) }

// succeeded has the operations of the contract that a test has seen succeed, with an answer that keeps to the contract.
var succeeded sync.Map

// runner fails a full run that has left an operation out.
type runner struct{ pgtest.Runner }

func (r runner) Run() int {
	code := r.Runner.Run()
	if code != 0 || flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.list").Value.String() != "" {
		return code
	}
	for path, item := range contract.Spec().Paths.Map() {
		for method, operation := range item.Operations() {
			if _, ok := succeeded.Load(operation.OperationID); !ok {
				fmt.Printf("no test has seen %s %s (%s) succeed\n", method, path, operation.OperationID)
				code = 1
			}
		}
	}
	return code
}

const password = "correct horse battery"

// hub writes down what it is told.
type hub struct {
	mu      sync.Mutex
	told    []string
	people  int
	present []accounts.PersonID
	remote  []string // of the WebSockets
	changed []accounts.PersonID
}

func (h *hub) tell(what string) { h.mu.Lock(); defer h.mu.Unlock(); h.told = append(h.told, what) }

// whose are those whose membership changed, since it was asked last.
func (h *hub) whose() (changed []accounts.PersonID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	changed, h.changed = h.changed, nil
	return changed
}
func (h *hub) take() (told []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	told, h.told = h.told, nil
	return told
}
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.remote = append(h.remote, r.RemoteAddr)
	h.mu.Unlock()
	w.WriteHeader(http.StatusUpgradeRequired)
}
func (h *hub) People(rooms.ID) int                    { return h.people }
func (h *hub) ChatCleared(rooms.ID, wire.ChatCleared) { h.tell("chat cleared") }
func (h *hub) Asks(rooms.ID, accounts.PersonID) bool  { return false }

func (h *hub) Present(rooms.ID) []accounts.PersonID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.present
}
func (h *hub) RoomUpdated(rooms.ID) { h.tell("room updated") }
func (h *hub) RoomDeleted(rooms.ID) { h.tell("room deleted") }
func (h *hub) PersonUpdated(_ accounts.PersonID, p wire.PublicPerson) {
	h.tell("person updated " + p.DisplayName)
}
func (h *hub) PersonGone(accounts.PersonID) { h.tell("person gone") }
func (h *hub) MemberChanged(_ rooms.ID, p accounts.PersonID) {
	h.tell("member changed")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changed = append(h.changed, p)
}
func (h *hub) MessageStored(_ rooms.ID, m wire.ChatMessage, repeated bool) {
	h.tell(fmt.Sprintf("message %s repeated=%t", m.Text, repeated))
}
func (h *hub) MessageChanged(_ rooms.ID, m wire.ChatMessage) {
	h.tell(fmt.Sprintf("message changed %q", m.Text))
}
func (h *hub) PersonDisabled(accounts.PersonID) { h.tell("person disabled") }
func (h *hub) ShowNotice(n *wire.Notice) {
	if n == nil {
		h.tell("no notice")
		return
	}
	h.tell("notice " + n.Text)
}
func (h *hub) SessionEnded(accounts.SessionID) { h.tell("session ended") }

// browsers runs nothing; it holds one state for all rooms.
type browsers struct {
	mu    sync.Mutex
	state wire.Browser
	why   string
	fault error
	// all are those that an administrator sees; unmeasured is why what they take is not known.
	all        []virtual.Managed
	unmeasured error
}

func (b *browsers) Start(_ context.Context, _ rooms.ID, by accounts.PersonID) (wire.Browser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fault != nil {
		return wire.Browser{}, b.fault
	}
	if b.state.State != wire.BrowserStateStopped {
		return wire.Browser{}, wire.Errorf(wire.ErrorCodeBrowserRunning, "It runs.")
	}
	b.state = wire.Browser{
		Id: new(uuid.New()), State: wire.BrowserStateStarting, Step: wire.Ptr(wire.BrowserStepLaunching),
		StartedBy: &wire.PublicPerson{Id: by.UUID(), DisplayName: "Starter", AvatarColor: wire.AvatarColorBlue},
	}
	return b.state, nil
}
func (b *browsers) Stop(context.Context, rooms.ID) (wire.Browser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state.State == wire.BrowserStateStopped {
		return wire.Browser{}, wire.Errorf(wire.ErrorCodeBrowserNotRunning, "It does not run.")
	}
	b.state = wire.Browser{State: wire.BrowserStateStopped}
	return wire.Browser{State: wire.BrowserStateStopping}, nil
}
func (b *browsers) KeepAlive(_ context.Context, room rooms.ID) (wire.Browser, error) {
	state := b.State(room)
	if state.State == wire.BrowserStateStopped {
		return wire.Browser{}, wire.Errorf(wire.ErrorCodeBrowserNotRunning, "It does not run.")
	}
	return state, nil
}
func (b *browsers) Extend(ctx context.Context, room rooms.ID) (wire.Browser, error) {
	return b.KeepAlive(ctx, room)
}
func (b *browsers) startedBy(p *wire.PublicPerson) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.StartedBy = p
}
func (b *browsers) State(rooms.ID) wire.Browser { b.mu.Lock(); defer b.mu.Unlock(); return b.state }
func (b *browsers) All(context.Context) (all []virtual.Managed, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all, b.unmeasured
}
func (b *browsers) Kill(run uuid.UUID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.ContainsFunc(b.all, func(m virtual.Managed) bool { return m.ID == run }) {
		return wire.Errorf(wire.ErrorCodeBrowserNotRunning, "It does not run.")
	}
	b.all = slices.DeleteFunc(b.all, func(m virtual.Managed) bool { return m.ID == run })
	return nil
}
func (b *browsers) Available() (bool, string) { return b.why == "", b.why }

// examiner is a doctor that only remembers the visit.
type examiner struct{ h *house }

func (e examiner) Examine(_ context.Context, v *doctor.Visit, person string) wire.DoctorReport {
	e.h.visit.Store(v)
	return wire.DoctorReport{
		Running: true, Visit: &wire.DoctorVisit{Host: v.Host, Address: v.Client}, IceServers: []wire.ICEServer{{Urls: []string{"stun:" + person}}},
		Checks: []wire.DoctorCheck{{Id: "disk", Title: "Disk", State: wire.DoctorStateFail, Found: "full", Code: wire.Ptr("disk_full")}},
	}
}

// house is a server with everything but hub and browsers real.
type house struct {
	url      string
	handler  http.Handler // what is served there
	hub      *hub
	browsers *browsers
	pool     *pgxpool.Pool
	log      *locked
	routes   routers.Router
	visit    atomic.Pointer[doctor.Visit] // the last one of the doctor
}

func newHouse(t *testing.T, change ...func(*Options)) *house {
	t.Helper()
	h := &house{hub: &hub{}, browsers: &browsers{state: wire.Browser{State: wire.BrowserStateStopped}}, pool: pgtest.New(t)}
	keys, err := accounts.OpenKeys(t.TempDir(), nil)
	require.NoError(t, err)
	hasher := cheapHasher()
	h.log = &locked{}
	chosen, err := settings.Open(t.Context(), settings.Options{Pool: h.pool, Defaults: wire.SettingsValues{
		SignUps: wire.SignUpsOpen, MaxBrowsers: 4, MaxBrowsersPerPerson: 1, MaxRoomsPerPerson: 5, RoomSize: 50,
	}})
	require.NoError(t, err)
	o := Options{
		Accounts: accounts.New(accounts.Options{Pool: h.pool, Keys: keys, Hasher: hasher, SignUps: func() wire.SignUps { return chosen.Values().SignUps }}),
		Rooms:    rooms.New(rooms.Options{Pool: h.pool, Hasher: hasher, MaxRoomsPerPerson: 5}),
		Keys:     keys, Browsers: h.browsers, Hub: h.hub, Doctor: examiner{h}, Settings: chosen, Notices: notices.New(h.pool, nil),
		Peaks: peaks.New(h.pool, func() wire.Load { return wire.Load{People: h.hub.people} }, nil, testLog(h.log)),
		Ready: h.pool.Ping, Version: "test",
		Web: fstest.MapFS{
			"index.html":              {Data: []byte("<!doctype html><title>Turtus</title>")},
			"assets/app-1a2b3c.js":    {Data: []byte("console.log('plain')")},
			"assets/app-1a2b3c.js.br": {Data: []byte("brotli")},
			"favicon.svg":             {Data: []byte("<svg/>")},
		},
		Log: testLog(h.log),
	}
	for _, f := range change {
		f(&o)
	}
	handler, err := New(o)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	h.url, h.handler = server.URL, handler
	h.routes, err = gorillamux.NewRouter(contract.Spec())
	require.NoError(t, err)
	return h
}

// cheapHasher hashes at the least cost that argon2 allows.
func cheapHasher() *accounts.Hasher {
	return accounts.NewHasher(accounts.HashCost{MemoryKiB: 8, Iterations: 1, Parallelism: 1}, 4)
}

// locked is a buffer that may be read while the server writes.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }

func (h *house) logged() string { h.log.mu.Lock(); defer h.log.mu.Unlock(); return h.log.b.String() }

func testLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// client is a browser of somebody: a cookie jar and an access token.
type client struct {
	t     *testing.T
	h     *house
	http  *http.Client
	token string
}

func (h *house) visitor(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, h: h, http: &http.Client{Jar: jar, Transport: transport}}
}

func (h *house) signedUp(t *testing.T, name string) *client {
	t.Helper()
	c := h.visitor(t)
	c.token = into[wire.Session](c.do("POST", "/users", wire.NewUser{Username: name, Password: password}).is(201)).AccessToken
	return c
}

type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// do sends a request, and checks the answer against the contract. A body that is a string goes as it is, everything else as JSON.
func (c *client) do(method, path string, body any, headers ...string) answer {
	c.t.Helper()
	var text []byte
	contentType := ""
	switch b := body.(type) {
	case nil:
	case string:
		text, contentType = []byte(b), "application/json"
	case []byte:
		text, contentType = b, "image/png"
	default:
		var err error
		text, err = json.Marshal(body)
		require.NoError(c.t, err)
		contentType = "application/json"
	}
	request, err := http.NewRequest(method, c.h.url+"/api/v1"+path, bytes.NewReader(text))
	require.NoError(c.t, err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.http.Do(request)
	require.NoError(c.t, err)
	defer response.Body.Close()
	a := answer{t: c.t, status: response.StatusCode, header: response.Header}
	a.body, err = io.ReadAll(response.Body)
	require.NoError(c.t, err)
	c.h.keepsToTheContract(c.t, request, a)
	return a
}

func (h *house) keepsToTheContract(t *testing.T, request *http.Request, a answer) {
	t.Helper()
	require.NotEmpty(t, a.header.Get("X-Request-Id"))
	request.URL.Host, request.URL.Scheme = "", ""
	route, parameters, err := h.routes.FindRoute(request)
	if err != nil { // nothing of the contract: still a problem
		problem := into[wire.Problem](a)
		require.True(t, problem.Code.Valid())
		return
	}
	image := strings.HasPrefix(a.header.Get("Content-Type"), "image/")
	require.NoError(t, openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route},
		Status:                 a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: image || a.status == http.StatusNoContent},
	}), "%s %s: %s", request.Method, request.URL.Path, a.body)
	if a.status < 300 {
		succeeded.Store(route.Operation.OperationID, true)
		require.Contains(t, route.Operation.Responses.Map(), strconv.Itoa(a.status), "the contract knows this status")
	}
}

func (a answer) is(status int) answer {
	a.t.Helper()
	require.Equal(a.t, status, a.status, string(a.body))
	return a
}

// fails checks the status and code of a problem and returns it.
func (a answer) fails(status int, code wire.ErrorCode) wire.Problem {
	a.t.Helper()
	require.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"), string(a.body))
	problem := into[wire.Problem](a.is(status))
	require.Equal(a.t, code, problem.Code, string(a.body))
	require.Equal(a.t, status, problem.Status)
	require.Equal(a.t, a.header.Get("X-Request-Id"), *problem.Instance)
	require.NotEmpty(a.t, *problem.Detail)
	return problem
}

func (a answer) fields() (names []string) {
	a.t.Helper()
	problem := a.fails(422, wire.ErrorCodeInvalidField)
	require.NotNil(a.t, problem.Fields)
	for _, f := range *problem.Fields {
		require.NotEmpty(a.t, f.Detail)
		names = append(names, f.Field)
	}
	return names
}

func into[T any](a answer) (v T) {
	a.t.Helper()
	require.NoError(a.t, json.Unmarshal(a.body, &v), string(a.body))
	return v
}
