package main

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// FuzzLink: of what the hub says to open, the agent opens what is on the web alone, and of many the newest.
func FuzzLink(f *testing.F) {
	for _, payload := range []string{
		`{"url":"https://example.org"}`, `{"url":"file:///etc/passwd"}`, `{"url":"-headless"}`, `{"url":"about:config"}`, `{"url":"https:example.org"}`,
		`{"url":"HTTP://x","Url":"javascript:alert(1)"}`, `{"url":null}`, `[]`,
	} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		a := &agent{links: make(chan string, 1)}
		a.links <- "https://older.example"
		var e wire.Envelope
		text, err := json.Marshal(map[string]any{"type": wire.TypeVBNavigate, "payload": json.RawMessage(payload)})
		if err != nil {
			return
		}
		require.NoError(t, json.Unmarshal(text, &e))
		err = a.message(e)
		link := <-a.links
		if err != nil {
			require.Equal(t, "https://older.example", link)
			return
		}
		u, err := url.Parse(link)
		require.NoError(t, err)
		require.Contains(t, []string{"http", "https"}, u.Scheme)
		require.NotEmpty(t, u.Hostname())
	})
}
