package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"turtus/services/config"
)

// Network is how this machine reaches itself and others.
type Network interface {
	Resolve(ctx context.Context, host string) ([]netip.Addr, error)
	// Healthy asks a URL, which must answer as a server of Turtus does; certificates are not looked at.
	Healthy(ctx context.Context, url string) error
	// Certificate is the one that is presented at address for name, and what is wrong with it.
	Certificate(ctx context.Context, address, name string) (Certificate, error)
	// STUN asks for a binding (RFC 8489) by udp or tcp.
	STUN(ctx context.Context, transport, address string) error
	// Free says whether a program could have a UDP port, and where it is wanted that of TCP too.
	Free(port int, tcp bool) bool
}

// errOther is of an answer that is not one of Turtus.
var errOther = errors.New("another program answers")

// Relay is what the server's relay does.
type Relay struct {
	// Port that it has; 0 for none.
	Port     int
	UDP, TCP bool
	Use      Use
}

// Use is what a relay did since its server's start.
type Use struct {
	// Addresses are what it relays for at the moment, OverTCP the connections by TCP and TLS.
	Addresses, OverTCP int
	Bytes              uint64
	// Refused are requests without a good credential, and addresses beyond what one peer, or all, may have.
	Refused uint64
}

func (u Use) String() string {
	return fmt.Sprintf("relays for %d addresses now (%d connections by TCP or TLS), since the start %s; %d refused", u.Addresses, u.OverTCP, inBytes(u.Bytes), u.Refused)
}

// Certificate of a server.
type Certificate struct {
	Names    []string
	Issuer   string
	NotAfter time.Time
	// Problem is why browsers refuse it; nil when they don't.
	Problem error
	// Advice is what the server itself found wrong with getting or renewing it, and what to do; empty when nothing is.
	Advice string
}

// public is the host that people open, and its port; empty where none is set.
func (b *Box) public() (host, port string, secure bool) {
	u, err := url.Parse(b.Config.PublicURL)
	if err != nil || u.Host == "" {
		return "", "", false
	}
	secure = u.Scheme == "https"
	if port = u.Port(); port == "" {
		port = map[bool]string{true: "443", false: "80"}[secure]
	}
	return u.Hostname(), port, secure
}

// onlyHere says that the server is for this machine alone: no name, no proxy in front, no HTTPS of its own.
func onlyHere(c config.Config) bool {
	if c.PublicURL != "" || len(c.TrustedProxies) > 0 || c.TLS == "self-signed" || c.TLSCert != "" {
		return false
	}
	host, _, _ := net.SplitHostPort(c.Addr)
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func (b *Box) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	return b.Network.Resolve(ctx, host)
}

// shared is 100.64.0.0/10 (RFC 6598): addresses behind a provider's NAT.
var shared = netip.MustParsePrefix("100.64.0.0/10")

func internal(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || shared.Contains(a)
}

func (b *Box) address(ctx context.Context) Result {
	c := b.Config
	host, _, _ := b.public()
	if host == "" {
		if onlyHere(c) {
			return ok("none: the server listens for this machine alone")
		}
		return ok("none is set: links have the address that each person opened")
	}
	addresses, err := b.resolve(ctx, host)
	if err != nil || len(addresses) == 0 {
		return fail("address_unresolved", c.PublicURL, "The name "+host+" leads nowhere.", "Make an A record (and AAAA, with IPv6) for it that names this machine's public address.")
	}
	found := fmt.Sprintf("%s, at %s", c.PublicURL, join(addresses))
	if slices.ContainsFunc(addresses, netip.Addr.IsLoopback) {
		return warn("address_loopback", found, "Each person's own computer has this address, so nobody elsewhere gets here.", "Set TURTUS_PUBLIC_URL to the address that people open.")
	}
	if inside := !slices.ContainsFunc(addresses, func(a netip.Addr) bool { return !internal(a) }); inside {
		return warn("address_private", found, "Only people on the same network get here.", "That is right for a server at home. For others, set TURTUS_PUBLIC_URL to a name with a public address.")
	}
	if c.PublicAddress == "" {
		return ok("%s", found)
	}
	relay, err := b.resolve(ctx, c.PublicAddress)
	switch {
	case err != nil || len(relay) == 0:
		return fail("relay_unresolved", c.PublicAddress, "People are told this name for the relay, and it leads nowhere.", "Set TURTUS_PUBLIC_ADDRESS to this machine's public address, or leave it empty.")
	case !slices.ContainsFunc(relay, func(a netip.Addr) bool { return !internal(a) }):
		return fail("relay_private", fmt.Sprintf("%s, at %s", c.PublicAddress, join(relay)), "People from outside are told an address for the relay that only this network has.",
			"Set TURTUS_PUBLIC_ADDRESS to this machine's public address, or leave it empty.")
	}
	return ok("%s; the relay at %s", found, join(relay))
}

