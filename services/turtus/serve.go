package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"turtus/services/accounts"
	"turtus/services/backup"
	"turtus/services/browsers"
	"turtus/services/config"
	"turtus/services/wire"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Run the server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(os.Environ())
			if err != nil {
				return err
			}
			log := newLog(c, c.LogLevel)
			slog.SetDefault(log)
			for _, a := range c.Adjusted {
				log.Warn("a setting is not as it was set: "+a.Text, "setting", a.Name)
			}
			return serve(cmd.Context(), c, log, func(address string) {
				fmt.Fprintf(cmd.OutOrStdout(), "Turtus is ready: %s\n", address)
			})
		},
	}
}

func newLog(c config.Config, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

// Time-outs of HTTP. A WebSocket leaves them behind when it takes over its connection, and has its own.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = time.Minute
	// writeTimeout is for a request and its answer, the largest file over a slow connection.
	writeTimeout = 3 * time.Minute
	idleTimeout  = 2 * time.Minute
	// databaseGrace is how long the private PostgreSQL may take for its checkpoint, on top of the grace of all else.
	databaseGrace = 10 * time.Second
)

// serve runs the server until ctx ends or something that it needs is gone for good. ready is told the address once it works.
func serve(ctx context.Context, c config.Config, log *slog.Logger, ready func(address string)) error {
	folder, err := openDataFolder(c.DataDir)
	if err != nil {
		return err
	}
	defer folder.close()
	if err := backup.Unfinished(folder.path); err != nil {
		return err
	}
	listener, err := listen(c.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	front, err := openFront(ctx, c, folder, log)
	if err != nil {
		return err
	}
	defer front.close()
	db, err := openDatabase(ctx, c, folder, log)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), databaseGrace)
		defer cancel()
		db.close(closing)
	}()
	parts, err := build(ctx, c, folder, db.pool, listener.Addr(), front, log)
	if err != nil {
		return interrupted(ctx, err)
	}
	server := &http.Server{
		Handler: parts.handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	front.prepare(server)
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	front.serve(server, failed)
	var aside sync.WaitGroup
	asideCtx, endAside := context.WithCancel(ctx)
	if parts.agents != nil {
		aside.Go(func() { serveAgents(asideCtx, parts.agents, parts.hub, log) })
	}
	if p, ok := parts.launcher.(browsers.Preparer); ok {
		aside.Go(func() { _ = p.Prepare(asideCtx, func(browsers.Download) {}) }) // who starts a browser hears why it failed
	}
	aside.Go(func() { tidy(asideCtx, db.pool, log) })
	aside.Go(func() { parts.peaks.Run(asideCtx) })
	aside.Go(func() { parts.settings.Follow(asideCtx) })
	if socket, err := listenForDoctor(folder.path); err == nil {
		aside.Go(func() { serveDoctor(asideCtx, socket, parts.doctor, folder.path) })
	} else {
		log.Warn("turtus doctor can't ask this server", "error", err)
	}
	if parts.nightly != nil {
		aside.Go(func() { parts.nightly.Run(asideCtx) })
	}
	defer func() {
		endAside()
		aside.Wait()
	}()
	bound, scheme := listener.Addr(), "http"
	if front != nil {
		bound, scheme = front.port.Addr(), "https"
	}
	if err := announceSetup(ctx, parts, addresses(c, bound, scheme), log); err != nil && ctx.Err() == nil {
		log.Warn("the link for the first account could not be made", "error", err)
	}
	ready(said(addresses(c, bound, scheme)))

	select {
	case <-ctx.Done():
		log.Info("stopping", "reason", context.Cause(ctx).Error())
		err = nil
	case err = <-failed:
		err = fmt.Errorf("serve HTTP: %w", err)
	case <-db.gaveUp():
		err = fmt.Errorf("the private PostgreSQL: %w", db.private.Err())
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.ShutdownGrace)
	defer cancel()
	return errors.Join(err, parts.shutdown(closing, server))
}

// tidyEvery is how often what has expired is removed from the database.
const tidyEvery = time.Hour

// tidy removes what has expired, now and every hour until ctx ends.
func tidy(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		if err := accounts.DeleteExpired(ctx, pool, time.Now()); err != nil && ctx.Err() == nil {
			log.Warn("what has expired could not be removed from the database", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// interrupted makes an orderly end of a start that a signal cut off.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func listen(addr string) (net.Listener, error) {
	l, err := bind(addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s already: end it, or set TURTUS_ADDR to another address", addr)
	}
	if errors.Is(err, syscall.EACCES) {
		return nil, fmt.Errorf("this user may not listen on %s: set TURTUS_ADDR to a port from 1024 up", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on TURTUS_ADDR=%s: %w", addr, err)
	}
	return l, nil
}

// addresses are what people type: on this machine, and on other ones where the server listens on all addresses of this one.
func addresses(c config.Config, bound net.Addr, scheme string) []string {
	if c.PublicURL != "" {
		return []string{c.PublicURL}
	}
	usual := map[string]string{"http": "80", "https": "443"}[scheme]
	url := func(host string) string {
		if p := port(bound); p != usual {
			host = net.JoinHostPort(host, p)
		}
		return scheme + "://" + host
	}
	tcp, ok := bound.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		if ok && !tcp.IP.IsLoopback() {
			return []string{url(tcp.IP.String())}
		}
		return []string{url("localhost")}
	}
	all := []string{url("localhost")}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return all
	}
	for _, a := range own {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && ip.IP.IsGlobalUnicast() {
			all = append(all, url(ip.IP.String()))
		}
	}
	return all
}

// said are addresses in words.
func said(addresses []string) string {
	if len(addresses) == 1 {
		return addresses[0]
	}
	return addresses[0] + " (for other machines: " + strings.Join(addresses[1:], ", ") + ")"
}

// hubAddress is where an agent on this machine finds the hub.
func hubAddress(bound net.Addr) string {
	host := "127.0.0.1"
	if tcp, ok := bound.(*net.TCPAddr); ok && !tcp.IP.IsUnspecified() {
		host = tcp.IP.String()
	}
	return "ws://" + net.JoinHostPort(host, port(bound)) + wire.HubPath
}

func port(bound net.Addr) string {
	if tcp, ok := bound.(*net.TCPAddr); ok {
		return strconv.Itoa(tcp.Port)
	}
	return ""
}
