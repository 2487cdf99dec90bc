package browsers

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// together calls start for all at once and counts the answers by code; successes by the empty one.
func together(n int, start func(i int) error) map[wire.ErrorCode]int {
	var group sync.WaitGroup
	var mu sync.Mutex
	codes := map[wire.ErrorCode]int{}
	gate := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-gate
			err := start(i)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				codes[""]++
			} else {
				codes[wire.CodeOf(err)]++
			}
		})
	}
	close(gate)
	group.Wait()
	return codes
}

func TestOfStartsAtOnceOneWins(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	codes := together(8, func(int) error {
		_, err := h.Start(context.Background(), room.ID, person.ID)
		return err
	})
	require.Equal(t, map[wire.ErrorCode]int{"": 1, wire.ErrorCodeBrowserRunning: 7}, codes)
	h.launched()
	require.Empty(t, h.launcher.started)
}

func TestTwoServersOnOneDatabaseStartOneBrowser(t *testing.T) {
	h := newHouse(t, nil)
	first := h.Service
	h.open(nil)
	room, person := h.room()
	services := []*Service{first, h.Service}
	codes := together(2, func(i int) error {
		_, err := services[i].Start(context.Background(), room.ID, person.ID)
		return err
	})
	require.Equal(t, map[wire.ErrorCode]int{"": 1, wire.ErrorCodeBrowserRunning: 1}, codes)
}

func TestQuotasHoldHoweverManyAskAtOnce(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.MaxRunning, o.MaxPerOwner = 3, 2 })
	var all []rooms.Room
	var owners []accounts.Person
	first, person := h.room()
	all, owners = append(all, first), append(owners, person)
	for range 3 {
		all, owners = append(all, h.another(person)), append(owners, person)
	}
	codes := together(4, func(i int) error {
		_, err := h.Start(context.Background(), all[i].ID, owners[i].ID)
		return err
	})
	require.Equal(t, map[wire.ErrorCode]int{"": 2, wire.ErrorCodeBrowserQuotaPerson: 2}, codes)

	all, owners = nil, nil
	for range 4 {
		r, p := h.room()
		all, owners = append(all, r), append(owners, p)
	}
	codes = together(4, func(i int) error {
		_, err := h.Start(context.Background(), all[i].ID, owners[i].ID)
		return err
	})
	require.Equal(t, map[wire.ErrorCode]int{"": 1, wire.ErrorCodeBrowserQuotaServer: 3}, codes)

	t.Run("an end makes place", func(t *testing.T) {
		for i, r := range all {
			if _, err := h.Stop(context.Background(), r.ID); err == nil {
				h.await(r, wire.BrowserStateStopped)
				h.start(all[(i+1)%4], owners[(i+1)%4])
				return
			}
		}
	})
	t.Run("the owner's quota counts, whoever starts", func(t *testing.T) {
		_, err := h.Start(context.Background(), h.another(person).ID, owners[0].ID)
		h.refused(wire.ErrorCodeBrowserQuotaPerson, err)
	})
}
