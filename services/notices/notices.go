// Package notices keeps the one notice that an administrator shows to everybody who has a page open.
//
// The HTTP API puts it and tells it to visitors; the hub shows it live. A page hides what somebody dismissed there, which is nobody
// else's business.
package notices

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"turtus/services/audit"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Service is safe for concurrent use.
type Service struct {
	pool *pgxpool.Pool
	q    *db.Queries
	now  func() time.Time
}

// New returns a Service; now is time.Now when nil.
func New(pool *pgxpool.Pool, now func() time.Time) *Service {
	if now == nil {
		now = time.Now
	}
	return &Service{pool: pool, q: db.New(pool), now: now}
}

// Current is the notice that holds, nil where there is none.
func (s *Service) Current(ctx context.Context) (*wire.Notice, error) {
	row, err := s.q.GetNotice(ctx, s.now())
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, db.Fault("read the notice", err)
	}
	return toWire(row), nil
}

// Put shows a notice in place of the one before. life 0 shows it until it is taken back.
func (s *Service) Put(ctx context.Context, by uuid.UUID, text string, level wire.NoticeLevel, life time.Duration) (*wire.Notice, error) {
	var row db.Notice
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if err := q.LockNotices(ctx); err != nil {
			return fmt.Errorf("lock the notices: %w", err)
		}
		now := s.now()
		if _, err := q.EndNotices(ctx, now); err != nil {
			return fmt.Errorf("end the notice before: %w", err)
		}
		params := db.InsertNoticeParams{ID: uuid.Must(uuid.NewV7()), Text: text, Level: string(level), CreatedAt: now}
		if life > 0 {
			params.ExpiresAt = wire.Ptr(now.Add(life))
		}
		var err error
		if row, err = q.InsertNotice(ctx, params); err != nil {
			return err
		}
		// What an administrator tells everybody is no secret, unlike what people say.
		return audit.Write(ctx, q, audit.Line{At: now, Person: by, Action: "notice.shown", Detail: map[string]any{"text": text, "level": level, "expiresAt": params.ExpiresAt}})
	})
	if err != nil {
		return nil, db.Fault("store the notice", err)
	}
	return toWire(row), nil
}

// End takes the notice back; without one it does nothing.
func (s *Service) End(ctx context.Context, by uuid.UUID) error {
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if err := q.LockNotices(ctx); err != nil {
			return fmt.Errorf("lock the notices: %w", err)
		}
		now := s.now()
		ended, err := q.EndNotices(ctx, now)
		if err != nil || ended == 0 {
			return err
		}
		return audit.Write(ctx, q, audit.Line{At: now, Person: by, Action: "notice.ended"})
	})
	return db.Fault("end the notice", err)
}

func toWire(row db.Notice) *wire.Notice {
	n := &wire.Notice{Id: row.ID, Text: row.Text, Level: wire.NoticeLevel(row.Level), CreatedAt: row.CreatedAt.UTC()}
	if row.ExpiresAt != nil {
		n.ExpiresAt = wire.Ptr(row.ExpiresAt.UTC())
	}
	return n
}
