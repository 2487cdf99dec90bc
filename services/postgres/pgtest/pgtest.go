// Package pgtest gives every test an empty, migrated database of its own on a real PostgreSQL.
//
// The first call in a test process starts a private cluster in a temporary folder (or uses the server of
// TURTUS_TEST_DATABASE_URL, whose user must be allowed to create databases); later ones only copy a template. The cluster ends with
// the process however that ends, and its folder goes with it. To end it in order, as a check for leaked goroutines needs:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }
package pgtest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"turtus/services/postgres"
)

// maxConns of a test's pool: tests run side by side on one small server.
const maxConns = 8

// patience bounds each thing done here.
const patience = 2 * time.Minute

// New returns a pool on a database of the test's own. Both go when the test ends.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pool, err := postgres.Open(ctx, URL(t), postgres.Options{MaxConns: maxConns})
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL is like New for code that opens the database itself.
func URL(t testing.TB) string {
	t.Helper()
	return newDatabase(t, true)
}

// EmptyURL is like URL for a database with no schema at all.
func EmptyURL(t testing.TB) string {
	t.Helper()
	return newDatabase(t, false)
}

func newDatabase(t testing.TB, migrated bool) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := sharedServer(ctx)
	if err != nil {
		t.Fatalf("pgtest: start a PostgreSQL for tests: %v", err)
	}
	template := "template0"
	if migrated {
		if template, err = s.migratedTemplate(ctx); err != nil {
			t.Fatalf("pgtest: make the template: %v", err)
		}
	}
	name := randomName()
	if err := s.create(ctx, name, template); err != nil {
		t.Fatalf("pgtest: make a database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.drop(ctx, name); err != nil {
			t.Errorf("pgtest: drop the test's database: %v", err)
		}
	})
	return s.url(name)
}

// Runner runs the tests of a package, then stops what New and URL started.
type Runner struct{ m *testing.M }

// Main wraps m: os.Exit(pgtest.Main(m).Run()), or handed to goleak.VerifyTestMain.
func Main(m *testing.M) Runner { return Runner{m} }

// Run implements goleak.TestingM.
func (r Runner) Run() int {
	code := r.m.Run()
	stopShared()
	return code
}
