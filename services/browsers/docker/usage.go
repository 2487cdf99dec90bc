package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	typescontainer "github.com/docker/docker/api/types/container"
	"github.com/google/uuid"

	"turtus/services/browsers"
)

var _ browsers.Meter = (*Launcher)(nil)

// asked is how many containers the engine is asked for at once.
const asked = 8

// Usage implements browsers.Meter, by the control groups of the containers as the engine reads them.
func (l *Launcher) Usage(ctx context.Context) (map[uuid.UUID]browsers.Usage, error) {
	l.mu.Lock()
	trouble := l.trouble
	alive := make([]*container, 0, len(l.containers))
	for _, c := range l.containers {
		if c != nil {
			alive = append(alive, c)
		}
	}
	l.mu.Unlock()
	if trouble != nil {
		return nil, trouble
	}
	ctx, cancel := context.WithTimeout(ctx, l.o.Patience)
	defer cancel()
	var mu sync.Mutex
	var failed error
	all := make(map[uuid.UUID]browsers.Usage, len(alive))
	places := make(chan struct{}, asked)
	var asking sync.WaitGroup
	for _, c := range alive {
		places <- struct{}{}
		asking.Go(func() {
			defer func() { <-places }()
			u, err := l.usageOf(ctx, c.id)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				all[c.run] = u
			case !isGone(err): // that of one that has just ended is not missed
				failed = err
			}
		})
	}
	asking.Wait()
	if failed != nil && len(all) == 0 {
		return nil, l.explain(failed)
	}
	return all, nil
}

func (l *Launcher) usageOf(ctx context.Context, id string) (browsers.Usage, error) {
	answer, err := l.engine.ContainerStatsOneShot(ctx, id)
	if err != nil {
		return browsers.Usage{}, err
	}
	defer answer.Body.Close()
	var stats typescontainer.StatsResponse
	if err := json.NewDecoder(answer.Body).Decode(&stats); err != nil {
		return browsers.Usage{}, fmt.Errorf("read the figures of a container: %w", err)
	}
	if stats.Read.IsZero() {
		return browsers.Usage{}, errNoFigures
	}
	return usageIn(stats), nil
}

// errNoFigures is what the engine says of a container that does not run any more: all zero.
var errNoFigures = errors.New("the engine has no figures of a container")

// usageIn leaves out what the kernel keeps of files and gives back when it is wanted, as docker stats does.
func usageIn(stats typescontainer.StatsResponse) browsers.Usage {
	memory := stats.MemoryStats.Usage
	for _, name := range []string{"inactive_file", "total_inactive_file"} { // of control groups 2 and 1
		if idle, known := stats.MemoryStats.Stats[name]; known && idle < memory {
			memory -= idle
			break
		}
	}
	return browsers.Usage{At: stats.Read, CPU: time.Duration(stats.CPUStats.CPUUsage.TotalUsage), Memory: int64(memory)}
}
