package certs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/mholt/acmez/v3/acme"
	"github.com/stretchr/testify/require"
)

type names map[string][]string

func (n names) LookupHost(_ context.Context, name string) ([]string, error) {
	if addresses, ok := n[name]; ok {
		return addresses, nil
	}
	return nil, errors.New("no such host")
}

func TestTheAdviceFitsWhatTheAuthoritySays(t *testing.T) {
	elsewhere := names{"a.example.org": {"192.0.2.9"}, "here.example.org": {"127.0.0.1"}}
	problem := func(kind, detail string) error {
		return fmt.Errorf("wrapped: %w", acme.Problem{Type: acme.ProblemTypeNamespace + kind, Detail: detail})
	}
	for want, err := range map[string]error{
		"Make an A record":                         problem("dns", "NXDOMAIN"),
		"points to 192.0.2.9, which is no address": problem("connection", "Timeout"),
		"Open TCP ports 80 and 443":                problem("connection", "Timeout"),
		"TURTUS_TLS=off":                           problem("unauthorized", "404"),
		"no more certificates for now":             problem("rateLimited", "too many"),
		"Take another one":                         problem("rejectedIdentifier", "policy"),
		"CAA records":                              problem("caa", "forbidden"),
		"TURTUS_ACME_EMAIL":                        problem("invalidContact", "no"),
		"TURTUS_ACME_DIRECTORY":                    problem("externalAccountRequired", "no"),
		"The authority says: it is broken.":        problem("serverInternal", "it is broken."),
		"can't be reached from here":               fmt.Errorf("get: %w", &net.OpError{Op: "dial", Err: errors.New("refused")}),
		"It could not be got (the disk is full)":   fmt.Errorf("store: %w", errors.New("the disk is full")),
		"The authority says: the one that is about it": fmt.Errorf("x: %w", acme.Problem{Type: "compound", Subproblems: []acme.Subproblem{
			{Problem: acme.Problem{Detail: "another"}, Identifier: acme.Identifier{Value: "b.example.org"}},
			{Problem: acme.Problem{Detail: "the one that is about it"}, Identifier: acme.Identifier{Value: "a.example.org"}},
		}}),
	} {
		require.Contains(t, advice(context.Background(), err, "a.example.org", elsewhere), want)
	}
	require.Contains(t, advice(context.Background(), problem("unauthorized", "x"), "here.example.org", elsewhere), "which is this machine")
	require.Contains(t, advice(context.Background(), problem("unauthorized", "x"), "b.example.org", elsewhere), "it has no address")
}
