// Command turtus-link opens links (package link) for a program that is not written in Go. It reads one request of JSON a
// line from its standard input and answers each with one line, in order; it ends when its input does.
//
//	{"open": {"to": "10.0.0.2:4000", "listen": "10.0.0.2:0", "seed": 1, "down": {...}, "up": {...}}}
//	{"open": {"candidate": "candidate:1 1 udp 2130706431 10.0.0.2 4000 typ host", ...}}
//	{"set": 1, "down": {"delayMs": 30, "loss": 0.02, "burst": 0, "rate": 0, "buffer": 0}, "up": {...}}
//	{"read": 1}
//	{"close": 1}
//
// The answer is {"link": 1, "address": "...", "candidate": "...", "down": counters, "up": counters} or {"error": "..."}.
// A link listens on its target's own address unless told, so that a browser with that interface alone reaches it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"turtus/vb/link"
)

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "turtus-link:", err)
		os.Exit(1)
	}
}

type conditions struct {
	DelayMs float64 `json:"delayMs"`
	Loss    float64 `json:"loss"`
	Burst   float64 `json:"burst"`
	Rate    int     `json:"rate"`
	Buffer  int     `json:"buffer"`
}

func (c conditions) conditions() link.Conditions {
	return link.Conditions{
		Delay: time.Duration(c.DelayMs * float64(time.Millisecond)), Loss: c.Loss, Burst: c.Burst, Rate: c.Rate, Buffer: c.Buffer,
	}
}

type request struct {
	Open  *target     `json:"open"`
	Set   int         `json:"set"`
	Read  int         `json:"read"`
	Close int         `json:"close"`
	Down  *conditions `json:"down"` // nil: as it is
	Up    *conditions `json:"up"`
}

type target struct {
	To        string     `json:"to"`
	Candidate string     `json:"candidate"` // in place of To
	Listen    string     `json:"listen"`
	Seed      uint64     `json:"seed"`
	Down      conditions `json:"down"`
	Up        conditions `json:"up"`
}

type answer struct {
	Link      int           `json:"link,omitempty"`
	Address   string        `json:"address,omitempty"`
	Candidate string        `json:"candidate,omitempty"`
	Down      link.Counters `json:"down"`
	Up        link.Counters `json:"up"`
	Error     string        `json:"error,omitempty"`
}

func serve(in io.Reader, out io.Writer) error {
	links := map[int]*link.Link{}
	defer func() {
		for _, l := range links {
			l.Close()
		}
	}()
	opened := 0
	answers := json.NewEncoder(out)
	for lines := bufio.NewScanner(in); ; {
		if !lines.Scan() {
			return lines.Err()
		}
		var r request
		var a answer
		err := json.Unmarshal(lines.Bytes(), &r)
		if err == nil && r.Open != nil {
			var l *link.Link
			if l, a.Candidate, err = open(*r.Open); err == nil {
				opened++
				links[opened] = l
				r.Read = opened
			}
		}
		if err == nil {
			err = look(links, r, &a)
		}
		if err != nil {
			a = answer{Error: err.Error()}
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
}

func open(t target) (*link.Link, string, error) {
	if t.Candidate != "" {
		to, ok := link.Target(t.Candidate)
		if !ok {
			return nil, "", fmt.Errorf("no host candidate over UDP and IPv4: %q", t.Candidate)
		}
		t.To = to
	}
	host, _, err := net.SplitHostPort(t.To)
	if err != nil {
		return nil, "", err
	}
	if t.Listen == "" {
		t.Listen = net.JoinHostPort(host, "0")
	}
	l, err := link.New(link.Config{To: t.To, Listen: t.Listen, Seed: t.Seed})
	if err != nil {
		return nil, "", err
	}
	if err := l.SetDown(t.Down.conditions()); err != nil {
		l.Close()
		return nil, "", err
	}
	if err := l.SetUp(t.Up.conditions()); err != nil {
		l.Close()
		return nil, "", err
	}
	return l, l.Candidate(t.Candidate), nil
}

// look does what the request wants with a link that is there, and tells its state.
func look(links map[int]*link.Link, r request, a *answer) error {
	id := max(r.Set, r.Read, r.Close)
	l := links[id]
	if l == nil {
		return fmt.Errorf("no link %d", id)
	}
	if r.Set != 0 && r.Down != nil {
		if err := l.SetDown(r.Down.conditions()); err != nil {
			return err
		}
	}
	if r.Set != 0 && r.Up != nil {
		if err := l.SetUp(r.Up.conditions()); err != nil {
			return err
		}
	}
	a.Link, a.Address, a.Down, a.Up = id, l.Addr().String(), l.Down(), l.Up()
	if r.Close != 0 {
		l.Close()
		delete(links, id)
	}
	return nil
}
