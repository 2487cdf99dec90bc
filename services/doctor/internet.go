package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/pion/stun/v4"
)

// internet is the real Network.
type internet struct{}

func (internet) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// reach is how long an answer may take, well within the patience of a check.
const reach = 3 * time.Second

func (internet) Healthy(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true} // the check of HTTPS looks at certificates
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != `{"status":"ok"}` {
		return fmt.Errorf("%w (%s)", errOther, answer.Status)
	}
	return nil
}

func (internet) Certificate(ctx context.Context, address, name string) (c Certificate, err error) {
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	dialer := &tls.Dialer{Config: &tls.Config{ServerName: name, InsecureSkipVerify: true}} // verified below, to say what is wrong
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return c, err
	}
	defer conn.Close()
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates
	return Describe(chain, name), nil
}

// Describe says of a chain what a browser that opens name makes of it. Its first is the server's own.
func Describe(chain []*x509.Certificate, name string) Certificate {
	leaf := chain[0]
	c := Certificate{Names: leaf.DNSNames, Issuer: leaf.Issuer.CommonName, NotAfter: leaf.NotAfter}
	for _, ip := range leaf.IPAddresses {
		c.Names = append(c.Names, ip.String())
	}
	if c.Issuer == "" && len(leaf.Issuer.Organization) > 0 {
		c.Issuer = leaf.Issuer.Organization[0]
	}
	others := x509.NewCertPool()
	for _, other := range chain[1:] {
		others.AddCert(other)
	}
	// Whether it has ended is judged by its time, so that the other faults are seen too.
	_, c.Problem = leaf.Verify(x509.VerifyOptions{DNSName: name, Intermediates: others, CurrentTime: leaf.NotAfter.Add(-time.Second)})
	return c
}

func (internet) STUN(ctx context.Context, transport, address string) error {
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, transport, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	ask, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		return err
	}
	answered := make(chan error, 1)
	go func() { answered <- awaitBinding(conn, ask.TransactionID) }()
	again := time.NewTicker(500 * time.Millisecond) // a datagram may get lost
	defer again.Stop()
	for {
		if _, err := conn.Write(ask.Raw); err != nil {
			return err
		}
		for wait := true; wait; {
			select {
			case err := <-answered:
				return err
			case <-again.C:
				wait = transport == "tcp"
			}
		}
	}
}

func awaitBinding(conn net.Conn, id [stun.TransactionIDSize]byte) error {
	buffer := make([]byte, 1500)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return err
		}
		answer := &stun.Message{Raw: buffer[:n]}
		if answer.Decode() == nil && answer.TransactionID == id {
			return nil
		}
	}
}

func (internet) Free(port int, tcp bool) bool {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
	if err != nil {
		return false
	}
	_ = conn.Close()
	if !tcp {
		return true
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{Port: port})
	if err != nil {
		return false
	}
	return listener.Close() == nil
}
