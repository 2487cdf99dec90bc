package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/services/wire/contract"
)

func TestBadRequestsAreAnsweredWithTheFieldThatIsWrong(t *testing.T) {
	h := newHouse(t)
	c := h.signedUp(t, "ada")
	long := strings.Repeat("x", 5000)
	for _, r := range []struct {
		method, path, body string
		fields             []string
	}{
		{"POST", "/users", `{"username":"a","password":"short"}`, []string{"username", "password"}},
		{"POST", "/users", `{}`, []string{"username", "password"}},
		{"POST", "/users", `{"username":"ada2","password":"` + password + `","administrator":true}`, []string{"administrator"}},
		{"POST", "/users", `{"username":"` + long + `","password":"` + long + `","displayName":"` + long + `"}`, []string{"username", "password", "displayName"}},
		{"POST", "/sessions", `{"username":1,"password":null}`, []string{"username", "password"}},
		{"POST", "/sessions", `{"username":"` + long + `","password":"` + long + `"}`, []string{"username", "password"}},
		{"PATCH", "/users/me", `{"avatarColor":"beige","displayName":""}`, []string{"avatarColor", "displayName"}},
		{"POST", "/rooms", `{"title":"` + long + `","slug":"NOT good","privacy":"secret","startUrl":"file:///x","password":""}`, []string{"title", "slug", "privacy", "startUrl", "password"}},
		{"POST", "/rooms", `{"title":"x","screen":{"width":1281,"height":1082,"frameRate":4}}`, []string{"screen.width", "screen.height", "screen.frameRate"}},
		{"POST", "/rooms", `{"title":"x","screen":{"width":1280,"height":720}}`, []string{"screen.frameRate"}},
		{"PATCH", "/rooms/x", `{"screen":{"width":318,"height":1e9,"frameRate":29.97}}`, []string{"screen.width", "screen.height", "screen.frameRate"}},
		{"POST", "/rooms", `[]`, []string{""}},
		{"POST", "/rooms", `{"title":"\u200b"}`, []string{"title"}},
		{"POST", "/rooms/x/messages", `{"key":"` + long + `","text":"` + long + `"}`, []string{"key", "text"}},
		{"POST", "/rooms/x/invites", `{"role":"owner","expiresIn":1,"maxUses":0}`, []string{"role", "expiresIn", "maxUses"}},
		{"GET", "/rooms?limit=1000&scope=all", "", []string{"limit", "scope"}},
		{"GET", "/rooms?limit=many", "", []string{"limit"}},
		{"GET", "/rooms/x/messages?before=0", "", []string{"before"}},
		{"GET", "/rooms/" + strings.Repeat("x", 65), "", []string{"room"}},
		{"GET", "/invites/short", "", []string{"code"}},
		{"GET", "/invites/not%2Fa%2Fcode%20", "", []string{"code"}},
		{"DELETE", "/rooms/x/invites/not-an-id", "", []string{"inviteId"}},
	} {
		var body any
		if r.body != "" {
			body = r.body
		}
		a := c.do(r.method, r.path, body)
		require.ElementsMatch(t, r.fields, a.fields(), "%s %s %.80s: %s", r.method, r.path, r.body, a.body)
		require.NotContains(t, string(a.body), long, "what was wrong is not told back")
	}
}

func TestABodyThatIsNoneOfTheContractIsRefused(t *testing.T) {
	h := newHouse(t)
	c := h.signedUp(t, "ada")
	for _, body := range []string{"{", `{"title":"a"} {}`, "", "nonsense", `{"title":"` + "\xff"} {
		c.do("POST", "/rooms", body).fails(400, wire.ErrorCodeMalformedJSON)
	}
	c.do("POST", "/rooms", `{"title":"`+strings.Repeat("x", 1<<20)+`"}`).fails(413, wire.ErrorCodeBodyTooLarge)
	c.do("POST", "/rooms", `{"title":"a"}`, "Content-Type", "text/plain").fails(415, wire.ErrorCodeUnsupportedMediaType)
	c.do("POST", "/rooms", `{"title":"a"}`, "Content-Type", "application/json; charset=utf-8").is(201)
	require.Equal(t, []string{"text"}, c.do("POST", "/rooms/a/messages", `{"key":"k","text":""}`).fields())
}

func TestWhatIsNotThereAndWhatIsNotAllowed(t *testing.T) {
	h := newHouse(t)
	c := h.visitor(t)
	c.do("GET", "/nonsense", nil).fails(404, wire.ErrorCodeNotFound)
	c.do("POST", "/nonsense", nil).fails(404, wire.ErrorCodeNotFound)
	a := c.do("PUT", "/users", `{}`)
	a.fails(405, wire.ErrorCodeMethodNotAllowed)
	require.Equal(t, "POST", a.header.Get("Allow"))
	c.do("GET", "/rooms", nil).fails(401, wire.ErrorCodeUnauthenticated)
	c.do("POST", "/rooms", `{`).fails(401, wire.ErrorCodeUnauthenticated)
}

