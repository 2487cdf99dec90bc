package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/postgres"
	"turtus/services/postgres/pgtest"
	"turtus/services/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

// certificateFor is what a check sees of a self-signed one for name, opened as asked.
func certificateFor(end time.Time, name, asked string) Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Turtus"}, DNSNames: []string{name}, NotBefore: end.AddDate(-1, 0, 0), NotAfter: end,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		panic(err)
	}
	return Describe([]*x509.Certificate{leaf}, asked)
}

func TestTheMachineTellsOfItself(t *testing.T) {
	total, available, err := machine{}.Memory()
	require.NoError(t, err)
	require.Greater(t, total, available)
	require.NotZero(t, available)
	require.Positive(t, machine{}.Processors())
	_, err = machine{}.Load()
	require.NoError(t, err)
	free, size, err := machine{}.Disk(t.TempDir())
	require.NoError(t, err)
	require.Greater(t, size, free)
	files, err := machine{}.Files()
	require.NoError(t, err)
	require.NotZero(t, files)
	_, _, err = machine{}.Disk("/nowhere")
	require.Error(t, err)
}

func TestTheDatabaseIsLookedAt(t *testing.T) {
	url := pgtest.URL(t)
	d, err := LookAtDatabase(t.Context(), url)
	require.NoError(t, err)
	require.Equal(t, postgres.NewestSchema(), d.Schema)
	require.Equal(t, d.Newest, d.Schema)
	require.Regexp(t, `^\d+`, d.Version)
	require.NotZero(t, d.Size)
	require.Positive(t, d.Latency)
	require.Less(t, d.Offset.Abs(), time.Minute)
	d, err = LookAtDatabase(t.Context(), pgtest.EmptyURL(t))
	require.NoError(t, err)
	require.Zero(t, d.Schema)
	_, err = LookAtDatabase(t.Context(), strings.Replace(url, "?", "_gone?", 1))
	require.ErrorIs(t, err, postgres.ErrRefused)
}

// openRelay opens one that listens by both transports: a port that is free for UDP may be some connection's of TCP.
func openRelay(t *testing.T) *relay.Relay {
	t.Helper()
	for {
		r, err := relay.Open(relay.Options{Secret: []byte("secret")})
		require.NoError(t, err)
		if udp, tcp := r.Listens(); udp && tcp {
			t.Cleanup(func() { require.NoError(t, r.Close(context.Background())) })
			return r
		}
		require.NoError(t, r.Close(t.Context()))
	}
}

// listenDeaf listens on a port that no system gives out by itself, so it is free again after.
func listenDeaf() net.PacketConn {
	for {
		if c, err := net.ListenPacket("udp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(10_000+mathrand.IntN(20_000)))); err == nil {
			return c
		}
	}
}

func TestTheRelayAnswersTheDoctor(t *testing.T) {
	r := openRelay(t)
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(r.Port()))
	require.NoError(t, internet{}.STUN(t.Context(), "udp", at))
	require.NoError(t, internet{}.STUN(t.Context(), "tcp", at))

	deaf := listenDeaf()
	require.Error(t, internet{}.STUN(t.Context(), "udp", deaf.LocalAddr().String()))
	port := deaf.LocalAddr().(*net.UDPAddr).Port
	require.False(t, internet{}.Free(port, false))
	require.NoError(t, deaf.Close())
	require.True(t, internet{}.Free(port, false))
}

func TestAPageIsToldFromAnotherProgramAndItsCertificateIsRead(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			_, _ = w.Write([]byte(`{"status":"ok"}`))
		}
	}))
	defer server.Close()
	require.NoError(t, internet{}.Healthy(t.Context(), server.URL+"/healthz"))
	require.ErrorIs(t, internet{}.Healthy(t.Context(), server.URL+"/other"), errOther)

	address := server.Listener.Addr().String()
	c, err := internet{}.Certificate(t.Context(), address, "example.com")
	require.NoError(t, err)
	var unknownAuthority x509.UnknownAuthorityError
	require.ErrorAs(t, c.Problem, &unknownAuthority)
	require.Contains(t, c.Names, "example.com")
	c, err = internet{}.Certificate(t.Context(), address, "other.example.net")
	require.NoError(t, err)
	require.Error(t, c.Problem)
	server.Close()
	_, err = internet{}.Certificate(t.Context(), address, "example.com")
	require.Error(t, err)
	require.Error(t, internet{}.Healthy(t.Context(), server.URL))
}
