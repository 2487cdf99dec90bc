package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"turtus/services/backup"
	"turtus/services/config"
)

func backupSource(c config.Config, url string) backup.Source {
	dir := c.BackupDir
	if dir == "" {
		dir = filepath.Join(c.DataDir, "backups")
	}
	return backup.Source{DatabaseURL: url, DataDir: c.DataDir, Dir: dir, Version: version}
}

// nightlyBackup is nil where none is wanted.
func nightlyBackup(c config.Config, url string, log *slog.Logger) *backup.Nightly {
	if c.BackupKeep == 0 {
		return nil
	}
	return &backup.Nightly{Source: backupSource(c, url), Hour: c.BackupHour, Keep: c.BackupKeep, Log: log}
}

func backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup [FILE]", Short: "Write everything the server keeps into one file, also while it runs (- for standard output)", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := config.Load(os.Environ())
			if err != nil {
				return err
			}
			if err := backup.Unfinished(c.DataDir); err != nil {
				return err
			}
			if len(args) == 1 && args[0] == "-" && isTerminal(os.Stdout) {
				return errors.New("a backup is nothing to look at: name a file, or send standard output into one")
			}
			return withURL(cmd.Context(), c, func(ctx context.Context, url string) error {
				source := backupSource(c, url)
				if len(args) == 1 && args[0] == "-" {
					m, err := backup.Write(ctx, source, cmd.OutOrStdout())
					if err == nil {
						fmt.Fprintf(cmd.ErrOrStderr(), "The backup holds %s.\n", contents(m))
					}
					return err
				}
				path := filepath.Join(source.Dir, backup.Name(time.Now()))
				if len(args) == 1 {
					path = args[0]
				}
				m, size, err := backup.Create(ctx, source, path)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s (%s) holds %s. It holds the keys of this server too: keep it where nobody else reads it.\n",
					path, inBytes(size), contents(m))
				return nil
			})
		},
	}
}

func restoreCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Make this server what a backup holds (- for standard input)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := config.Load(os.Environ())
			if err != nil {
				return err
			}
			folder, err := openDataFolder(c.DataDir)
			if inUse, ok := errors.AsType[*inUseError](err); ok {
				return fmt.Errorf("a server uses %s, and would write into what is restored: end it first (process %d), then restore", inUse.path, inUse.pid)
			}
			if err != nil {
				return err
			}
			defer folder.close()
			f, err := openBackup(cmd, folder, args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			m, err := backup.Check(f)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			d, err := startDatabase(cmd.Context(), c, folder, quietLog(c))
			if err != nil {
				return err
			}
			defer d.close(context.WithoutCancel(cmd.Context()))
			r, err := backup.Restore(cmd.Context(), f, m, backupSource(c, d.url), force)
			if r.Before != "" {
				fmt.Fprintf(cmd.OutOrStdout(), "What was here before is in %s.\n", r.Before)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Restored, as of %s: %s. Start the server now.\n", r.Created.Local().Format("2 January 2006, 15:04"), contents(r.Manifest))
			for _, table := range r.LeftOut {
				fmt.Fprintf(cmd.OutOrStdout(), "The table %s was left out: it is none of Turtus.\n", table)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "also where people are already: everything here is replaced, after a backup of it")
	return cmd
}

// openBackup opens a file, or keeps what comes on standard input in one that nobody else sees: it is read twice.
func openBackup(cmd *cobra.Command, folder *dataFolder, name string) (*os.File, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("open the backup: %w", err)
		}
		return f, nil
	}
	f, err := os.CreateTemp(folder.path, "restore-*.tmp")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := io.Copy(f, cmd.InOrStdin()); err != nil {
		return nil, errors.Join(fmt.Errorf("read the backup: %w", err), f.Close())
	}
	return f, nil
}

// contents counts what people know of.
func contents(m backup.Manifest) string {
	count := func(table, one, many string) string {
		if n := m.Database.Rows(table); n != 1 {
			return fmt.Sprintf("%d %s", n, many)
		}
		return "1 " + one
	}
	return count("people", "person", "people") + ", " + count("rooms", "room", "rooms") + ", " + count("messages", "message", "messages")
}

func inBytes(n int64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
