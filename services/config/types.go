package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// PortRange is an inclusive range of UDP ports; the zero value means any.
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

// ICEServer is an RTCIceServer of the WebRTC specification.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// ICEServers is the JSON list of RTCPeerConnection's configuration.
type ICEServers []ICEServer

var errICE = errors.New(`a JSON list such as [{"urls":"turn:turn.example.org","username":"name","credential":"password"}]; a TURN server needs both of the latter`)

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
	if len(s.URLs) == 0 {
		return errICE
	}
	for _, u := range s.URLs {
		scheme, host, _ := strings.Cut(u, ":")
		if host == "" || !slices.Contains([]string{"stun", "stuns", "turn", "turns"}, scheme) {
			return fmt.Errorf("addresses that begin with stun:, stuns:, turn: or turns:, not %q", scheme+":…")
		}
		if strings.HasPrefix(scheme, "turn") && (s.Username == "" || s.Credential == "") {
			return errICE
		}
	}
	return nil
}