func TestEveryOperationOfTheContractIsServedAndGuarded(t *testing.T) {
	open := []string{"acceptInvite", "createSession", "createUser", "deleteSession", "getAvatar", "getDoor", "getInvite", "knock", "getServer", "getTime", "refreshSession", "usePasswordReset", "lookAtLinkCode", "useLinkCode"}
	h := newHouse(t)
	c := h.visitor(t)
	for path, item := range contract.Spec().Paths.Map() {
		path = strings.NewReplacer("{room}", "room", "{inviteId}", "00000000-0000-0000-0000-000000000000", "{personId}", "00000000-0000-0000-0000-000000000000", "{banId}", "00000000-0000-0000-0000-000000000000",
			"{browserId}", "00000000-0000-0000-0000-000000000000", "{codeId}", "00000000-0000-0000-0000-000000000000", "{userId}",
			"00000000-0000-0000-0000-000000000000", "{code}", "some-invite-code", "{seq}", "1", "{screenId}", "00000000-0000-0000-0000-000000000000").Replace(path)
		for method, operation := range item.Operations() {
			a := c.do(method, path, nil)
			require.NotEqual(t, 405, a.status, operation.OperationID)
			require.Equal(t, !slices.ContainsFunc(open, func(id string) bool { return strings.EqualFold(id, operation.OperationID) }), a.status == 401 && into[wire.Problem](a).Code == wire.ErrorCodeUnauthenticated,
				"%s: %d", operation.OperationID, a.status)
		}
	}
}

func TestEveryErrorCodeOfRESTHasAStatus(t *testing.T) {
	onlyWebSocket := []wire.ErrorCode{
		"message_too_large", "unknown_type", "hello_needed", "target_needed", "target_not_found", "not_for_kind", "control_taken",
		"control_not_held", "control_not_requested", "call_full", "screen_taken", "reactions_full",
	}
	for _, value := range contract.Spec().Components.Schemas["ErrorCode"].Value.Enum {
		code := wire.ErrorCode(value.(string))
		require.NotEqual(t, slices.Contains(onlyWebSocket, code), status[code] != 0, code)
		require.NotEmpty(t, title(code))
	}
	require.Len(t, slices.Collect(maps.Keys(status)), len(contract.Spec().Components.Schemas["ErrorCode"].Value.Enum)-len(onlyWebSocket))
}

func TestThePagesForMachines(t *testing.T) {
	h := newHouse(t)
	get := func(path string) (int, string, http.Header) {
		response, err := h.visitor(t).http.Get(h.url + path)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body), response.Header
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		code, body, _ := get(path)
		require.Equal(t, 200, code)
		require.JSONEq(t, `{"status":"ok"}`, body)
	}
	_, body, _ := get("/.well-known/jwks.json")
	require.Contains(t, body, `"crv":"Ed25519"`)
	own, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	_, body, _ = get("/api/v1/openapi.yaml")
	require.Equal(t, string(own), body)
	_, body, _ = get("/api/v1/openapi.json")
	require.True(t, json.Valid([]byte(body)))
	code, _, _ := get("/api/v1/ws")
	require.Equal(t, http.StatusUpgradeRequired, code, "the hub's")
	h.visitor(t).do("GET", "/time", nil).is(200)

	h.pool.Close()
	code, body, _ = get("/readyz")
	require.Equal(t, 503, code)
	require.Contains(t, body, `"unavailable"`)
	code, _, _ = get("/healthz")
	require.Equal(t, 200, code)
	problem := h.visitor(t).do("POST", "/sessions", wire.Credentials{Username: "ada", Password: password}).fails(503, wire.ErrorCodeUnavailable)
	require.Positive(t, *problem.RetryAfter)
	require.NotContains(t, *problem.Detail, "pool")
}

func TestTheWebAppHasEveryAddressThatIsNotTheServers(t *testing.T) {
	h := newHouse(t)
	get := func(path string, headers ...string) (*http.Response, string) {
		request, err := http.NewRequest("GET", h.url+path, nil)
		require.NoError(t, err)
		request.Header.Set("Accept-Encoding", "identity")
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		response, err := h.visitor(t).http.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response, string(body)
	}
	for _, path := range []string{"/", "/r/film-night", "/i/some-code", "/index.html", "/profile/"} {
		response, body := get(path)
		require.Equal(t, 200, response.StatusCode, path)
		require.Contains(t, body, "<title>Turtus</title>")
		require.Equal(t, "no-cache", response.Header.Get("Cache-Control"))
		require.Contains(t, response.Header.Get("Content-Security-Policy"), "wss://"+strings.TrimPrefix(h.url, "http://"))
		require.Contains(t, response.Header.Get("Permissions-Policy"), "microphone=(self)")
		again, _ := get(path, "If-None-Match", response.Header.Get("ETag"))
		require.Equal(t, 304, again.StatusCode)
	}
	response, body := get("/assets/app-1a2b3c.js")
	require.Equal(t, "console.log('plain')", body)
	require.Contains(t, response.Header.Get("Cache-Control"), "immutable")
	require.Contains(t, response.Header.Get("Content-Type"), "javascript")
	response, body = get("/assets/app-1a2b3c.js", "Accept-Encoding", "gzip, deflate, br")
	require.Equal(t, "brotli", body)
	require.Equal(t, "br", response.Header.Get("Content-Encoding"))
	require.Contains(t, response.Header.Get("Content-Type"), "javascript")
	_, body = get("/assets/app-1a2b3c.js", "Accept-Encoding", "br;q=0")
	require.Equal(t, "console.log('plain')", body)
	for _, path := range []string{"/assets/none.js", "/none.png", "/api/none", "/api/v2/rooms", "/.well-known/none", "/assets"} {
		response, body := get(path)
		if path == "/assets" {
			require.Equal(t, 200, response.StatusCode, "a folder is no file")
			continue
		}
		require.Equal(t, 404, response.StatusCode, path)
		require.Contains(t, body, `"not_found"`)
	}
}

