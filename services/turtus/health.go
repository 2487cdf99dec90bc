package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"turtus/services/browsers/remote"
	"turtus/services/config"
)

// healthLimit bounds a check; what asks for one gives up soon after.
const healthLimit = 4 * time.Second

func healthCommand() *cobra.Command {
	var ofLauncher bool
	cmd := &cobra.Command{
		Use: "health", Short: "Say whether the server that runs here works, for health checks of containers", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(os.Environ())
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), healthLimit)
			defer cancel()
			if ofLauncher {
				return launcherHealth(ctx, c.LauncherSocket)
			}
			return serverHealth(ctx, c)
		},
	}
	cmd.Flags().BoolVar(&ofLauncher, "launcher", false, "ask turtus launcher instead")
	return cmd
}

// launcherHealth asks as the server does, so the engine behind it has to answer too.
func launcherHealth(ctx context.Context, socket string) error {
	if socket == "" {
		return errors.New("TURTUS_LAUNCHER_SOCKET is needed: where the launcher listens")
	}
	client := remote.NewClient(remote.ClientOptions{Socket: socket})
	defer client.Close()
	_, err := client.List(ctx)
	return err
}

// serverHealth asks for /readyz where the server listens.
func serverHealth(ctx context.Context, c config.Config) error {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	address := net.JoinHostPort(host, port)
	// The certificate is for the name that people open, and whether it is good is for the doctor to say.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("ask the server at %s: %w", address, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1024))
	return errors.New("the server is not ready: " + response.Status + " " + strings.TrimSpace(string(text)))
}
