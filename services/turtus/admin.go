package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"turtus/services/accounts"
	"turtus/services/config"
	"turtus/services/wire"
)

func adminCommand() *cobra.Command {
	admin := &cobra.Command{Use: "admin", Short: "Look after people from the server's own shell"}
	var fromStdin bool
	admin.PersistentFlags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input; without it, it is asked for on a terminal, else made up and printed")

	var administrator bool
	create := &cobra.Command{
		Use: "create USERNAME", Short: "Make an account, also when sign-ups are closed", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changePassword(cmd, fromStdin, func(ctx context.Context, s *accounts.Service, password string) error {
				_, err := s.AdminCreate(ctx, accounts.SignUp{Username: args[0], Password: password}, administrator)
				return err
			}, "%s has an account now.\n", args[0])
		},
	}
	create.Flags().BoolVar(&administrator, "administrator", false, "make them an administrator")
	reset := &cobra.Command{
		Use: "reset-password USERNAME", Short: "Give somebody a new password and sign them out everywhere", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changePassword(cmd, fromStdin, func(ctx context.Context, s *accounts.Service, password string) error {
				_, err := s.AdminReset(ctx, args[0], password)
				return err
			}, "%s has a new password and is signed out everywhere.\n", args[0])
		},
	}
	admin.AddCommand(create, reset)
	return admin
}

// changePassword gets a password, has change use it, and says what was done, with the password where it was made up.
func changePassword(cmd *cobra.Command, fromStdin bool, change func(context.Context, *accounts.Service, string) error, done, name string) error {
	password, madeUp, err := readPassword(cmd, fromStdin)
	if err != nil {
		return err
	}
	return withDatabase(cmd, func(ctx context.Context, pool *pgxpool.Pool) error {
		c, err := config.Load(os.Environ())
		if err != nil {
			return err
		}
		err = change(ctx, accounts.New(accounts.Options{Pool: pool, SessionLife: c.SessionLife}), password)
		var coded *wire.Error
		if errors.As(err, &coded) {
			return errors.New(coded.Detail)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), done, name)
		if madeUp {
			fmt.Fprintf(cmd.OutOrStdout(), "Password: %s\n", password)
		}
		return nil
	})
}

func readPassword(cmd *cobra.Command, fromStdin bool) (password string, madeUp bool, err error) {
	if fromStdin {
		text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<10))
		if err != nil {
			return "", false, fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(string(text), "\r\n"), false, nil
	}
	fd := int(os.Stdin.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil || cmd.InOrStdin() != os.Stdin {
		return strings.ToLower(rand.Text()), true, nil
	}
	fmt.Fprint(os.Stderr, "New password (empty: one is made up): ")
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &hidden); err != nil {
		return "", false, fmt.Errorf("hide the password: %w", err)
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	_ = unix.IoctlSetTermios(fd, unix.TCSETS, before)
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	if password = strings.TrimRight(line, "\r\n"); password == "" {
		return strings.ToLower(rand.Text()), true, nil
	}
	return password, false, nil
}
