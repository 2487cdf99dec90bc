package egress

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// private4 is what of IPv4 is not the public Internet, by the registry of special-purpose addresses (RFC 6890) and what
// clouds keep for themselves.
var private4 = prefixes(
	"0.0.0.0/8",        // this network (RFC 791)
	"10.0.0.0/8",       // private (RFC 1918)
	"100.64.0.0/10",    // shared by a provider's customers (RFC 6598); Alibaba's and Tailscale's too
	"127.0.0.0/8",      // loopback (RFC 1122), on whatever interface
	"168.63.129.16/32", // Azure's services of the host
	"169.254.0.0/16",   // link-local (RFC 3927), and 169.254.169.254, where clouds give away credentials
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments (RFC 6890); Oracle's metadata
	"192.0.2.0/24",     // documentation (RFC 5737)
	"192.88.99.0/24",   // 6to4 relays, deprecated (RFC 7526)
	"192.168.0.0/16",   // private
	"198.18.0.0/15",    // benchmarks (RFC 2544)
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast (RFC 5771)
	"240.0.0.0/4",      // reserved (RFC 1112), and broadcast
)

// private6 is what of public6 is none of the public Internet all the same.
var private6 = prefixes(
	"2001::/23",     // protocol assignments (RFC 2928): Teredo, ORCHID, benchmarks
	"2001:db8::/32", // documentation (RFC 3849)
	"2002::/16",     // 6to4 (RFC 3056), which leads to any IPv4 address
	"3fff::/20",     // documentation (RFC 9637)
)

// nat64 leads to IPv4 (RFC 6052): the address there is its last 32 bits.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// public6 is all of IPv6 that may be reached at all: global unicast (RFC 4291), and IPv4 by nat64.
var public6 = []netip.Prefix{netip.MustParsePrefix("2000::/3"), nat64}

func prefixes(all ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(all))
	for i, text := range all {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// refused returns all that is refused: what is not public, the same by nat64, and what is given.
func refused(more []netip.Prefix) []netip.Prefix {
	all := append(append([]netip.Prefix(nil), private4...), private6...)
	for _, prefix := range more {
		all = append(all, prefix.Masked())
	}
	for _, prefix := range all[:len(all):len(all)] {
		if prefix.Addr().Is4() {
			all = append(all, byNAT64(prefix))
		}
	}
	return all
}

func byNAT64(prefix netip.Prefix) netip.Prefix {
	address := nat64.Addr().As16()
	four := prefix.Addr().As4()
	copy(address[12:], four[:])
	return netip.PrefixFrom(netip.AddrFrom16(address), nat64.Bits()+prefix.Bits())
}

// Addresses reads addresses with commas or spaces between.
func Addresses(text string) ([]netip.Addr, error) {
	var list []netip.Addr
	for _, field := range fields(text) {
		address, err := netip.ParseAddr(field)
		if err != nil {
			return nil, fmt.Errorf("%q is no IP address", field)
		}
		list = append(list, address.Unmap().WithZone(""))
	}
	return list, nil
}

// Prefixes reads networks, as 10.0.0.0/8, or addresses, with commas or spaces between.
func Prefixes(text string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, field := range fields(text) {
		prefix, err := netip.ParsePrefix(field)
		if err != nil {
			address, err := netip.ParseAddr(field)
			if err != nil {
				return nil, fmt.Errorf("%q is neither a network, as 10.0.0.0/8, nor an address", field)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		if prefix.Addr().Is4In6() {
			return nil, fmt.Errorf("%q must be written as IPv4", field)
		}
		list = append(list, prefix)
	}
	return list, nil
}

func fields(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// NameServers returns those of a resolv.conf(5). What it can't read names none, as for the C library.
func NameServers(text string) []netip.Addr {
	var list []netip.Addr
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "nameserver" {
			continue
		}
		if address, err := netip.ParseAddr(words[1]); err == nil {
			list = append(list, address.Unmap().WithZone(""))
		}
	}
	return list
}

// OnLink returns the networks of this namespace's interfaces: who is there is a neighbour, even by a public address.
func OnLink() ([]netip.Prefix, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []netip.Prefix
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addresses {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				list = append(list, prefix.Masked())
			}
		}
	}
	return list, nil
}