func join(addresses []netip.Addr) string {
	words := make([]string, len(addresses))
	for i, a := range addresses {
		words[i] = a.Unmap().String()
	}
	return strings.Join(words, ", ")
}

// elsewhere is what to do where a machine can't reach itself: it may still be right.
const elsewhere = "Open it from another network, such as a phone without Wi-Fi. If it fails there too, open the port in the firewall (security group) and forward it in the router."

func (b *Box) web(ctx context.Context) Result {
	if b.Config.PublicURL == "" {
		return ok("no public address is set, so none is tried")
	}
	if !b.Running {
		return unknown("web_unknown", b.Config.PublicURL, "", "Start the server and ask again.")
	}
	_, port, _ := b.public()
	err := b.Network.Healthy(ctx, b.Config.PublicURL+"/healthz")
	_, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case err == nil:
		return ok("%s answers, asked from this machine", b.Config.PublicURL)
	case isDNS:
		return unknown("web_unknown", b.Config.PublicURL, "The name leads nowhere.", "Mend the public address first.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail("web_refused", b.Config.PublicURL, "Nothing listens on port "+port+" there.",
			"Start the reverse proxy, or have the server listen on that port (TURTUS_ADDR); if the name leads to another machine, correct its A record.")
	case errors.Is(err, errOther):
		return fail("web_other", b.Config.PublicURL, "What answers there is not Turtus: "+err.Error(), "Have the reverse proxy hand this name on to "+b.Config.Addr+", or correct the name's A record.")
	case timedOut(err):
		return unknown("web_timeout", b.Config.PublicURL+" can't be reached from this machine", "Many routers let no machine inside reach itself by its public address, so that may be all; or port "+port+" is closed.", elsewhere)
	}
	return fail("web_broken", b.Config.PublicURL, err.Error(), "Look at what stands in front of the server: a reverse proxy, or TLS.")
}

func timedOut(err error) bool {
	timeout, isNet := errors.AsType[net.Error](err)
	return isNet && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}

// renewal is when a certificate that renews itself should have been renewed: Let's Encrypt's have 90 days, and a new one 30 before the end.
const renewal = 14 * 24 * time.Hour

func (b *Box) tls(ctx context.Context) Result {
	host, port, secure := b.public()
	if r, wrong := b.own(); wrong {
		return r
	}
	switch {
	case onlyHere(b.Config):
		return ok("not needed: browsers take localhost for secure")
	case host == "" && b.Certificates != nil && len(b.Certificates()) > 0:
		return b.judge(b.Certificates()[0])
	case host == "" || !secure:
		a, err := netip.ParseAddr(host)
		if host == "localhost" || err == nil && a.IsLoopback() {
			return ok("not needed: browsers take localhost for secure")
		}
		return warn("tls_none", "the page is opened by http://", "Browsers give it no microphone, no camera and no clipboard, and who is on the way can read passwords.",
			"Set DOMAIN, and Turtus gets itself a certificate; or put a reverse proxy with HTTPS in front, and set TURTUS_PUBLIC_URL=https://….")
	}
	c, err := b.Network.Certificate(ctx, net.JoinHostPort(host, port), host)
	switch {
	case err != nil && b.Certificates != nil && len(b.Certificates()) > 0:
		return b.judge(b.Certificates()[0])
	case err != nil && timedOut(err):
		return unknown("tls_unknown", "no connection to "+net.JoinHostPort(host, port)+" from this machine", "", elsewhere)
	case err != nil:
		return fail("tls_broken", err.Error(), "No page opens by HTTPS.", "Look at what should answer at "+net.JoinHostPort(host, port)+": the reverse proxy, or the server's own certificate.")
	}
	return b.judge(c)
}

