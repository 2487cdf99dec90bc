package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/time/rate"

	"turtus/services/accounts"
	"turtus/services/backup"
	"turtus/services/browsers"
	"turtus/services/config"
	"turtus/services/doctor"
	"turtus/services/httpapi"
	"turtus/services/hub"
	"turtus/services/notices"
	"turtus/services/peaks"
	"turtus/services/postgres/db"
	"turtus/services/relay"
	"turtus/services/rooms"
	"turtus/services/settings"
	"turtus/services/wire"
	"turtus/web"
)

// parts are what a server consists of, wired to each other.
type parts struct {
	handler  http.Handler
	hub      *hub.Hub
	browsers *browsers.Service
	launcher launcher
	agents   net.Listener // nil where agents have no socket of their own
	relay    *relay.Relay
	nightly  *backup.Nightly // nil where none is wanted
	doctor   *doctor.Doctor
	people   *accounts.Service
	front    *front
	setup    *accounts.SetupToken // nil where nobody is asked for one
	peaks    *peaks.Service
	settings *settings.Service
}

func build(ctx context.Context, c config.Config, folder *dataFolder, pool *pgxpool.Pool, bound net.Addr, front *front, log *slog.Logger) (*parts, error) {
	keys, err := accounts.OpenKeys(folder.join("secrets"), nil)
	if err != nil {
		return nil, err
	}
	resumeSecret, err := folder.secret("resume")
	if err != nil {
		return nil, err
	}
	chosen, err := settings.Open(ctx, settings.Options{Pool: pool, Defaults: wire.SettingsValues{
		SignUps: wire.SignUps(c.SignUps), MaxBrowsers: c.MaxBrowsers, MaxBrowsersPerPerson: c.MaxBrowsersPerPerson, MaxRoomsPerPerson: c.MaxRoomsPerPerson, RoomSize: c.RoomSize,
	}})
	if err != nil {
		return nil, err
	}
	setup := setupToken(c, folder, bound, front)
	hasher := accounts.NewHasher(accounts.HashCost{}, 0)
	linkKey, err := folder.secret("links")
	if err != nil {
		return nil, err
	}
	people := accounts.New(accounts.Options{
		Pool: pool, Keys: keys, LinkKey: linkKey, Hasher: hasher, SignUps: func() wire.SignUps { return chosen.Values().SignUps }, Setup: setup, AccessTokenLife: c.AccessTokenLife, SessionLife: c.SessionLife,
	})
	addressKey, err := folder.secret("addresses")
	if err != nil {
		return nil, err
	}
	places := rooms.New(rooms.Options{
		Pool: pool, Hasher: hasher, AddressKey: addressKey, MaxRoomsPerPerson: c.MaxRoomsPerPerson, Screen: wire.Screen{Width: c.Width, Height: c.Height, FrameRate: c.FrameRate},
		RelayOnly: c.CallPath == "relay", NoRelay: c.RelayPort == 0 && !c.ICEServers.HasRelay(),
	})
	tokens := rooms.Tokens{Keys: keys}
	relaySecret, err := folder.secret("relay")
	if err != nil {
		return nil, err
	}

	p := &parts{people: people, setup: setup, front: front}
	if p.relay, err = relay.Open(relayOptions(c, relaySecret, front, log)); err != nil {
		return nil, err
	}
	if p.launcher, err = chooseLauncher(ctx, c, folder, bound, log); err != nil {
		return nil, errors.Join(err, p.relay.Close(ctx))
	}
	if p.launcher.Name() != processes { // before browsers are taken back: a socket that can't be had must not end them
		if p.agents, err = listenForAgents(c.AgentSocket); err != nil {
			p.launcher.Close()
			return nil, errors.Join(err, p.relay.Close(ctx))
		}
	}
	p.browsers = browsers.New(browsers.Options{
		DB: pool, Launcher: p.launcher, Rooms: places, People: people, Tokens: tokens,
		Outlive: c.LauncherSocket != "", MaxRunning: c.MaxBrowsers, MaxPerOwner: c.MaxBrowsersPerPerson, Log: log,
		Warm: c.WarmBrowsers, SessionLength: c.SessionLength, SessionExtensions: c.SessionExtensions,
		Spec: browsers.Spec{
			StartURL: c.StartURL, Width: c.Width, Height: c.Height, FrameRate: c.FrameRate, Depth: 24, ViewerTimeout: c.ViewerTimeout, SignalTimeout: c.SignalTimeout,
		},
		Network: network(c, bound), Own: ownAddresses,
	})
	p.hub = hub.New(hub.Options{
		Tokens: tokens, Rooms: places, People: people, Sessions: sessions{db.New(pool)}, Browsers: p.browsers, PublicOrigin: c.PublicURL, AllowedOrigins: c.AllowedOrigins,
		Relay: p.relay, ResumeSecret: resumeSecret, RoomSize: c.RoomSize, ControlIdle: c.ControlIdle, AgentGrace: c.SignalTimeout, Log: log,
	})
	if err := p.browsers.Open(ctx, p.hub); err != nil {
		p.launcher.Close()
		if p.agents != nil {
			_ = p.agents.Close()
		}
		return nil, errors.Join(fmt.Errorf("take back the browsers: %w", err), p.relay.Close(ctx))
	}
	chosen.OnChange(func(v wire.SettingsValues) {
		p.hub.SetRoomSize(v.RoomSize)
		p.browsers.Limit(v.MaxBrowsers, v.MaxBrowsersPerPerson)
		places.SetMaxRooms(v.MaxRoomsPerPerson)
	})
	p.settings = chosen
	p.peaks = peaks.New(pool, func() wire.Load {
		people, inUse := p.hub.Load()
		return wire.Load{People: people, Rooms: inUse, Browsers: p.browsers.Running()}
	}, nil, log)
	p.nightly = nightlyBackup(c, pool.Config().ConnString(), log)
	p.doctor = newDoctor(c, p, pool)
	p.handler, err = httpapi.New(httpapi.Options{
		Accounts: people, Rooms: places, Keys: keys, Browsers: p.browsers, Hub: deletions{p.hub, p.browsers}, Doctor: p.doctor, Settings: chosen, Notices: notices.New(pool, nil), Peaks: p.peaks, Ready: pool.Ping, Web: web.Files(),
		Version: version, PublicURL: c.PublicURL, AllowedOrigins: c.AllowedOrigins, TrustedProxies: c.TrustedProxies, ICEServers: p.relay.Visitors(), HSTS: front.hsts(c), Log: log,
	})
	if err != nil {
		return nil, errors.Join(err, p.shutdown(ctx, nil))
	}
	if ok, why := p.launcher.Available(); !ok {
		log.Warn("browsers can't be started: " + why)
	}
	return p, nil
}

