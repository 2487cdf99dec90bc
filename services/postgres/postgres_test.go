package postgres_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/postgres"
	"turtus/services/postgres/pgtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(pgtest.Main(m))
}

func open(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(context.Background(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func TestManyServersStartingAtOnceMigrateOnce(t *testing.T) {
	ctx := context.Background()
	url := pgtest.EmptyURL(t)
	var wg sync.WaitGroup
	for range 5 {
		pool := open(t, url)
		wg.Go(func() { assert.NoError(t, postgres.Migrate(ctx, pool)) })
	}
	wg.Wait()
	var rows, versions int
	err := open(t, url).QueryRow(ctx, "SELECT count(*), count(DISTINCT version_id) FROM goose_db_version").Scan(&rows, &versions)
	require.NoError(t, err)
	require.Equal(t, versions, rows, "a migration ran twice")
	require.Greater(t, versions, 1)
}

func TestMigratingAgainChangesNothing(t *testing.T) {
	pool := pgtest.New(t)
	require.NoError(t, postgres.Migrate(context.Background(), pool))
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	ctx := context.Background()
	pool := pgtest.New(t)
	_, err := pool.Exec(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
	require.NoError(t, err)
	err = postgres.Migrate(ctx, pool)
	require.ErrorIs(t, err, postgres.ErrNewerDatabase)
	require.ErrorContains(t, err, "it has version 99999")
}

func TestTheWaitForTheMigrationLockIsBounded(t *testing.T) {
	pool := pgtest.New(t)
	holder, err := pool.Acquire(context.Background())
	require.NoError(t, err)
	defer holder.Release()
	_, err = holder.Exec(context.Background(), "SELECT pg_advisory_lock(x'747572747573'::bigint)")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, postgres.Migrate(ctx, pool), context.DeadlineExceeded)
}

func TestOpenBoundsEveryConnection(t *testing.T) {
	pool := open(t, pgtest.EmptyURL(t))
	for setting, want := range map[string]string{
		"statement_timeout": "30s", "idle_in_transaction_session_timeout": "1min", "application_name": "turtus",
	} {
		var got string
		require.NoError(t, pool.QueryRow(context.Background(), "SELECT current_setting($1)", setting).Scan(&got))
		require.Equal(t, want, got, setting)
	}
	require.EqualValues(t, 10, pool.Config().MaxConns)
}

func TestOpenSaysWhatIsWrongAtOnce(t *testing.T) {
	base, err := url.Parse(pgtest.EmptyURL(t))
	require.NoError(t, err)
	absent := *base
	absent.Path = "/no_such_database"
	stranger := *base
	stranger.User = url.UserPassword("nobody_at_all", "hunter2")
	for name, u := range map[string]url.URL{"no such database": absent, "no such user": stranger} {
		begin := time.Now()
		_, err := postgres.Open(context.Background(), u.String(), postgres.Options{Wait: time.Minute})
		require.ErrorIs(t, err, postgres.ErrRefused, name)
		require.NotContains(t, err.Error(), "hunter2")
		require.Less(t, time.Since(begin), 20*time.Second)
	}
	_, err = postgres.Open(context.Background(), "postgres://u:hunter2@host:port/d", postgres.Options{})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestOpenWaitsForADatabaseThatIsAwayAndNotForever(t *testing.T) {
	nowhere := "postgres://u:hunter2@/d?host=" + url.QueryEscape(t.TempDir())
	_, err := postgres.Open(context.Background(), nowhere, postgres.Options{Wait: 200 * time.Millisecond})
	require.ErrorIs(t, err, postgres.ErrUnreachable)
	require.NotContains(t, err.Error(), "hunter2")

	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err = postgres.Open(ctx, nowhere, postgres.Options{Wait: time.Minute})
	require.ErrorIs(t, err, postgres.ErrUnreachable)

	// A database that answers after a while.
	real, err := url.Parse(pgtest.EmptyURL(t))
	require.NoError(t, err)
	server := net.JoinHostPort(real.Hostname(), real.Port())
	network := "tcp"
	if socket := real.Query().Get("host"); socket != "" {
		network, server = "unix", filepath.Join(socket, ".s.PGSQL."+real.Query().Get("port"))
	}
	late := lateProxy(t, network, server)
	query := real.Query()
	query.Set("host", late.dir)
	query.Set("port", "5432")
	real.Host, real.RawQuery = "", query.Encode()
	opened := make(chan error, 1)
	go func() {
		pool, err := postgres.Open(context.Background(), real.String(), postgres.Options{})
		if err == nil {
			pool.Close()
		}
		opened <- err
	}()
	late.listen(t)
	require.NoError(t, <-opened)
}

// proxy is a socket that leads to a server once listen is called.
type proxy struct{ dir, network, server string }

func lateProxy(t *testing.T, network, server string) *proxy {
	return &proxy{dir: t.TempDir(), network: network, server: server}
}

func (p *proxy) listen(t *testing.T) {
	listener, err := net.Listen("unix", filepath.Join(p.dir, ".s.PGSQL.5432"))
	require.NoError(t, err)
	var wg sync.WaitGroup
	t.Cleanup(func() { listener.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial(p.network, p.server)
			if err != nil {
				from.Close()
				continue
			}
			wg.Go(func() { defer to.Close(); _, _ = io.Copy(to, from) })
			wg.Go(func() { defer from.Close(); _, _ = io.Copy(from, to) })
		}
	})
}
