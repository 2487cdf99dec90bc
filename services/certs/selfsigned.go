package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Lives of the authority of our own, and of what it signs. Phones refuse certificates of more than 825 days.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour
	renewBefore   = 30 * 24 * time.Hour
)

// files of the authority in Options.Dir. The first two hold a key and are for their owner alone.
const (
	authorityFile = "ca.pem"     // the authority's certificate and key
	serverFile    = "server.pem" // the server's certificate and key
	namesFile     = "names"      // names that were asked for besides the machine's own, one a line
	// AuthorityFile is the authority's certificate alone: what devices are to trust.
	AuthorityFile = "turtus-ca.crt"
)

// Authority signs the certificates of a server that has no domain. It may sign for its network alone: private addresses, local names, and
// what it was made for, by its name constraints (RFC 5280, section 4.2.1.10). So trusting it gives nobody the rest of the web.
type Authority struct {
	dir  string
	pair tls.Certificate
	now  func() time.Time
}

// OpenAuthority opens the one in the folder, or makes it, good for names besides local ones. anew has it make another one in any case.
func OpenAuthority(dir string, names []string, anew bool, now func() time.Time) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the certificates: %w", err)
	}
	a := &Authority{dir: dir, now: now}
	path := filepath.Join(dir, authorityFile)
	var err error
	a.pair, err = tls.LoadX509KeyPair(path, path)
	if errors.Is(err, fs.ErrNotExist) || anew {
		if err = a.make(names); err == nil {
			a.pair, err = tls.LoadX509KeyPair(path, path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the authority of the certificates: %w", err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.pair.Leaf.Raw})
	if kept, err := os.ReadFile(a.Path()); err != nil || !bytes.Equal(kept, public) {
		if err := write(a.Path(), public, 0o644); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// Path is the file that devices are to trust.
func (a *Authority) Path() string { return filepath.Join(a.dir, AuthorityFile) }

// Fingerprint is the SHA-256 of the authority's certificate as devices show it.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.pair.Leaf.Raw)
	pairs := make([]string, len(sum))
	for i := range sum {
		pairs[i] = strings.ToUpper(hex.EncodeToString(sum[i : i+1]))
	}
	return strings.Join(pairs, ":")
}

// local are networks and names that are nobody's on the Internet.
var (
	localNetworks = []string{
		"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10",
	}
	localNames = []string{"localhost", "local", "lan", "home.arpa", "internal"}
)

func (a *Authority) make(names []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now, host := a.now(), hostname()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{Organization: []string{"Turtus"}, CommonName: "Turtus on " + host + ", " + now.UTC().Format(time.DateOnly)},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(authorityLife), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, PermittedDNSDomainsCritical: true,
		PermittedDNSDomains: append([]string{}, localNames...),
	}
	for _, text := range localNetworks {
		_, network, _ := net.ParseCIDR(text)
		template.PermittedIPRanges = append(template.PermittedIPRanges, network)
	}
	for _, name := range append(machine(), names...) {
		ip := net.ParseIP(name)
		switch {
		case ip == nil:
			template.PermittedDNSDomains = append(template.PermittedDNSDomains, name)
		case ip.To4() != nil:
			template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: ip.To4(), Mask: net.CIDRMask(32, 32)})
		default:
			template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(128, 128)})
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	return writePair(filepath.Join(a.dir, authorityFile), key, der)
}

// Issue makes the server's certificate, for the machine's own names and addresses besides names, which are kept for the renewals; nil
// keeps those from before. It returns what the certificate is for.
func (a *Authority) Issue(names []string) ([]string, error) {
	if names == nil {
		names = a.kept()
	}
	for _, name := range names {
		if !a.permits(name) {
			return nil, fmt.Errorf("the authority that your devices may trust already does not sign for %s: run `turtus cert --new-authority` with all names, and have the devices trust the new one", name)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := a.now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{Organization: []string{"Turtus"}, CommonName: hostname()},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(leafLife), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if end := a.pair.Leaf.NotAfter; template.NotAfter.After(end) {
		template.NotAfter = end
	}
	for _, name := range append(slices.Clone(names), machine()...) {
		ip := net.ParseIP(name)
		switch {
		case !a.permits(name): // an address that the machine got since
		case ip == nil && !slices.Contains(template.DNSNames, name):
			template.DNSNames = append(template.DNSNames, name)
		case ip != nil && !slices.ContainsFunc(template.IPAddresses, ip.Equal):
			template.IPAddresses = append(template.IPAddresses, ip)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.pair.Leaf, key.Public(), a.pair.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate: %w", err)
	}
	if err := write(filepath.Join(a.dir, namesFile), []byte(strings.Join(names, "\n")+"\n"), 0o600); err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return namesOf(leaf), writePair(filepath.Join(a.dir, serverFile), key, der)
}

// kept are the names of the last certificate, besides the machine's own.
func (a *Authority) kept() []string {
	text, err := os.ReadFile(filepath.Join(a.dir, namesFile))
	if err != nil { // there are none yet, most likely
		return nil
	}
	return strings.Fields(string(text))
}

// permits says whether the authority's constraints let it sign for a name.
func (a *Authority) permits(name string) bool {
	if ip := net.ParseIP(name); ip != nil {
		return slices.ContainsFunc(a.pair.Leaf.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(ip) })
	}
	return slices.ContainsFunc(a.pair.Leaf.PermittedDNSDomains, func(domain string) bool {
		return strings.EqualFold(name, domain) || strings.HasSuffix(strings.ToLower(name), "."+strings.ToLower(domain))
	})
}

// machine are this machine's names, and addresses by which others may reach it.
func machine() []string {
	host := hostname()
	names := []string{"localhost", host}
	if !strings.Contains(host, ".") {
		names = append(names, host+".local") // what multicast DNS calls it
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return names
	}
	for _, a := range own {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && !prefix.Addr().IsLinkLocalUnicast() {
			names = append(names, prefix.Addr().Unmap().String())
		}
	}
	return names
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" || strings.ContainsFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.'
	}) {
		return "localhost"
	}
	return strings.ToLower(name)
}

func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	return new(big.Int).SetBytes(b)
}

func writePair(path string, key *ecdsa.PrivateKey, der []byte) error {
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return write(path, append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...), 0o600)
}

// write replaces a file whole.
func write(path string, text []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return fmt.Errorf("store a certificate: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("store a certificate: %w", err)
	}
	return nil
}
