// Package pgtest gives every test an empty, migrated database of its own on a real PostgreSQL.
//
// The first call in a test process starts a private cluster in a temporary folder (or uses the server of
// TURTUS_TEST_DATABASE_URL, whose user must be allowed to create databases); later ones only copy a template. The cluster ends with
// the process however that ends, and its folder goes with it. To end it in order, as a check for leaked goroutines needs:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }
package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// New returns a pool on a database of the test's own. Both go when the test ends.
func New(t testing.TB) *pgxpool.Pool { t.Helper(); return nil }

// URL is like New for code that opens the database itself.
func URL(t testing.TB) string { t.Helper(); return "" }

// EmptyURL is like URL for a database with no schema at all.
func EmptyURL(t testing.TB) string { t.Helper(); return "" }

// Runner runs the tests of a package, then stops what New and URL started.
type Runner struct{ m *testing.M }

// Main wraps m: os.Exit(pgtest.Main(m).Run()), or handed to goleak.VerifyTestMain.
func Main(m *testing.M) Runner { return Runner{m} }

// Run implements goleak.TestingM.
func (r Runner) Run() int { return r.m.Run() }
