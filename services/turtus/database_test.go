package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"turtus/services/postgres/cluster"
	"turtus/services/wire"
)

// talker sits in a room and talks. Its connection is never made anew.
type talker struct {
	*server
	ws    *websocket.Conn
	asked int
}

func (s *server) talker(room string) *talker {
	s.Helper()
	token, ok := s.request("POST", "/rooms/"+room+"/join", "{}")["token"].(string)
	require.True(s, ok)
	ws, response, err := websocket.DefaultDialer.Dial("ws://"+s.addr+"/api/v1/ws", nil)
	require.NoError(s, err)
	response.Body.Close()
	s.Cleanup(func() { ws.Close() })
	c := &talker{server: s, ws: ws}
	require.Equal(s, wire.TypeIdentity, c.ask(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer}).Type)
	return c
}

// ask sends one message and returns its answer.
func (c *talker) ask(messageType string, payload any) wire.Envelope {
	c.Helper()
	c.asked++
	e := wire.NewEnvelope(messageType, payload)
	e.Id = strconv.Itoa(c.asked)
	require.NoError(c, c.ws.WriteJSON(e))
	require.NoError(c, c.ws.SetReadDeadline(time.Now().Add(patience)))
	for {
		var answer wire.Envelope
		require.NoError(c, c.ws.ReadJSON(&answer), "the seat is kept")
		if answer.Re == e.Id || answer.Type == wire.TypeIdentity {
			return answer
		}
	}
}

// say is empty for a message that is stored, else the error's code.
func (c *talker) say(text string) wire.ErrorCode {
	c.Helper()
	answer := c.ask(wire.TypeChatSend, wire.ChatSend{Key: text, Text: text})
	if answer.Type == wire.TypeChatStored {
		return ""
	}
	require.Equal(c, wire.TypeError, answer.Type)
	refusal, err := wire.Decode[wire.WSError](answer)
	require.NoError(c, err)
	return refusal.Code
}

// sayUntilStored says it again, by the same key, as a page does. Who says it too often is held back, too.
func (c *talker) sayUntilStored(text string) {
	c.Helper()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(patience); ; <-again.C {
		code := c.say(text)
		if code == "" {
			return
		}
		require.Contains(c, []wire.ErrorCode{wire.ErrorCodeUnavailable, wire.ErrorCodeRateLimited}, code)
		require.True(c, time.Now().Before(end), "never stored")
	}
}

// said is all that the room's history holds.
func (s *server) said() (texts []string) {
	s.Helper()
	var messages []any
	require.Eventually(s, func() bool {
		answer := s.request("GET", "/rooms/movies/messages", "") // by a connection that may have been lost, too
		list, ok := answer["messages"].([]any)
		messages = list
		return ok
	}, patience, 20*time.Millisecond)
	for _, m := range messages {
		texts = append(texts, m.(map[string]any)["text"].(string))
	}
	return texts
}

func TestAPrivateDatabaseThatIsKilledComesBackAndNothingIsLost(t *testing.T) {
	b := newBox(t)
	s := b.serve()
	s.signIn("/users")
	s.request("POST", "/rooms", `{"title":"Movies","slug":"movies"}`)
	started := s.request("POST", "/rooms/movies/browser", "")
	s.awaitBrowser("ready")
	agents, _ := b.processes()
	c := s.talker("movies")
	var want []string
	for i := range 3 {
		before, after := fmt.Sprint("before ", i), fmt.Sprint("after ", i)
		c.sayUntilStored(before)
		killed := b.postmaster()
		require.NoError(t, syscall.Kill(killed, syscall.SIGKILL))
		c.sayUntilStored(after)
		require.Eventually(t, func() bool { now := b.postmaster(); return now != 0 && now != killed }, patience, 20*time.Millisecond)
		want = append(want, before, after)
	}
	require.Equal(t, want, s.said(), "what was acknowledged, once")
	require.Equal(t, started["id"], s.awaitBrowser("ready")["id"])
	now, _ := b.processes()
	require.Equal(t, agents, now, "the browser went on")
}

// postmaster is the private PostgreSQL's first process, 0 while there is none.
func (b *box) postmaster() int {
	text, _ := os.ReadFile(filepath.Join(b.dir, "postgres", "data", "postmaster.pid"))
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(first)
	return pid
}

func TestRoomsGoOnWhileTheDatabaseIsAway(t *testing.T) {
	b := newBox(t)
	folder := filepath.Join(filepath.Dir(b.dir), "elsewhere")
	begin := func() *cluster.Cluster {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		database, err := cluster.Start(ctx, cluster.Config{DataDir: folder})
		require.NoError(t, err)
		return database
	}
	end := func(database *cluster.Cluster) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, database.Stop(ctx))
	}
	database := begin()
	t.Cleanup(func() { end(database) })
	b.env = append(b.env, "TURTUS_DATABASE_URL="+database.URL())
	s := b.serve()
	s.signIn("/users")
	s.request("POST", "/rooms", `{"title":"Movies","slug":"movies"}`)
	started := s.request("POST", "/rooms/movies/browser", "")
	s.awaitBrowser("ready")
	agents, _ := b.processes()
	c := s.talker("movies")
	require.Empty(t, c.say("before"))

	end(database)
	refused := s.request("POST", "/rooms", `{"title":"Other","slug":"other"}`)
	require.Equal(t, "unavailable", refused["code"], "a write is refused clearly")
	require.NotZero(t, refused["retryAfter"])
	require.Equal(t, wire.ErrorCodeUnavailable, c.say("meanwhile"), "and not acknowledged")
	require.Equal(t, wire.TypeEcho, c.ask(wire.TypeEcho, wire.Echo{}).Type, "the room goes on")

	database = begin()
	c.sayUntilStored("meanwhile")
	c.sayUntilStored("after")
	require.Equal(t, []string{"before", "meanwhile", "after"}, s.said())
	require.Equal(t, started["id"], s.awaitBrowser("ready")["id"])
	now, _ := b.processes()
	require.Equal(t, agents, now, "the browser went on")
	require.Eventually(t, func() bool {
		return s.request("POST", "/rooms", `{"title":"Other","slug":"other"}`)["slug"] == "other"
	}, patience, 20*time.Millisecond)
}
