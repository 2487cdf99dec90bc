package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// MediaOverTCP says whether MediaPorts, where there are any, are open over TCP too.
func (c Config) MediaOverTCP() bool { return c.MediaTCP == "on" }

// PortRange is an inclusive range of ports; the zero value means any.
type PortRange struct{ Min, Max uint16 }

var errPorts = errors.New("a range of ports such as 52000-52100, or one port")

// UnmarshalText reads "52000-52100" or "52000".
func (r *PortRange) UnmarshalText(text []byte) error {
	low, high, isRange := strings.Cut(string(text), "-")
	if !isRange {
		high = low
	}
	from, err1 := strconv.ParseUint(strings.TrimSpace(low), 10, 16)
	to, err2 := strconv.ParseUint(strings.TrimSpace(high), 10, 16)
	if err1 != nil || err2 != nil || from == 0 || from > to {
		return errPorts
	}
	*r = PortRange{Min: uint16(from), Max: uint16(to)}
	return nil
}

// Len is the number of ports; 0 means any.
func (r PortRange) Len() int {
	if r == (PortRange{}) {
		return 0
	}
	return int(r.Max) - int(r.Min) + 1
}

// CPUs is a number of processors, such as 1.5.
type CPUs float64

var errCPUs = errors.New("a number from 0.1 to 1000, such as 2 or 1.5")

// UnmarshalText reads "1.5".
func (c *CPUs) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(n >= 0.1 && n <= 1000) {
		return errCPUs
	}
	*c = CPUs(n)
	return nil
}

// Networks are IP networks, IPv4 ones never within IPv6.
type Networks []netip.Prefix

// loopback are this machine's addresses towards itself.
func loopback() Networks {
	return Networks{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

var (
	errNetworks = errors.New("addresses and networks such as 127.0.0.1, 10.0.0.0/8 or fd00::/8, separated by commas")
	// errEverybody: with every address trusted, everybody would be asked who they are and believed.
	errEverybody = errors.New("no network of all addresses (/0), where anybody could pass for anybody: name the proxies alone, such as 127.0.0.1 or 10.0.0.0/8")
)

// UnmarshalText reads "10.0.0.0/8, ::1". Bits beyond a network's length are cleared.
func (n *Networks) UnmarshalText(text []byte) error {
	var networks Networks
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		network, err := netip.ParsePrefix(part)
		if err != nil {
			address, err := netip.ParseAddr(part)
			if err != nil || address.Zone() != "" {
				return errNetworks
			}
			network = netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen())
		}
		if network.Addr().Is4In6() {
			return errNetworks
		}
		if network.Bits() == 0 {
			return errEverybody
		}
		networks = append(networks, network.Masked())
	}
	*n = networks
	return nil
}

// ICEServer is an RTCIceServer of the WebRTC specification. Secret is no part of that: credentials are made from it.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
	Secret     string   `json:"secret,omitempty"`
}

// ICEServers is the JSON list of RTCPeerConnection's configuration.
type ICEServers []ICEServer

// HasRelay says whether one of them is a TURN server.
func (s ICEServers) HasRelay() bool {
	return slices.ContainsFunc(s, func(server ICEServer) bool {
		return slices.ContainsFunc(server.URLs, func(u string) bool { return strings.HasPrefix(u, "turn") })
	})
}

var errICE = errors.New(`a JSON list such as [{"urls":"turn:turn.example.org","username":"name","credential":"password"}]; a TURN server needs both of the latter, or "secret"`)

// UnmarshalText reads the JSON list and checks what a page would stumble over.
func (s *ICEServers) UnmarshalText(text []byte) error {
	var list []struct {
		ICEServer
		URLs json.RawMessage `json:"urls"` // one or several
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return errICE
	}
	servers := make(ICEServers, 0, len(list))
	for _, entry := range list {
		server := entry.ICEServer
		var one string
		if json.Unmarshal(entry.URLs, &one) == nil {
			server.URLs = []string{one}
		} else if json.Unmarshal(entry.URLs, &server.URLs) != nil {
			return errICE
		}
		if err := server.check(); err != nil {
			return err
		}
		servers = append(servers, server)
	}
	*s = servers
	return nil
}

func (s ICEServer) check() error {
	if len(s.URLs) == 0 || (s.Secret != "" && s.Username+s.Credential != "") {
		return errICE
	}
	for _, u := range s.URLs {
		scheme, host, _ := strings.Cut(u, ":")
		if host == "" || !slices.Contains([]string{"stun", "stuns", "turn", "turns"}, scheme) {
			return fmt.Errorf("addresses that begin with stun:, stuns:, turn: or turns:, not %q", scheme+":…")
		}
		if strings.HasPrefix(scheme, "turn") && s.Secret == "" && (s.Username == "" || s.Credential == "") {
			return errICE
		}
	}
	return nil
}
