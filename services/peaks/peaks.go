// Package peaks writes down how much there was at once: people in rooms, rooms with somebody in them, and browsers, the most of each day.
//
// The command asks what there is every Interval, and the HTTP API shows it; a peak that comes and goes between two looks is not seen.
package peaks

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Interval is how often it is looked.
const Interval = 10 * time.Second

// Kept is how far back peaks are told.
const Kept = 30 * 24 * time.Hour

// Service is safe for concurrent use.
type Service struct {
	q    *db.Queries
	look func() wire.Load
	now  func() time.Time
	log  *slog.Logger
}

// New returns a Service. look says what there is now, and does not block; now is time.Now when nil.
func New(pool *pgxpool.Pool, look func() wire.Load, now func() time.Time, log *slog.Logger) *Service {
	if now == nil {
		now = time.Now
	}
	return &Service{q: db.New(pool), look: look, now: now, log: log}
}

// Run looks until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(Interval)
	defer tick.Stop()
	var last wire.Load
	var day time.Time
	for {
		seen, today := s.look(), s.now().UTC().Truncate(24*time.Hour)
		if !today.Equal(day) {
			last, day = wire.Load{}, today
		}
		if seen.People > last.People || seen.Rooms > last.Rooms || seen.Browsers > last.Browsers {
			if err := s.record(ctx, today, seen); err == nil {
				last = wire.Load{People: max(last.People, seen.People), Rooms: max(last.Rooms, seen.Rooms), Browsers: max(last.Browsers, seen.Browsers)}
			} else if ctx.Err() == nil {
				s.log.Warn("a peak could not be written down", "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// record raises the day's peaks to what was seen, where that is more.
func (s *Service) record(ctx context.Context, day time.Time, seen wire.Load) error {
	return s.q.RaisePeak(ctx, db.RaisePeakParams{Day: day, People: int32(seen.People), Rooms: int32(seen.Rooms), Browsers: int32(seen.Browsers)})
}

// Now is what there is at this moment.
func (s *Service) Now() wire.Load { return s.look() }

// Days are the days that had anything, the newest first.
func (s *Service) Days(ctx context.Context) ([]wire.Peak, error) {
	rows, err := s.q.ListPeaks(ctx, s.now().Add(-Kept))
	if err != nil {
		return nil, db.Fault("read the peaks", err)
	}
	days := make([]wire.Peak, len(rows))
	for i, row := range rows {
		days[i] = wire.Peak{Day: row.Day.UTC(), People: int(row.People), Rooms: int(row.Rooms), Browsers: int(row.Browsers)}
	}
	return days, nil
}