// own says what the server knows itself of its certificates, where that is anything wrong.
func (b *Box) own() (r Result, wrong bool) {
	if b.Certificates == nil {
		return Result{}, false
	}
	for _, c := range b.Certificates() {
		names := strings.Join(c.Names, ", ")
		switch {
		case c.NotAfter.IsZero() && c.Advice == "":
			return warn("tls_coming", "no certificate for "+names+" yet", "No page opens by HTTPS until it is there.", "Wait a minute: the server is getting it. If it does not come, this says why."), true
		case c.Advice != "" && !c.NotAfter.After(b.Now()):
			return fail("tls_missing", "no certificate for "+names, "No page opens by HTTPS under that name.", c.Advice), true
		case c.Advice != "":
			return warn("tls_not_renewed", "the certificate for "+names+" is good until "+c.NotAfter.Format("2006-01-02"), "A new one could not be had, and then no page opens.", c.Advice), true
		}
	}
	if b.PlainHTTP != nil {
		if why := b.PlainHTTP(); why != "" {
			return warn("tls_no_plain", "nothing leads from http:// to HTTPS", "Who types the name alone may get nowhere, and a certificate by ACME has one way less.", why), true
		}
	}
	return Result{}, false
}

func (b *Box) judge(c Certificate) Result {
	left := c.NotAfter.Sub(b.Now())
	found := fmt.Sprintf("for %s, by %s, good for %d more days", strings.Join(c.Names, ", "), c.Issuer, int(left.Hours()/24))
	_, unknownAuthority := errors.AsType[x509.UnknownAuthorityError](c.Problem)
	_, otherName := errors.AsType[x509.HostnameError](c.Problem)
	switch {
	case left <= 0:
		return fail("tls_expired", fmt.Sprintf("for %s, ended %s", strings.Join(c.Names, ", "), c.NotAfter.Format("2006-01-02")), "Browsers refuse the page.",
			"Renew the certificate. One by ACME renews itself: the log says why not, most often since port 80 or 443 is closed.")
	case otherName:
		return fail("tls_name", found, "It is for another name, so browsers refuse the page.", "Get a certificate for the name in TURTUS_PUBLIC_URL.")
	case unknownAuthority:
		return warn("tls_self_signed", found, "Browsers warn everybody of it, and phones may refuse it.", "Right for a trial. Else let Turtus get a certificate for a domain.")
	case c.Problem != nil:
		return fail("tls_broken", found, c.Problem.Error(), "Get another certificate.")
	case left < renewal:
		return warn("tls_ends_soon", found, "It should have been renewed by now.", "Look into the log of what renews it; ports 80 and 443 must be open from outside.")
	}
	return ok("%s", found)
}

