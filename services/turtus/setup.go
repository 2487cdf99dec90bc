package main

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"turtus/services/accounts"
	"turtus/services/config"
)

// setupToken guards the first account of a server that strangers can reach. On one for this machine alone whoever comes first is its
// administrator, as they own the machine; there it is nil.
func setupToken(c config.Config, folder *dataFolder, bound net.Addr, front *front) *accounts.SetupToken {
	if !reachable(c, bound) && (front == nil || !reachable(c, front.port.Addr())) {
		return nil
	}
	return accounts.NewSetupToken(folder.join("secrets", "setup"))
}

// reachable says whether others than this machine's users may come: by an address of its own, or through a proxy that the settings tell of.
func reachable(c config.Config, bound net.Addr) bool {
	if len(c.TrustedProxies) > 0 {
		return true
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || !isLoopback(u.Hostname()) {
			return true
		}
	}
	tcp, ok := bound.(*net.TCPAddr)
	return !ok || !tcp.IP.IsLoopback()
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && a.IsLoopback()
}

// announceSetup writes the link of the first account to the log, with a token of its own for each start, until there is an account.
func announceSetup(ctx context.Context, p *parts, addresses []string, log *slog.Logger) error {
	if p.setup == nil {
		return nil
	}
	_, firstRun, err := p.people.SignUps(ctx)
	if err != nil {
		return err
	}
	if !firstRun {
		return p.setup.Remove()
	}
	token, err := p.setup.Renew()
	if err != nil {
		return err
	}
	for i := range addresses {
		addresses[i] += "/setup#token=" + token
	}
	level := slog.LevelWarn
	if !log.Enabled(ctx, level) { // the least that a log can be set to
		level = slog.LevelError
	}
	log.Log(ctx, level, "NOBODY HAS AN ACCOUNT YET. Make the administrator's by this link; it works once: "+strings.Join(addresses, " or "))
	return nil
}
