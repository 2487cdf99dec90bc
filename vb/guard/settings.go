package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"turtus/vb/guard/egress"
)

// resolvConf names the name servers of the container (resolv.conf(5)).
const resolvConf = "/etc/resolv.conf"

// settings of the guard. They come by the environment alone: the arguments are the agent's.
type settings struct {
	open  bool // TURTUS_VB_EGRESS=open: no rules
	uid   int  // TURTUS_VB_UID: whom the agent runs as, also as its group
	rules egress.Rules
}

func read(lookup func(string) (string, bool)) (settings, error) {
	s := settings{uid: 1000}
	var wrong []error
	value := func(name string) string {
		text, _ := lookup("TURTUS_VB_" + name)
		return strings.TrimSpace(text)
	}
	number := func(name string, to *int, low, high int) {
		text := value(name)
		if text == "" {
			return
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < low || n > high {
			wrong = append(wrong, fmt.Errorf("TURTUS_VB_%s: %q is no number within %d and %d", name, text, low, high))
			return
		}
		*to = n
	}
	switch mode := value("EGRESS"); mode {
	case "", "guarded":
	case "open":
		s.open = true
	default:
		wrong = append(wrong, fmt.Errorf("TURTUS_VB_EGRESS: %q is neither guarded nor open", mode))
	}
	number("UID", &s.uid, 1, 1<<31-1)
	var udp, tcp int
	number("UDP_PORT", &udp, 0, 65535)
	number("TCP_PORT", &tcp, 0, 65535)
	s.rules.MediaPort, s.rules.MediaPortTCP = uint16(udp), uint16(tcp)

	resolvers, err := egress.Addresses(value("RESOLVERS"))
	if err != nil {
		wrong = append(wrong, fmt.Errorf("TURTUS_VB_RESOLVERS: %w", err))
	}
	text, err := os.ReadFile(resolvConf)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		wrong = append(wrong, err)
	}
	s.rules.Resolvers = append(resolvers, egress.NameServers(string(text))...)

	// What the host is reached by from outside is its own, be it public or not.
	hosts, err := egress.Addresses(value("ADDRESSES"))
	if err != nil {
		wrong = append(wrong, fmt.Errorf("TURTUS_VB_ADDRESSES: %w", err))
	}
	for _, host := range hosts {
		s.rules.Refuse = append(s.rules.Refuse, netip.PrefixFrom(host, host.BitLen()))
	}
	more, err := egress.Prefixes(value("REFUSE"))
	if err != nil {
		wrong = append(wrong, fmt.Errorf("TURTUS_VB_REFUSE: %w", err))
	}
	s.rules.Refuse = append(s.rules.Refuse, more...)
	return s, errors.Join(wrong...)
}
