package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/postgres/pgtest"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

// patience is how long a test waits for what must come; nothing is measured by it.
const patience = 30 * time.Second

// house is a hub on a real database behind a real HTTP server. Only the browsers' service is a fake.
type house struct {
	*testing.T
	hub      *Hub
	url      string
	pool     *pgxpool.Pool
	rooms    *rooms.Service
	people   *accounts.Service
	tokens   rooms.Tokens
	browsers *fakeBrowsers
	secret   []byte
	n        int
}

func newHouse(t *testing.T, change func(*Options)) *house {
	t.Helper()
	keys, err := accounts.OpenKeys(t.TempDir(), nil)
	require.NoError(t, err)
	pool, hasher := pgtest.New(t), accounts.NewHasher(accounts.HashCost{MemoryKiB: 8, Iterations: 1, Parallelism: 1}, 4)
	h := &house{
		T: t, pool: pool, rooms: rooms.New(rooms.Options{Pool: pool, Hasher: hasher}), people: accounts.New(accounts.Options{Pool: pool, Keys: keys, Hasher: hasher}),
		tokens: rooms.Tokens{Keys: keys}, browsers: &fakeBrowsers{runs: map[uuid.UUID]rooms.ID{}}, secret: []byte("secret"),
	}
	h.start(change)
	return h
}

// start serves a hub; a second one takes the place of the first, as after a restart.
func (h *house) start(change func(*Options)) {
	o := Options{Tokens: h.tokens, Rooms: h.rooms, People: h.people, Sessions: sessions{db.New(h.pool)}, Browsers: h.browsers, ResumeSecret: h.secret}
	if change != nil {
		change(&o)
	}
	hub := New(o)
	server := httptest.NewServer(hub)
	h.hub, h.url = hub, "ws"+strings.TrimPrefix(server.URL, "http")
	h.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(h, hub.Shutdown(ctx))
		server.Close()
		require.Empty(h, hub.rooms, "rooms vanish when empty")
		require.Empty(h, hub.conns)
	})
}

func (h *house) person() accounts.Person {
	h.Helper()
	h.n++
	p, err := h.people.AdminCreate(context.Background(), accounts.SignUp{Username: fmt.Sprintf("person%d", h.n), Password: "a long password"}, false)
	require.NoError(h, err)
	h.signIn(p)
	return p
}

// signIn begins the session of a person that token names, whose id is the person's.
func (h *house) signIn(p accounts.Person) {
	h.Helper()
	require.NoError(h, db.New(h.pool).InsertRefreshToken(context.Background(), db.InsertRefreshTokenParams{
		TokenHash: []byte(p.ID.String()), FamilyID: p.ID.UUID(), PersonID: p.ID.UUID(), CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}))
}

// sessions looks sign-ins up as the server does.
type sessions struct{ q *db.Queries }

func (s sessions) Live(ctx context.Context, asked []accounts.SessionID) (live []accounts.SessionID, err error) {
	families := make([]uuid.UUID, len(asked))
	for i, id := range asked {
		families[i] = id.UUID()
	}
	rows, err := s.q.LiveSessions(ctx, families)
	for _, family := range rows {
		live = append(live, accounts.SessionID(family))
	}
	return live, err
}

func (h *house) room(owner accounts.Person) rooms.Room {
	h.Helper()
	r, err := h.rooms.Create(context.Background(), owner, rooms.NewRoom{Title: "Movies"})
	require.NoError(h, err)
	return r
}

func (h *house) token(r rooms.Room, p accounts.Person) string {
	h.Helper()
	joined, err := h.rooms.Join(context.Background(), r.ID.String(), p, nil)
	require.NoError(h, err)
	token, _, err := h.tokens.Viewer(joined, accounts.Caller{Person: p, Session: accounts.SessionID(p.ID)})
	require.NoError(h, err)
	return token
}

// client is one end of a real WebSocket. A reader takes messages in; a test asks for them in order.
type client struct {
	*house
	ws       *websocket.Conn
	messages chan wire.Envelope
	closed   chan *websocket.CloseError
	identity wire.Identity
	screen   wire.Screen // of an agent, as it was told first
	version  int64
}

// connect opens a WebSocket and says nothing.
func (h *house) connect() *client {
	h.Helper()
	return h.connectBy(websocket.DefaultDialer)
}

func (h *house) connectBy(dialer *websocket.Dialer) *client {
	h.Helper()
	ws, response, err := dialer.Dial(h.url, nil)
	require.NoError(h, err)
	response.Body.Close()
	c := &client{house: h, ws: ws, messages: make(chan wire.Envelope, 10_000), closed: make(chan *websocket.CloseError, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.read()
	}()
	h.Cleanup(func() {
		_ = ws.Close()
		<-done
	})
	return c
}

func (c *client) read() {
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			closed, ok := err.(*websocket.CloseError)
			if !ok {
				closed = &websocket.CloseError{Code: websocket.CloseAbnormalClosure, Text: err.Error()}
			}
			c.closed <- closed
			return
		}
		var e wire.Envelope
		if err := json.Unmarshal(data, &e); err != nil {
			panic(err)
		}
		c.messages <- e
	}
}

// join connects and says hello as a viewer.
func (h *house) join(r rooms.Room, p accounts.Person) *client {
	h.Helper()
	return h.enter(wire.Hello{Token: h.token(r, p), Kind: wire.PeerKindViewer})
}

// resume takes a seat again.
func (h *house) resume(r rooms.Room, p accounts.Person, seat wire.Identity) *client {
	h.Helper()
	return h.enter(wire.Hello{Token: h.token(r, p), Kind: wire.PeerKindViewer, Resume: &wire.Resume{Peer: seat.Peer, Key: seat.ResumeKey}})
}

// agent connects as the browser of a room.
func (h *house) agent(r rooms.Room) (*client, uuid.UUID) {
	h.Helper()
	run := uuid.New()
	h.browsers.begin(r.ID, run)
	return h.agentOf(r, run), run
}

func (h *house) agentOf(r rooms.Room, run uuid.UUID) *client {
	h.Helper()
	token, _, err := h.tokens.Browser(r.ID, run)
	require.NoError(h, err)
	c := h.enter(wire.Hello{Token: token, Kind: wire.PeerKindVb})
	c.screen = c.toldScreen()
	return c
}

// toldScreen is the next message, which tells an agent its screen.
func (c *client) toldScreen() wire.Screen {
	c.Helper()
	e := c.next()
	require.Equal(c, wire.TypeVBScreen, e.Type)
	return decode[wire.Screen](c.house, e)
}

func (h *house) enter(hello wire.Hello) *client {
	h.Helper()
	c := h.connect()
	c.send(wire.TypeHello, hello, "")
	e := c.next()
	require.Equal(h, wire.TypeIdentity, e.Type, "%s", e.Payload)
	c.identity = decode[wire.Identity](h, e)
	c.version = c.identity.Version
	return c
}

func (c *client) send(messageType string, payload any, target string) {
	c.Helper()
	c.sendEnvelope(wire.Envelope{Type: messageType, Id: "1", Target: target, Payload: wire.NewEnvelope("", payload).Payload})
}

func (c *client) sendEnvelope(e wire.Envelope) {
	c.Helper()
	require.NoError(c, c.ws.WriteJSON(e))
}

func (c *client) sendText(text string) {
	c.Helper()
	require.NoError(c, c.ws.WriteMessage(websocket.TextMessage, []byte(text)))
}

// next is the next message, whatever it is. Increments must come with the room's next version.
func (c *client) next() wire.Envelope {
	c.Helper()
	select {
	case e := <-c.messages:
		if e.Version != 0 {
			if c.identity.Kind == wire.PeerKindViewer {
				require.Equal(c, c.version+1, e.Version, "%s", e.Type)
			} else {
				require.Greater(c, e.Version, c.version)
			}
			c.version = e.Version
		}
		return e
	case <-time.After(patience):
		require.FailNow(c, "no message came")
		panic("unreachable")
	}
}

// await skips to the next message of a type.
func (c *client) await(messageType string) wire.Envelope {
	c.Helper()
	for {
		if e := c.next(); e.Type == messageType {
			return e
		}
	}
}

// call sends and returns the answer, skipping what else comes.
func (c *client) call(messageType string, payload any, target string) wire.Envelope {
	c.Helper()
	c.n++
	id := fmt.Sprintf("call%d", c.n)
	c.sendEnvelope(wire.Envelope{Type: messageType, Id: id, Target: target, Payload: wire.NewEnvelope("", payload).Payload})
	for {
		if e := c.next(); e.Re == id {
			return e
		}
	}
}

