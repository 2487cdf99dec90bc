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
	private *cluster.Cluster // nil where the database is somebody's own
	folder  *dataFolder
}

// openDatabase starts the private PostgreSQL where no database is configured, connects, and brings the schema up to date.
func openDatabase(ctx context.Context, c config.Config, folder *dataFolder, log *slog.Logger) (_ *database, err error) {
	d := &database{folder: folder}
	defer func() {
		if err != nil {
			d.close(context.WithoutCancel(ctx))
		}
	}()
	url := c.DatabaseURL
	if url == "" {
		d.private, err = cluster.Start(ctx, cluster.Config{DataDir: folder.join("postgres"), BinDir: c.PostgresBin, RunAs: c.RunAs, Log: log})
		if err != nil {
			return nil, fmt.Errorf("start the private PostgreSQL: %w", err)
		}
		url = d.private.URL()
		if err := os.WriteFile(folder.join(urlFile), []byte(url+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	if d.pool, err = postgres.Open(ctx, url, postgres.Options{Log: log}); err != nil {
		return nil, err
	}
	if err := postgres.Migrate(ctx, d.pool); err != nil {
		return nil, fmt.Errorf("bring the database up to date: %w", err)
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

// withDatabase runs a command on the database of the settings: of a server that runs, or started for the command.
func withDatabase(cmd *cobra.Command, f func(ctx context.Context, pool *pgxpool.Pool) error) error {
	ctx := cmd.Context()
	c, err := config.Load(os.Environ())
	if err != nil {
		return err
	}
	log := newLog(c, max(c.LogLevel, slog.LevelWarn))
	if c.DatabaseURL == "" {
		folder, err := openDataFolder(c.DataDir)
		var inUse *inUseError
		switch {
		case errors.As(err, &inUse):
			text, readErr := os.ReadFile(filepath.Join(inUse.path, urlFile))
			if readErr != nil {
				return fmt.Errorf("%w; its database can't be reached: %w", err, readErr)
			}
			c.DatabaseURL = strings.TrimSpace(string(text))
		case err != nil:
			return err
		default:
			defer folder.close()
			d, err := openDatabase(ctx, c, folder, log)
			if err != nil {
				return err
			}
			defer d.close(context.WithoutCancel(ctx))
			return f(ctx, d.pool)
		}
	}
	d, err := openDatabase(ctx, c, nil, log)
	if err != nil {
		return err
	}
	defer d.close(ctx)
	return f(ctx, d.pool)
}

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