// relayOptions has the relay listen for whom the server itself is open: on a loopback address alone only where nobody else can come.
func relayOptions(c config.Config, secret []byte, front *front, log *slog.Logger) relay.Options {
	o := relay.Options{
		Off: c.RelayPort == 0, Port: c.RelayPort, PublicAddress: c.PublicAddress, Secret: secret, PeerRate: rate.Limit(c.RelayBandwidth) * 1e6 / 8, Secure: front.turn(), Log: log,
	}
	host, _, _ := net.SplitHostPort(c.Addr)
	switch a, err := netip.ParseAddr(host); {
	case host == "localhost" || err == nil && a.IsLoopback():
		if front == nil && c.PublicURL == "" && c.PublicAddress == "" && len(c.TrustedProxies) == 0 { // no proxy stands in front
			o.Hosts = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
		}
	case err == nil && !a.IsUnspecified():
		o.Hosts = []netip.Addr{a}
	}
	for _, s := range c.ICEServers {
		o.External = append(o.External, relay.External(s))
	}
	return o
}

// sessions looks sign-ins up for the hub.
type sessions struct{ q *db.Queries }

func (s sessions) Live(ctx context.Context, asked []accounts.SessionID) ([]accounts.SessionID, error) {
	families := make([]uuid.UUID, len(asked))
	for i, id := range asked {
		families[i] = id.UUID()
	}
	rows, err := s.q.LiveSessions(ctx, families)
	if err != nil {
		return nil, db.Fault("look for the sessions", err)
	}
	live := make([]accounts.SessionID, len(rows))
	for i, family := range rows {
		live[i] = accounts.SessionID(family)
	}
	return live, nil
}

// deletions has the browsers forget a room that the hub closes.
type deletions struct {
	*hub.Hub
	browsers *browsers.Service
}

func (d deletions) RoomDeleted(room rooms.ID) {
	d.browsers.Forget(room)
	d.Hub.RoomDeleted(room)
}

// shutdown ends everything in order: no new requests, the browsers while the hub can still tell them, the hub, and what is under way.
func (p *parts) shutdown(ctx context.Context, server *http.Server) error {
	requests := make(chan error, 1)
	go func() {
		if server == nil {
			requests <- nil
			return
		}
		requests <- server.Shutdown(ctx)
	}()
	err := p.browsers.Shutdown(ctx)
	p.launcher.Close()
	err = errors.Join(err, p.hub.Shutdown(ctx), p.relay.Close(ctx))
	if e := <-requests; e != nil {
		_ = server.Close()
	}
	return err
}
