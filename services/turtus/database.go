package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"turtus/services/config"
	"turtus/services/postgres"
	"turtus/services/postgres/cluster"
)

// database is an open pool, and what was started for it.
type database struct {
	pool    *pgxpool.Pool
	url     string
	private *cluster.Cluster // nil where the database is somebody's own
	folder  *dataFolder
}

// openDatabase starts the private PostgreSQL where no database is configured, connects, and brings the schema up to date.
func openDatabase(ctx context.Context, c config.Config, folder *dataFolder, log *slog.Logger) (_ *database, err error) {
	d, err := startDatabase(ctx, c, folder, log)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.close(context.WithoutCancel(ctx))
		}
	}()
	if d.pool, err = postgres.Open(ctx, d.url, postgres.Options{Log: log}); err != nil {
		return nil, err
	}
	if err := postgres.Migrate(ctx, d.pool); err != nil {
		return nil, fmt.Errorf("bring the database up to date: %w", err)
	}
	return d, nil
}

// startDatabase only finds out where the database is, and starts the private one. The schema stays as it is.
func startDatabase(ctx context.Context, c config.Config, folder *dataFolder, log *slog.Logger) (*database, error) {
	if c.DatabaseURL != "" {
		return &database{url: c.DatabaseURL, folder: folder}, nil
	}
	private, err := cluster.Start(ctx, cluster.Config{DataDir: folder.join("postgres"), BinDir: c.PostgresBin, RunAs: c.RunAs, Log: log})
	if err != nil {
		return nil, fmt.Errorf("start the private PostgreSQL: %w", err)
	}
	d := &database{url: private.URL(), private: private, folder: folder}
	if err := os.WriteFile(folder.join(urlFile), []byte(d.url+"\n"), 0o600); err != nil {
		d.close(context.WithoutCancel(ctx))
		return nil, err
	}
	return d, nil
}

// gaveUp is closed when the private PostgreSQL has ended for good; it is nil for a database of somebody's own.
func (d *database) gaveUp() <-chan struct{} {
	if d.private == nil {
		return nil
	}
	return d.private.Done()
}

func (d *database) close(ctx context.Context) {
	if d.pool != nil {
		d.pool.Close()
	}
	if d.private != nil {
		_ = os.Remove(d.folder.join(urlFile))
		_ = d.private.Stop(ctx) // its log says what there is to say
	}
}

// withDatabase runs a command on the database of the settings, brought up to date: of a server that runs, or started for the command.
func withDatabase(cmd *cobra.Command, f func(ctx context.Context, pool *pgxpool.Pool) error) error {
	c, err := config.Load(os.Environ())
	if err != nil {
		return err
	}
	return withURL(cmd.Context(), c, func(ctx context.Context, url string) error {
		c.DatabaseURL = url
		d, err := openDatabase(ctx, c, nil, quietLog(c))
		if err != nil {
			return err
		}
		defer d.close(ctx)
		return f(ctx, d.pool)
	})
}

// withURL is withDatabase for what opens the database itself, as it is.
func withURL(ctx context.Context, c config.Config, f func(ctx context.Context, url string) error) error {
	if c.DatabaseURL != "" {
		return f(ctx, c.DatabaseURL)
	}
	folder, err := openDataFolder(c.DataDir)
	if inUse, ok := errors.AsType[*inUseError](err); ok {
		text, readErr := os.ReadFile(filepath.Join(inUse.path, urlFile))
		if readErr != nil {
			return fmt.Errorf("%w; its database can't be reached: %w", err, readErr)
		}
		return f(ctx, strings.TrimSpace(string(text)))
	}
	if err != nil {
		return err
	}
	defer folder.close()
	d, err := startDatabase(ctx, c, folder, quietLog(c))
	if err != nil {
		return err
	}
	defer d.close(context.WithoutCancel(ctx))
	return f(ctx, d.url)
}

// quietLog is for commands that people watch.
func quietLog(c config.Config) *slog.Logger { return newLog(c, max(c.LogLevel, slog.LevelWarn)) }

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database up to date (serve does it by itself)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, func(context.Context, *pgxpool.Pool) error {
				fmt.Fprintln(cmd.OutOrStdout(), "The database is up to date.")
				return nil
			})
		},
	}
}
