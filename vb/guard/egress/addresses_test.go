package egress

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reach says of addresses whether the rules, with 8.20.30.0/24 and 2600:aaaa::/32 given, let them be reached.
var reach = []struct {
	address string
	public  bool
	what    string
}{
	{"1.1.1.1", true, "public"},
	{"9.255.255.255", true, "just below 10/8"},
	{"11.0.0.0", true, "just above 10/8"},
	{"100.63.255.255", true, "just below the shared ones"},
	{"100.128.0.0", true, "just above the shared ones"},
	{"172.15.255.255", true, "just below 172.16/12"},
	{"172.32.0.0", true, "just above 172.16/12"},
	{"192.167.255.255", true, "just below 192.168/16"},
	{"192.169.0.0", true, "just above 192.168/16"},
	{"223.255.255.255", true, "the last before multicast"},
	{"0.0.0.1", false, "this network"},
	{"10.0.0.1", false, "private"},
	{"10.255.255.255", false, "private"},
	{"100.64.0.1", false, "shared"},
	{"100.100.100.200", false, "Alibaba's metadata"},
	{"127.0.0.1", false, "loopback, but not on lo"},
	{"168.63.129.16", false, "Azure's host"},
	{"169.254.169.254", false, "metadata"},
	{"169.254.170.2", false, "metadata of ECS"},
	{"172.16.0.1", false, "private"},
	{"172.31.255.255", false, "private"},
	{"192.0.0.192", false, "Oracle's metadata"},
	{"192.0.2.1", false, "documentation"},
	{"192.168.1.1", false, "private"},
	{"198.18.0.1", false, "benchmarks"},
	{"198.51.100.1", false, "documentation"},
	{"203.0.113.1", false, "documentation"},
	{"224.0.0.251", false, "multicast"},
	{"255.255.255.255", false, "broadcast"},
	{"8.20.29.255", true, "just below what is given"},
	{"8.20.30.1", false, "given"},
	{"2606:4700:4700::1111", true, "public"},
	{"2600:aaab::1", true, "just above what is given"},
	{"2600:aaaa::1", false, "given"},
	{"::1", false, "loopback, but not on lo"},
	{"::10.0.0.1", false, "IPv4, by the deprecated form"},
	{"64:ff9b::101:101", true, "1.1.1.1 by NAT64"},
	{"64:ff9b::a00:1", false, "10.0.0.1 by NAT64"},
	{"64:ff9b::a9fe:a9fe", false, "169.254.169.254 by NAT64"},
	{"64:ff9b::814:1e01", false, "what is given, by NAT64"},
	{"64:ff9b:1::1", false, "a network's own NAT64"},
	{"100::1", false, "discarded"},
	{"2001::1", false, "Teredo"},
	{"2001:db8::1", false, "documentation"},
	{"2002:a00:1::1", false, "10.0.0.1 by 6to4"},
	{"3fff::1", false, "documentation"},
	{"5f00::1", false, "segment routing"},
	{"fd00:ec2::254", false, "Amazon's metadata by IPv6"},
	{"fc00::1", false, "unique local"},
	{"fe80::1", false, "link-local"},
	{"fec0::1", false, "site-local"},
	{"ff02::1", false, "multicast"},
}

var given = []netip.Prefix{netip.MustParsePrefix("8.20.30.0/24"), netip.MustParsePrefix("2600:aaaa::/32")}

// reachable is the rules' order, without a kernel.
func reachable(address netip.Addr) bool {
	for _, prefix := range refused(given) {
		if prefix.Contains(address) {
			return false
		}
	}
	for _, prefix := range public6 {
		if prefix.Contains(address) {
			return true
		}
	}
	return address.Is4()
}

func TestOnlyThePublicInternetIsReached(t *testing.T) {
	for _, c := range reach {
		assert.Equal(t, c.public, reachable(netip.MustParseAddr(c.address)), "%s (%s)", c.address, c.what)
	}
}

func TestNameServersAreReadAsTheCLibraryDoes(t *testing.T) {
	text := "# by Docker\nnameserver 127.0.0.11\n nameserver\t10.0.0.2 # here\nnameserver fe80::1%eth0\nnameserver nonsense\nsearch nameserver\noptions ndots:0"
	assert.Equal(t, []netip.Addr{
		netip.MustParseAddr("127.0.0.11"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("fe80::1"),
	}, NameServers(text))
}

func TestListsOfAddressesAndNetworks(t *testing.T) {
	addresses, err := Addresses(" 1.2.3.4,::ffff:5.6.7.8  2600::1,")
	require.NoError(t, err)
	assert.Equal(t, []netip.Addr{netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("5.6.7.8"), netip.MustParseAddr("2600::1")}, addresses)
	_, err = Addresses("1.2.3.4,example.org")
	assert.ErrorContains(t, err, "example.org")

	networks, err := Prefixes("8.8.0.0/16, 9.9.9.9 2600::/32")
	require.NoError(t, err)
	assert.Equal(t, []netip.Prefix{
		netip.MustParsePrefix("8.8.0.0/16"), netip.MustParsePrefix("9.9.9.9/32"), netip.MustParsePrefix("2600::/32"),
	}, networks)
	for _, wrong := range []string{"8.8.0.0/33", "::ffff:8.8.8.8", "intranet"} {
		_, err = Prefixes(wrong)
		assert.ErrorContains(t, err, wrong)
	}
}