func (c *client) ok(messageType string, payload any, target string) {
	c.Helper()
	answer := c.call(messageType, payload, target)
	require.Equal(c, wire.TypeOK, answer.Type, "%s", answer.Payload)
	require.Zero(c, answer.Version)
}

func (c *client) refused(code wire.ErrorCode, messageType string, payload any, target string) wire.WSError {
	c.Helper()
	answer := c.call(messageType, payload, target)
	require.Equal(c, wire.TypeError, answer.Type, "%s", answer.Payload)
	refusal := decode[wire.WSError](c.house, answer)
	require.Equal(c, code, refusal.Code, refusal.Detail)
	require.NotEmpty(c, refusal.Detail)
	require.Zero(c, answer.Version)
	return refusal
}

// quiet says that nothing waits for the client: what was sent before comes before the echo.
func (c *client) quiet() {
	c.Helper()
	e := c.echo()
	require.Equal(c, wire.TypeEcho, e.Type, "%s", e.Payload)
}

func (c *client) echo() wire.Envelope {
	c.Helper()
	c.send(wire.TypeEcho, wire.Echo{}, "")
	return c.next()
}

func (c *client) awaitClose(code wire.CloseCode) {
	c.Helper()
	select {
	case closed := <-c.closed:
		require.Equal(c, int(code), closed.Code, closed.Text)
		if code != 0 {
			require.NotEmpty(c, closed.Text)
		}
	case <-time.After(patience):
		require.FailNow(c, "not closed")
	}
}

func (c *client) awaitError(code wire.ErrorCode) wire.WSError {
	c.Helper()
	e := decode[wire.WSError](c.house, c.await(wire.TypeError))
	require.Equal(c, code, e.Code, e.Detail)
	return e
}

// drop ends the connection as a lost network or a reload does.
func (c *client) drop() { _ = c.ws.NetConn().Close() }

// leave closes it as somebody who leaves.
func (c *client) leave() {
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(patience))
}

func decode[T any](t require.TestingT, e wire.Envelope) T {
	payload, err := wire.Decode[T](e)
	require.NoError(t, err)
	return payload
}

// fakeBrowsers notes what it is told.
type fakeBrowsers struct {
	mu    sync.Mutex
	runs  map[uuid.UUID]rooms.ID
	state wire.Browser
	media []netip.AddrPort
	told  []string
}

func (f *fakeBrowsers) Media(room rooms.ID, run uuid.UUID) []netip.AddrPort {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.runs[run] != room {
		return nil
	}
	return f.media
}

func (f *fakeBrowsers) begin(room rooms.ID, run uuid.UUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs[run] = room
}

func (f *fakeBrowsers) end(run uuid.UUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.runs, run)
}

func (f *fakeBrowsers) note(format string, args ...any) {
	f.told = append(f.told, fmt.Sprintf(format, args...))
}

func (f *fakeBrowsers) heard() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.told...)
}

func (f *fakeBrowsers) State(rooms.ID) wire.Browser {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state.State == "" {
		return wire.Browser{State: wire.BrowserStateStopped}
	}
	return f.state
}

func (f *fakeBrowsers) Connected(room rooms.ID, run uuid.UUID, peer string, connection int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, ok := f.runs[run]; !ok || known != room {
		return fmt.Errorf("no such run")
	}
	f.note("connected %s", peer)
	return nil
}

func (f *fakeBrowsers) Status(_ rooms.ID, _ uuid.UUID, status wire.VBStatus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.note("status %s", status.State)
}

func (f *fakeBrowsers) Ending(_ rooms.ID, _ uuid.UUID, ending wire.VBEnding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.note("ending %s", ending.Reason)
}

func (f *fakeBrowsers) Disconnected(_ rooms.ID, run uuid.UUID, _ int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.note("disconnected %s", run)
}

// personOf is the person behind a client, and run the run behind an agent.
func (h *house) personOf(c *client) accounts.Person {
	for _, p := range c.identity.Snapshot.Peers {
		if p.Id == c.identity.Peer {
			person, err := h.people.Person(context.Background(), accounts.PersonID(p.Person.Id))
			require.NoError(h, err)
			return person
		}
	}
	require.FailNow(h, "not in its own snapshot")
	panic("unreachable")
}

func (h *house) run(agent *client) uuid.UUID { return uuid.MustParse(agent.identity.Peer) }
