package main

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"turtus/services/certs"
	"turtus/services/config"
)

// resolveTimeout bounds how long the start of a browser waits for the address of a name.
const resolveTimeout = 2 * time.Second

// network finds the addresses under which viewers reach this machine's UDP ports, and the name servers that it asks, for browsers in
// containers. It looks anew each time: laptops move. A server for this machine alone has the loopback address.
func network(c config.Config, bound net.Addr) func(ctx context.Context) (addresses, resolvers []netip.Addr) {
	open := isOpen(c, bound)
	ask := hostResolvers
	if c.BrowserDNS != nil {
		ask = func() []netip.Addr { return parsed(c.BrowserDNS) }
	}
	name := c.PublicAddress
	elsewhere := slices.ContainsFunc(c.TrustedProxies, func(p netip.Prefix) bool { return !p.Addr().IsLoopback() })
	if u, err := url.Parse(c.PublicURL); name == "" && err == nil && !elsewhere { // else the name may be a proxy's
		name = u.Hostname()
	}
	return func(ctx context.Context) (addresses, resolvers []netip.Addr) {
		if !open {
			return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}, ask()
		}
		addresses = hostAddresses()
		if name != "" {
			ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
			defer cancel()
			found, _ := net.DefaultResolver.LookupNetIP(ctx, "ip4", name) // without it the relay carries those from outside
			for _, a := range found {
				if a = a.Unmap(); !a.IsLoopback() && !slices.Contains(addresses, a) {
					addresses = append(addresses, a)
				}
			}
		}
		return addresses, ask()
	}
}

// isOpen says whether others than this machine's users may come, by HTTPS or without.
func isOpen(c config.Config, bound net.Addr) bool {
	host, _, _ := net.SplitHostPort(c.HTTPSAddr)
	return reachable(c, bound) || mode(c) != certs.ModeOff && !isLoopback(host)
}

// inner are the beginnings of names of interfaces that nobody outside of this machine reaches.
var inner = []string{"docker", "br-", "veth", "virbr", "cni", "flannel", "podman"}

// hostAddresses are this machine's own of IPv4, which is what containers are reached by.
func hostAddresses() []netip.Addr {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var all []netip.Addr
	for _, i := range interfaces {
		isInner := func(prefix string) bool { return strings.HasPrefix(i.Name, prefix) }
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 || slices.ContainsFunc(inner, isInner) {
			continue
		}
		networks, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, n := range networks {
			if p, err := netip.ParsePrefix(n.String()); err == nil && p.Addr().Unmap().Is4() && p.Addr().Unmap().IsGlobalUnicast() {
				all = append(all, p.Addr().Unmap())
			}
		}
	}
	return all
}

// resolvFiles say which name servers there are (resolv.conf(5)): the second where the first names only a stub of this machine.
var resolvFiles = []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"}

// ownAddresses are the public ones that this machine has itself, of each interface and for whomever: a browser's packets to them would come to
// this machine from inside, past the firewall of whoever hosts it. Private ones no browser reaches anyway.
func ownAddresses() []netip.Addr {
	networks, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var own []netip.Addr
	for _, n := range networks {
		if p, err := netip.ParsePrefix(n.String()); err == nil && isPublic(p.Addr().Unmap()) {
			own = append(own, p.Addr().Unmap())
		}
	}
	return own
}

func isPublic(a netip.Addr) bool { return a.IsGlobalUnicast() && !a.IsPrivate() }

// publicResolvers are asked where the machine has none that a container reaches.
var publicResolvers = []string{"9.9.9.9", "1.1.1.1"}

func parsed(addresses []string) (list []netip.Addr) {
	for _, a := range addresses {
		list = append(list, netip.MustParseAddr(a))
	}
	return list
}

func hostResolvers() []netip.Addr {
	for _, file := range resolvFiles {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if found := nameServers(text); found != nil {
			return found
		}
	}
	return parsed(publicResolvers)
}

// nameServers are those that a container can ask: none of the loopback network, and of IPv4.
func nameServers(text []byte) []netip.Addr {
	var found []netip.Addr
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(fields[1]); err == nil && a.Is4() && !a.IsLoopback() && !a.IsUnspecified() {
			found = append(found, a)
		}
	}
	return found
}
