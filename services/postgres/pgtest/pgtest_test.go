package pgtest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/postgres/pgtest"
)

const childVariable = "PGTEST_CHILD"

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(pgtest.Main(m))
}

func TestEachTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	ctx := context.Background()
	one, two := pgtest.New(t), pgtest.New(t)
	_, err := one.Exec(ctx, "CREATE TABLE mine ()")
	require.NoError(t, err)

	var versions int
	require.NoError(t, two.QueryRow(ctx, "SELECT count(*) FROM goose_db_version WHERE version_id > 0").Scan(&versions))
	require.Positive(t, versions)
	var exists bool
	require.NoError(t, two.QueryRow(ctx, "SELECT to_regclass('mine') IS NOT NULL").Scan(&exists))
	require.False(t, exists)
}

func TestEndOfTheTestEndsItsDatabase(t *testing.T) {
	ctx := context.Background()
	var name string
	t.Run("inner", func(t *testing.T) {
		require.NoError(t, pgtest.New(t).QueryRow(ctx, "SELECT current_database()").Scan(&name))
	})
	var exists bool
	require.NoError(t, pgtest.New(t).QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists))
	require.False(t, exists)
}

// TestKilledTestProcess runs itself as a child that dies hard while it has a database.
func TestKilledTestProcessLeavesNothing(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		pgtest.New(t)
		os.Stdout.WriteString("ready\n")
		select {}
	}
	if os.Getenv(pgtest.URLVariable) != "" {
		t.Skip("the server is not ours")
	}
	tmp, err := os.MkdirTemp("", "pgtest-killed-")
	require.NoError(t, err)
	defer os.RemoveAll(tmp)
	require.NoError(t, os.Chmod(tmp, 0o755))
	child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	child.Env = append(os.Environ(), childVariable+"=1", "TMPDIR="+tmp)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	buf := make([]byte, 64)
	n, err := out.Read(buf)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(buf[:n]), "ready"), "%s", buf[:n])
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()

	require.Eventually(t, func() bool {
		left, _ := filepath.Glob(filepath.Join(tmp, "*"))
		return len(left) == 0
	}, 20*time.Second, 50*time.Millisecond)
}

func BenchmarkNew(b *testing.B) {
	pgtest.New(b)
	for b.Loop() {
		pgtest.URL(b)
	}
}
