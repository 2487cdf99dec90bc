package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestALocalServerServesWhatItsAuthoritySigned(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	c := open(t, Options{Mode: ModeSelfSigned, Dir: dir, Names: []string{"movies.example.org"}})
	p := serve(t, c, listen(t))
	roots := rootsOf(t, filepath.Join(dir, AuthorityFile))
	for _, name := range append(machine(), "movies.example.org", "127.0.0.1", "localhost") {
		_, err := served(t, p.Addr(), name, roots)
		require.NoError(t, err, name)
	}
	_, err := served(t, p.Addr(), "bank.example.org", roots)
	require.Error(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		if e.Name() != AuthorityFile {
			require.Equal(t, os.FileMode(0o600), info.Mode(), e.Name())
		}
	}
	for _, n := range c.Status().Names {
		require.Empty(t, n.Problem)
		require.True(t, n.Serves(time.Now()))
	}
}

func TestTheAuthorityIsKeptAndItsCertificateRenewedInTime(t *testing.T) {
	clock, dir := newClock(), t.TempDir()
	c := open(t, Options{Mode: ModeSelfSigned, Dir: dir, Now: clock.Now})
	roots := rootsOf(t, filepath.Join(dir, AuthorityFile))
	first := c.Status().Names[0].NotAfter
	clock.forward(leafLife - renewBefore - 2*time.Hour)
	require.Equal(t, first, c.Status().Names[0].NotAfter)
	clock.forward(4 * time.Hour)
	second := c.Status().Names[0].NotAfter
	require.True(t, second.After(first))
	leaf, err := served(t, serve(t, c, listen(t)).Addr(), "localhost", nil)
	require.NoError(t, err)
	require.Equal(t, second, leaf.NotAfter)
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: clock.Now(), DNSName: "localhost"})
	require.NoError(t, err)

	clock.forward(2 * leafLife)
	again := open(t, Options{Mode: ModeSelfSigned, Dir: dir, Now: clock.Now})
	require.True(t, again.Status().Names[0].NotAfter.After(clock.Now()))
	require.True(t, roots.Equal(rootsOf(t, filepath.Join(dir, AuthorityFile))), "devices need not trust another one")
}

func TestTheCommandsCertificateIsServedAtOnceAndItsNamesStay(t *testing.T) {
	clock, dir := newClock(), t.TempDir()
	c := open(t, Options{Mode: ModeSelfSigned, Dir: dir, Now: clock.Now})
	p := serve(t, c, listen(t))
	a, err := OpenAuthority(dir, nil, false, clock.Now)
	require.NoError(t, err)
	names, err := a.Issue([]string{"sofa.lan", "10.20.30.40"})
	require.NoError(t, err)
	require.Subset(t, names, []string{"sofa.lan", "10.20.30.40", "localhost"})
	clock.forward(lookEvery)
	_, err = served(t, p.Addr(), "sofa.lan", rootsOf(t, a.Path()))
	require.NoError(t, err)
	clock.forward(leafLife - renewBefore + time.Hour)
	leaf, err := served(t, p.Addr(), "sofa.lan", nil)
	require.NoError(t, err)
	require.NoError(t, leaf.VerifyHostname("10.20.30.40"))
	require.True(t, leaf.NotAfter.After(clock.Now().Add(renewBefore)))
}

func TestAnotherAuthorityOfTheCommandCountsFromThenOn(t *testing.T) {
	clock, dir := newClock(), t.TempDir()
	c := open(t, Options{Mode: ModeSelfSigned, Dir: dir, Now: clock.Now})
	p := serve(t, c, listen(t))
	a, err := OpenAuthority(dir, []string{"other.example.org"}, true, clock.Now)
	require.NoError(t, err)
	_, err = a.Issue([]string{"other.example.org"})
	require.NoError(t, err)
	for range 3 {
		clock.forward(2 * time.Minute)
		_, err = served(t, p.Addr(), "other.example.org", rootsOf(t, a.Path()))
		require.NoError(t, err)
	}
}

func TestAnotherAddressOfTheMachineIsSignedWhenSomebodyComesByIt(t *testing.T) {
	dir := t.TempDir()
	a, err := OpenAuthority(dir, nil, false, time.Now)
	require.NoError(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: serial(), NotBefore: time.Now(), NotAfter: time.Now().Add(leafLife), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.pair.Leaf, key.Public(), a.pair.PrivateKey)
	require.NoError(t, err)
	require.NoError(t, writePair(filepath.Join(dir, serverFile), key, der))

	c := open(t, Options{Mode: ModeSelfSigned, Dir: dir})
	require.Equal(t, "localhost", c.Status().Names[0].Name)
	require.Len(t, c.Status().Names, 1)
	_, err = served(t, serve(t, c, listen(t)).Addr(), "127.0.0.1", rootsOf(t, a.Path()))
	require.NoError(t, err)
}

func TestTheAuthoritySignsForNobodyElse(t *testing.T) {
	a, err := OpenAuthority(t.TempDir(), []string{"movies.example.org", "203.0.113.5"}, false, time.Now)
	require.NoError(t, err)
	for name, permitted := range map[string]bool{
		"movies.example.org": true, "tv.movies.example.org": true, "203.0.113.5": true, "192.168.7.7": true, "fd00::7": true, "sofa.lan": true,
		"example.org": false, "bank.example.com": false, "203.0.113.6": false, "2001:db8::1": false, "lan.example.com": false,
	} {
		require.Equal(t, permitted, a.permits(name), name)
	}
	_, err = a.Issue([]string{"bank.example.com"})
	require.ErrorContains(t, err, "--new-authority")

	t.Run("devices see to that too", func(t *testing.T) {
		roots := x509.NewCertPool()
		roots.AddCert(a.pair.Leaf)
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		for name, good := range map[string]bool{"movies.example.org": true, "bank.example.com": false, "203.0.113.5": true, "203.0.113.6": false} {
			template := &x509.Certificate{SerialNumber: serial(), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
			if ip := net.ParseIP(name); ip != nil {
				template.IPAddresses = []net.IP{ip}
			} else {
				template.DNSNames = []string{name}
			}
			der, err := x509.CreateCertificate(rand.Reader, template, a.pair.Leaf, key.Public(), a.pair.PrivateKey)
			require.NoError(t, err)
			leaf, err := x509.ParseCertificate(der)
			require.NoError(t, err)
			_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name})
			require.Equal(t, good, err == nil, "%s: %v", name, err)
		}
	})
	t.Run("another authority can", func(t *testing.T) {
		before := a.Fingerprint()
		b, err := OpenAuthority(a.dir, []string{"bank.example.com"}, true, time.Now)
		require.NoError(t, err)
		require.NotEqual(t, before, b.Fingerprint())
		_, err = b.Issue([]string{"bank.example.com"})
		require.NoError(t, err)
	})
}
