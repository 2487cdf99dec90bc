// Package egress limits what can be reached from a network namespace to the public Internet, by nftables. The guard of
// a virtual browser calls it, with CAP_NET_ADMIN, before anything else runs there.
//
// Who came in by a media port is answered, wherever that is: so viewers on a private network see the picture, and yet
// nothing private can be reached first.
package egress

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// table is the name of our table (nft list table inet turtus).
const table = "turtus"

// Rules say what is let through besides the public Internet, and what of that is refused.
type Rules struct {
	MediaPort    uint16         // UDP port that may be reached from outside; 0: none
	MediaPortTCP uint16         // the same of TCP
	Resolvers    []netip.Addr   // the only ones that are asked for names (port 53), private ones too
	Refuse       []netip.Prefix // also refused: the host's own public addresses, a firm's
}

// Bounds of the conversations that are begun from here and go on at once. The machine follows each of them for all its containers together, in a
// table that one of them could fill in seconds; then nobody gets a connection there any more. Pages have some hundreds.
const (
	maxFlows   = 4096
	maxLookups = 512 // questions for names, besides
)

// Set puts the rules up in this thread's network namespace, all at once, in place of those of an earlier call.
func Set(r Rules) error {
	err := set(r, true)
	if errors.Is(err, unix.ENOENT) { // a kernel that can't count: what may be reached matters more
		err = set(r, false)
	}
	return err
}

func set(r Rules, bounded bool) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	t := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: table})
	conn.FlushTable(t)
	b := builder{conn: conn, table: t, bounded: bounded}
	b.input(r)
	b.forward()
	b.output(r)
	if err := conn.Flush(); err != nil {
		return os.NewSyscallError("nftables", err)
	}
	return nil
}

type builder struct {
	conn  *nftables.Conn
	table *nftables.Table
	chain *nftables.Chain
	// bounded says that the kernel can count.
	bounded bool
}

// begin makes a chain whose packets are dropped unless a rule says otherwise.
func (b *builder) begin(name string, hook *nftables.ChainHook) {
	policy := nftables.ChainPolicyDrop
	b.chain = b.conn.AddChain(&nftables.Chain{
		Table: b.table, Name: name, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: nftables.ChainPriorityFilter, Policy: &policy,
	})
}

func (b *builder) rule(parts ...[]expr.Any) {
	rule := &nftables.Rule{Table: b.table, Chain: b.chain}
	for _, part := range parts {
		rule.Exprs = append(rule.Exprs, part...)
	}
	b.conn.AddRule(rule)
}

func (b *builder) input(r Rules) {
	b.begin("input", nftables.ChainHookInput)
	b.rule(on(expr.MetaKeyIIFNAME, loopback), accept)
	b.rule(known(), accept)
	b.neighbours()
	if r.MediaPort != 0 {
		b.rule(protocol(unix.IPPROTO_UDP), destinationPort(r.MediaPort), accept)
	}
	if r.MediaPortTCP != 0 {
		b.rule(protocol(unix.IPPROTO_TCP), destinationPort(r.MediaPortTCP), accept)
	}
}

func (b *builder) forward() { b.begin("forward", nftables.ChainHookForward) }

func (b *builder) output(r Rules) {
	b.begin("output", nftables.ChainHookOutput)
	b.rule(on(expr.MetaKeyOIFNAME, loopback), accept)
	b.rule(known(), accept)
	b.neighbours()
	for _, transport := range []byte{unix.IPPROTO_UDP, unix.IPPROTO_TCP} {
		b.bound(maxLookups, protocol(transport), destinationPort(53))
	}
	for _, transport := range []byte{unix.IPPROTO_UDP, unix.IPPROTO_TCP} {
		for _, resolver := range r.Resolvers {
			b.rule(to(netip.PrefixFrom(resolver, resolver.BitLen())), protocol(transport), destinationPort(53), accept)
		}
		b.rule(protocol(transport), destinationPort(53), refuse)
	}
	for _, prefix := range refused(r.Refuse) {
		b.rule(to(prefix), refuse)
	}
	b.bound(maxFlows)
	b.rule(family(unix.NFPROTO_IPV4), accept)
	for _, prefix := range public6 {
		b.rule(to(prefix), accept)
	}
	b.rule(refuse)
}

// bound refuses what is begun beyond so many conversations that came this far.
func (b *builder) bound(most uint32, what ...[]expr.Any) {
	if b.bounded {
		b.rule(append(what, []expr.Any{&expr.Connlimit{Count: most, Flags: expr.NFT_CONNLIMIT_F_INV}}, refuse)...)
	}
}

// neighbours lets IPv6 find the way to its router (RFC 4861), which IPv4 does by ARP, past nftables' inet family.
func (b *builder) neighbours() {
	const routerSolicitation, routerAdvertisement, solicitation, advertisement = 133, 134, 135, 136
	for _, kind := range []byte{routerSolicitation, routerAdvertisement, solicitation, advertisement} {
		b.rule(protocol(unix.IPPROTO_ICMPV6), []expr.Any{
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1},
			equal([]byte{kind}),
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 7, Len: 1},
			equal([]byte{255}), // the hop limit of what has come over no router
		}, accept)
	}
}

const loopback = "lo"

var (
	accept = []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}}
	// refuse tells the program at once, so that a page fails instead of waiting.
	refuse = []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_ICMPX_UNREACH, Code: unix.NFT_REJECT_ICMPX_ADMIN_PROHIBITED}}
)

func equal(data []byte) expr.Any { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data} }

func on(key expr.MetaKey, name string) []expr.Any {
	data := make([]byte, unix.IFNAMSIZ)
	copy(data, name)
	return []expr.Any{&expr.Meta{Key: key, Register: 1}, equal(data)}
}

// known is what belongs to a connection that was let through before.
func known() []expr.Any {
	const bits = expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED
	return []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: native(bits), Xor: native(0)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: native(0)},
	}
}

func family(protocol byte) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1}, equal([]byte{protocol})}
}

func protocol(number byte) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal([]byte{number})}
}

func destinationPort(port uint16) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		equal([]byte{byte(port >> 8), byte(port)}),
	}
}

// to is what goes to an address of the prefix.
func to(prefix netip.Prefix) []expr.Any {
	version, offset := byte(unix.NFPROTO_IPV4), uint32(16)
	if prefix.Addr().Is6() {
		version, offset = unix.NFPROTO_IPV6, 24
	}
	address := prefix.Masked().Addr().AsSlice()
	size := uint32(len(address))
	return append(family(version),
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: size, Mask: mask(prefix), Xor: make([]byte, size)},
		equal(address),
	)
}

func mask(prefix netip.Prefix) []byte {
	bits := make([]byte, prefix.Addr().BitLen()/8)
	for i := range prefix.Bits() {
		bits[i/8] |= 0x80 >> (i % 8)
	}
	return bits
}

// native is a number as the kernel has it.
func native(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }
