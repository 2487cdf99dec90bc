package certs

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPlainHTTPLeadsToHTTPSForOwnNamesAlone(t *testing.T) {
	cert, key := signed(t, t.TempDir(), time.Now().Add(time.Hour), "watch.example.org", "*.rooms.example.org")
	c := open(t, Options{Mode: ModeFiles, CertFile: cert, KeyFile: key, Names: []string{"other.example.org"}})
	for from, to := range map[string]string{
		"http://watch.example.org/":                    "https://watch.example.org/",
		"http://WATCH.example.org.:80/r/x%2Fy?a=1&b=%": "https://watch.example.org/r/x%2Fy?a=1&b=%",
		"http://watch.example.org//evil.example.com/x": "https://watch.example.org//evil.example.com/x",
		"http://a.rooms.example.org/i/abc":             "https://a.rooms.example.org:8443/i/abc",
		"http://other.example.org":                     "https://other.example.org:8443/",
	} {
		w := get(c, "GET", from, "https://watch.example.org", 8443)
		require.Equal(t, http.StatusTemporaryRedirect, w.Code, from)
		require.Equal(t, to, w.Header().Get("Location"))
		require.Empty(t, w.Header().Get("Strict-Transport-Security"), "over plain HTTP it says nothing (RFC 6797, section 7.2)")
	}
	require.Equal(t, "https://watch.example.org:444/", get(c, "POST", "http://watch.example.org/", "https://watch.example.org:444", 8443).Header().Get("Location"))
	for _, from := range []string{"http://evil.example.com/", "http://watch.example.org.evil.example.com/", "http://a.b.rooms.example.org/", "http://192.0.2.1/"} {
		w := get(c, "GET", from, "https://watch.example.org", 8443)
		require.Equal(t, http.StatusMisdirectedRequest, w.Code, from)
		require.Empty(t, w.Header().Get("Location"))
	}
}

func TestDevicesGetTheAuthorityOfALocalServerByPlainHTTP(t *testing.T) {
	dir := t.TempDir()
	c := open(t, Options{Mode: ModeSelfSigned, Dir: dir})
	w := get(c, "GET", "http://192.168.1.5/"+AuthorityFile, "", 443)
	require.Equal(t, http.StatusOK, w.Code)
	want, err := os.ReadFile(filepath.Join(dir, AuthorityFile))
	require.NoError(t, err)
	require.Equal(t, string(want), w.Body.String())
	require.NotContains(t, w.Body.String(), "PRIVATE")
	require.Equal(t, "application/x-x509-ca-cert", w.Header().Get("Content-Type"))
	require.Equal(t, "https://127.0.0.1:8443/", get(c, "GET", "http://127.0.0.1:8080/", "", 8443).Header().Get("Location"))
	require.Equal(t, "https://[::1]/", get(c, "GET", "http://[::1]/", "", 443).Header().Get("Location"))
}
