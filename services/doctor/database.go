package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"turtus/services/postgres"
)

// Database is what was seen of it.
type Database struct {
	Version string
	// Size in bytes.
	Size int64
	// Latency is how long a question takes that needs no work.
	Latency time.Duration
	// Schema is the migration it is at, Newest the last one of this program.
	Schema, Newest int64
	// Offset is how far its clock is ahead of this machine's.
	Offset time.Duration
}

// LookAtDatabase connects to url and looks. It changes nothing.
func LookAtDatabase(ctx context.Context, url string) (d Database, err error) {
	conn, err := postgres.Connect(ctx, url)
	if err != nil {
		return d, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if d.Latency, err = latency(ctx, conn); err != nil {
		return d, err
	}
	var theirs time.Time
	before := time.Now()
	if err := conn.QueryRow(ctx, "SELECT pg_database_size(current_database()), clock_timestamp()").Scan(&d.Size, &theirs); err != nil {
		return d, err
	}
	d.Offset = theirs.Sub(before.Add(time.Since(before) / 2))
	d.Version, d.Newest = conn.PgConn().ParameterStatus("server_version"), postgres.NewestSchema()
	d.Schema, err = postgres.SchemaVersion(ctx, conn)
	return d, err
}

// latency is the best of a few, since the first one is slower.
func latency(ctx context.Context, conn *pgx.Conn) (time.Duration, error) {
	best := time.Hour
	for range 5 {
		before := time.Now()
		if err := conn.Ping(ctx); err != nil {
			return 0, err
		}
		best = min(best, time.Since(before))
	}
	return best, nil
}

// slowDatabase is far more than a question takes on one machine or in one data centre; each message waits for several.
const slowDatabase = 50 * time.Millisecond

func (b *Box) database(ctx context.Context) Result {
	if b.Database == nil {
		return unknown("database_unknown", "not looked at", "The private PostgreSQL runs only with the server.", "Start the server and ask again.")
	}
	d, err := b.Database(ctx)
	switch {
	case errors.Is(err, postgres.ErrRefused):
		return fail("database_refused", err.Error(), "The server can't use its database.", "Check the name, password and database in TURTUS_DATABASE_URL.")
	case errors.Is(err, postgres.ErrTooOld):
		return fail("database_too_old", err.Error(), "The server can't use its database.", "Upgrade PostgreSQL, or take another one by turtus backup and turtus restore.")
	case err != nil && b.Config.DatabaseURL == "":
		return fail("database_unreachable", err.Error(), "Nobody can sign in, and nothing that is said is stored.",
			"The server starts its PostgreSQL again by itself. If it stays away, look into the server's log and at the disk.")
	case err != nil:
		return fail("database_unreachable", err.Error(), "Nobody can sign in, and nothing that is said is stored.",
			"Start PostgreSQL, and check host and port in TURTUS_DATABASE_URL.")
	}
	number, _, _ := strings.Cut(d.Version, " ") // what follows is the packager's
	found := fmt.Sprintf("PostgreSQL %s, %s, answers in %s", number, inBytes(uint64(d.Size)), inMilliseconds(d.Latency))
	switch {
	case d.Schema > d.Newest:
		return fail("database_newer", found, "A newer version of Turtus has changed the tables, and this one does not know them.", "Start that version again, or restore a backup from before.")
	case d.Schema < d.Newest:
		return warn("database_behind", fmt.Sprintf("%s, tables of step %d of %d", found, d.Schema, d.Newest), "The tables are of an earlier version.",
			"The next start of the server brings them up to date by itself; turtus migrate does it now.")
	case d.Latency > slowDatabase:
		return warn("database_slow", found, "Each message and each click on a page waits for it several times.",
			"Move the database near to the server, or look what else keeps it busy.")
	}
	return ok("%s", found)
}

func inMilliseconds(d time.Duration) string {
	if d < 100*time.Microsecond {
		return "less than 0.1 ms"
	}
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func inBytes(n uint64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
