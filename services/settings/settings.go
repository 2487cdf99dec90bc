// Package settings keeps what an administrator may change while the server runs: who may sign up, and how much there may be of what. Each
// follows the server's configuration until somebody chooses otherwise, and what was chosen is in the database.
//
// The command opens it and tells the packages that decide by OnChange; the HTTP API reads and changes it.
//
// What always holds: nobody's change undoes another's that they have not seen; what is told last is what is stored.
package settings

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"turtus/services/audit"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Options of a Service. Pool and Defaults are needed.
type Options struct {
	Pool *pgxpool.Pool
	// Defaults are the configuration's.
	Defaults wire.SettingsValues
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Service is safe for concurrent use. Make it by Open.
type Service struct {
	o Options
	q *db.Queries

	mu       sync.Mutex
	stored   db.ServerSetting
	onChange func(wire.SettingsValues)
}

// Open reads what was chosen.
func Open(ctx context.Context, o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{o: o, q: db.New(o.Pool), onChange: func(wire.SettingsValues) {}}
	stored, err := s.q.GetServerSettings(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	s.stored = stored
	return s, nil
}

// OnChange has f told what holds, now and after each change, one after the other. f must not block. It is set once.
func (s *Service) OnChange(f func(wire.SettingsValues)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onChange = f
	f(s.values())
}

// Values are what holds now.
func (s *Service) Values() wire.SettingsValues {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values()
}

// values needs the lock, as Wire's parts do.
func (s *Service) values() wire.SettingsValues {
	v := s.o.Defaults
	if s.stored.SignUps != nil {
		v.SignUps = wire.SignUps(*s.stored.SignUps)
	}
	for _, each := range []struct {
		to     *int
		chosen *int32
	}{
		{&v.MaxBrowsers, s.stored.MaxBrowsers}, {&v.MaxBrowsersPerPerson, s.stored.MaxBrowsersPerPerson},
		{&v.MaxRoomsPerPerson, s.stored.MaxRoomsPerPerson}, {&v.RoomSize, s.stored.RoomSize},
	} {
		if each.chosen != nil {
			*each.to = int(*each.chosen)
		}
	}
	return v
}

// Wire is what an administrator sees.
func (s *Service) Wire() wire.ServerSettings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return wire.ServerSettings{Revision: s.stored.Revision, Values: s.values(), Defaults: s.o.Defaults, Chosen: chosen(s.stored)}
}

func chosen(row db.ServerSetting) wire.SettingsChosen {
	c := wire.SettingsChosen{
		MaxBrowsers: wide(row.MaxBrowsers), MaxBrowsersPerPerson: wide(row.MaxBrowsersPerPerson), MaxRoomsPerPerson: wide(row.MaxRoomsPerPerson), RoomSize: wide(row.RoomSize),
	}
	if row.SignUps != nil {
		c.SignUps = wire.Ptr(wire.SignUps(*row.SignUps))
	}
	return c
}

func wide(n *int32) *int {
	if n == nil {
		return nil
	}
	return wire.Ptr(int(*n))
}

func narrow(n *int) *int32 {
	if n == nil {
		return nil
	}
	return wire.Ptr(int32(*n)) // the contract bounds it
}

// Change stores all that is chosen from now on; what is nil follows the configuration again. revision is that of what the administrator saw.
// Errors: settings_changed.
func (s *Service) Change(ctx context.Context, by uuid.UUID, revision int64, c wire.SettingsChosen) (wire.ServerSettings, error) {
	params := db.PutServerSettingsParams{
		Revision: revision, MaxBrowsers: narrow(c.MaxBrowsers), MaxBrowsersPerPerson: narrow(c.MaxBrowsersPerPerson), MaxRoomsPerPerson: narrow(c.MaxRoomsPerPerson), RoomSize: narrow(c.RoomSize),
	}
	if c.SignUps != nil {
		params.SignUps = wire.Ptr(string(*c.SignUps))
	}
	err := db.InTx(ctx, s.o.Pool, func(q *db.Queries) error {
		before, err := q.GetServerSettings(ctx)
		if err != nil {
			return err
		}
		after, err := q.PutServerSettings(ctx, params)
		if errors.Is(err, pgx.ErrNoRows) {
			return wire.Errorf(wire.ErrorCodeSettingsChanged, "Somebody else has changed the settings meanwhile. Look at them again.")
		} else if err != nil {
			return err
		}
		return audit.Write(ctx, q, audit.Line{At: s.o.Now(), Person: by, Action: "settings.changed", Detail: map[string]any{"from": chosen(before), "to": chosen(after)}})
	})
	if err != nil {
		return wire.ServerSettings{}, db.Fault("store the settings", err)
	}
	s.reread(ctx)
	return s.Wire(), nil
}

// reread takes what is stored and tells it. Under the lock, so that of two changes at once the later is told last.
func (s *Service) reread(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readPatience)
	defer cancel()
	stored, err := s.q.GetServerSettings(ctx)
	if err != nil || stored.Revision <= s.stored.Revision {
		return // nothing new; or the database went away at this moment, and the next look at it finds what was stored
	}
	s.stored = stored
	s.onChange(s.values())
}

// readPatience bounds a read that others wait for.
const readPatience = 5 * time.Second

// followEvery is how soon another server of the same database follows a change.
const followEvery = 10 * time.Second

// Follow takes over what other servers of the same database change, until ctx ends.
func (s *Service) Follow(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.reread(ctx)
		case <-ctx.Done():
			return
		}
	}
}