// countedFS counts what is read whole.
type countedFS struct {
	fstest.MapFS
	reads atomic.Int32
}

func (c *countedFS) ReadFile(name string) ([]byte, error) {
	c.reads.Add(1)
	return c.MapFS.ReadFile(name)
}

func TestAFileOfTheWebAppIsReadOnceUntilItChanges(t *testing.T) {
	files := &countedFS{MapFS: fstest.MapFS{"index.html": {Data: []byte("old")}}}
	app := &webApp{files: files}
	get := func() string {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		return w.Body.String()
	}
	require.Equal(t, "old", get())
	require.Equal(t, "old", get())
	require.EqualValues(t, 1, files.reads.Load())
	files.MapFS["index.html"] = &fstest.MapFile{Data: []byte("new"), ModTime: time.Now()}
	require.Equal(t, "new", get())
}

func TestARoomsAddressHasAPageOfItsOwnWhereTheBuildMadeOne(t *testing.T) {
	files := fstest.MapFS{"index.html": {Data: []byte("every page")}}
	app := &webApp{files: files}
	get := func(path string) string {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Body.String()
	}
	require.Equal(t, "every page", get("/r/film-night"))
	files["room.html"] = &fstest.MapFile{Data: []byte("a room")}
	require.Equal(t, "a room", get("/r/film-night"))
	for _, path := range []string{"/", "/rooms", "/i/some-code", "/r", "/rest"} {
		require.Equal(t, "every page", get(path), path)
	}
}

func TestAFullDiskIsSaidClearlyAndNothingIsAcknowledged(t *testing.T) {
	h := newHouse(t)
	c := h.signedUp(t, "ada")
	at := "/rooms/" + c.room(wire.NewRoom{Title: "Mine"}).Slug
	// What PostgreSQL raises when its folder's disk is full.
	_, err := h.pool.Exec(t.Context(), `
		CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$;
		CREATE TRIGGER full_disk BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION full_disk()`)
	require.NoError(t, err)
	problem := c.do("POST", at+"/messages", wire.ChatSend{Key: "k", Text: "hello"}).fails(507, wire.ErrorCodeStorageFull)
	require.Contains(t, *problem.Detail, "disk is full")
	require.NotContains(t, *problem.Detail, "extend")
	require.Contains(t, h.logged(), "could not extend file")
	require.Empty(t, h.hub.take())
	_, err = h.pool.Exec(t.Context(), "DROP TRIGGER full_disk ON messages")
	require.NoError(t, err)
	require.EqualValues(t, 1, into[wire.ChatMessage](c.do("POST", at+"/messages", wire.ChatSend{Key: "k", Text: "hello"}).is(201)).Seq)
}

func TestAPanicIsAProblemWithoutItsText(t *testing.T) {
	var log bytes.Buffer
	a := &api{Options: Options{Log: testLog(&log), Now: time.Now}}
	r := chi.NewRouter()
	r.Use(a.logged, a.recovered)
	r.Get("/", func(http.ResponseWriter, *http.Request) { panic("the secret") })
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	problem := answer{t: t, status: w.Code, header: w.Header(), body: w.Body.Bytes()}.fails(500, wire.ErrorCodeInternal)
	require.NotContains(t, *problem.Detail, "secret")
	require.Contains(t, log.String(), "the secret")
	require.Contains(t, log.String(), *problem.Instance)
}

func TestTheLogHasNoSecrets(t *testing.T) {
	h := newHouse(t)
	c := h.signedUp(t, "ada")
	room := c.room(wire.NewRoom{Title: "Mine", Password: new("popcorn")})
	invite := into[wire.Invite](c.do("POST", "/rooms/"+room.Slug+"/invites", wire.NewInvite{}).is(201))
	c.do("GET", "/invites/"+invite.Code, nil).is(200)
	c.do("POST", "/rooms/"+room.Slug+"/messages", wire.ChatSend{Key: "k", Text: "between us"}).is(201)
	c.do("POST", "/sessions", wire.Credentials{Username: "ada", Password: "a wrong password"}).is(401)
	response, err := c.http.Get(h.url + "/i/" + invite.Code)
	require.NoError(t, err)
	response.Body.Close()
	log := h.logged()
	require.Contains(t, log, "/api/v1/invites/{code}")
	for _, secret := range []string{password, c.token, "popcorn", invite.Code, "between us", "a wrong password"} {
		require.NotContains(t, log, secret)
	}
}