func (b *Box) relay(ctx context.Context) Result {
	c := b.Config
	if c.RelayPort == 0 {
		if len(c.ICEServers) > 0 {
			return ok("off: TURTUS_ICE_SERVERS has others")
		}
		return warn("relay_off", "off", "People whose network reaches no browser directly get no picture.", "Leave TURTUS_RELAY_PORT at 3478, or name a TURN server in TURTUS_ICE_SERVERS.")
	}
	if b.Relay == nil {
		return unknown("relay_unknown", fmt.Sprintf("port %d", c.RelayPort), "The relay runs with the server.", "Start the server and ask again.")
	}
	r := b.Relay()
	port := strconv.Itoa(c.RelayPort)
	if !r.UDP || !r.TCP {
		which := map[bool]string{true: "TCP", false: "UDP"}[r.UDP]
		if !r.UDP && !r.TCP {
			which = "UDP and TCP"
		}
		return fail("relay_port_taken", "port "+port+" by "+which+" could not be had", "People whose network reaches no browser directly may get no picture.",
			"End the other program that has the port (ss -lunt | grep "+port+"), or set TURTUS_RELAY_PORT to a free one.")
	}
	host := c.PublicAddress
	if host == "" {
		host, _, _ = b.public()
	}
	if host == "" {
		return ok("listens on port %s, UDP and TCP; no public address is set, so none is tried; %s", port, r.Use)
	}
	at := net.JoinHostPort(host, port)
	var silent []string
	for _, transport := range []string{"udp", "tcp"} {
		if err := b.Network.STUN(ctx, transport, at); err != nil {
			silent = append(silent, strings.ToUpper(transport))
		}
	}
	switch len(silent) {
	case 0:
		return ok("%s answers by UDP and TCP, asked from this machine; %s", at, r.Use)
	case 1:
		return warn("relay_unreachable", fmt.Sprintf("%s answers by one of UDP and TCP, not by %s", at, silent[0]), "In networks that let only "+silent[0]+" through, people may get no picture.",
			"Open port "+port+" for "+silent[0]+" in the firewall (security group), and forward it in the router.")
	}
	return unknown("relay_timeout", at+" can't be reached from this machine", "Many routers let no machine inside reach itself by its public address, so that may be all; or the port is closed.",
		"Use the test of the doctor's page from another network. If it fails there too, open port "+port+", UDP and TCP, in the firewall (security group) and forward it in the router.")
}

func (b *Box) ice(ctx context.Context) Result {
	var reached, silent []string
	for _, s := range b.Config.ICEServers {
		for _, u := range s.URLs {
			transport, address := stunAddress(u)
			if transport == "" {
				continue
			}
			if err := b.Network.STUN(ctx, transport, address); err != nil {
				silent = append(silent, u)
			} else {
				reached = append(reached, u)
			}
		}
	}
	switch {
	case silent != nil:
		return warn("ice_silent", strings.Join(silent, ", "), "No answer, asked from this machine: who needs it gets no picture, and others wait.", "Correct or remove it in TURTUS_ICE_SERVERS, or start it.")
	case reached != nil:
		return ok("%s", strings.Join(reached, ", "))
	}
	return ok("none are set")
}

// stunAddress is where to ask a server of an ICE URL (RFC 7064, RFC 7065); those over TLS are left to browsers.
func stunAddress(u string) (transport, address string) {
	scheme, rest, _ := strings.Cut(u, ":")
	if scheme != "stun" && scheme != "turn" {
		return "", ""
	}
	address, query, _ := strings.Cut(rest, "?")
	transport = "udp"
	if strings.Contains(query, "transport=tcp") {
		transport = "tcp"
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(strings.Trim(address, "[]"), "3478")
	}
	return transport, address
}

// mostPorts is how many are tried.
const mostPorts = 1000

func (b *Box) media(ctx context.Context) Result {
	c := b.Config
	n := c.MediaPorts.Len()
	if n == 0 {
		return ok("any free one; who reaches none comes by the relay")
	}
	over := "UDP"
	if c.MediaOverTCP() {
		over = "UDP and TCP"
	}
	found := fmt.Sprintf("%s %d to %d", over, c.MediaPorts.Min, c.MediaPorts.Max)
	if n < c.MaxBrowsers {
		return fail("media_few", found, fmt.Sprintf("%d ports are too few for %d browsers: each takes one.", n, c.MaxBrowsers), "Make TURTUS_MEDIA_PORTS wider, or TURTUS_MAX_BROWSERS smaller.")
	}
	if n > mostPorts {
		return ok("%s", found)
	}
	free := 0
	for port := int(c.MediaPorts.Min); port <= int(c.MediaPorts.Max); port++ {
		if b.Network.Free(port, c.MediaOverTCP()) {
			free++
		}
	}
	running := 0
	if b.Engine != nil {
		running = b.Engine(ctx).Running
	}
	if free+running < c.MaxBrowsers {
		return warn("media_taken", fmt.Sprintf("%s, of which %d are free", found, free), "Other programs have the rest, so fewer browsers start than are allowed.",
			"Set TURTUS_MEDIA_PORTS to a range that nothing else uses, outside of net.ipv4.ip_local_port_range.")
	}
	return ok("%s, %d free", found, free)
}
