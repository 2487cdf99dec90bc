package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABackupOfARunningServerMakesAnotherBoxTheSame(t *testing.T) {
	a := newBox(t)
	s := a.serve()
	s.signIn("/users")
	s.request("POST", "/rooms", `{"title":"Movies","slug":"movies"}`)
	s.request("POST", "/rooms/movies/join", "{}")
	s.request("POST", "/rooms/movies/messages", `{"key":"k","text":"what was said"}`)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar}
	answer, err := client.Post("http://"+a.addr+"/api/v1/sessions", "application/json", strings.NewReader(`{"username":"anna","password":"a long password"}`))
	require.NoError(t, err)
	answer.Body.Close()

	file := filepath.Join(filepath.Dir(a.dir), "all.tar.gz")
	out, log, code := a.run("", "backup", file)
	require.Equal(t, 0, code, log)
	require.Contains(t, out, "1 person, 1 room, 1 message")
	out, log, code = a.run("", "backup", "-")
	require.Equal(t, 0, code, log)
	require.Contains(t, log, "1 person")
	_, log, code = a.run(out, "restore", "-", "--force")
	require.Equal(t, 1, code)
	require.Contains(t, log, "end it first", "not while a server runs")
	s.end(syscall.SIGTERM)

	b := newBox(t)
	_, log, code = b.run("half of "+out, "restore", "-")
	require.Equal(t, 1, code)
	require.Contains(t, log, "no backup of Turtus")
	out, log, code = b.run("", "restore", file)
	require.Equal(t, 0, code, log)
	require.Contains(t, out, "1 person, 1 room, 1 message")

	s2 := b.serve()
	s2.token = s.token
	require.Equal(t, "movies", s2.request("GET", "/rooms/movies", "")["slug"], "a token that the other box has signed")
	said := s2.request("GET", "/rooms/movies/messages", "")["messages"].([]any)
	require.Equal(t, "what was said", said[0].(map[string]any)["text"])
	from, err := url.Parse("http://" + a.addr + "/api/v1/sessions/refresh")
	require.NoError(t, err)
	request, err := http.NewRequest("POST", "http://"+b.addr+"/api/v1/sessions/refresh", nil)
	require.NoError(t, err)
	for _, cookie := range jar.Cookies(from) {
		request.AddCookie(cookie)
	}
	answer, err = http.DefaultClient.Do(request)
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode, "a sign-in of the other box goes on")
	s2.end(syscall.SIGTERM)

	_, log, code = b.run("", "restore", file)
	require.Equal(t, 1, code)
	require.Contains(t, log, "--force", "somebody is here now")
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "restore.unfinished"), nil, 0o600))
	_, log, code = b.run("", "serve")
	require.Equal(t, 1, code, "not on half of a restore")
	require.Contains(t, log, "turtus restore")
	_, log, code = b.run("", "backup")
	require.Equal(t, 1, code, "nor a backup of it")
	require.Contains(t, log, "turtus restore")
}
