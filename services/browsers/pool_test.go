package browsers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestThePoolKeepsItsSize(t *testing.T) {
	at := func(age time.Duration, ready bool) *warm { return &warm{startedAt: noon.Add(-age), ready: ready} }
	old, young, coming := at(time.Hour, true), at(time.Minute, true), at(time.Second, false)
	stale := at(7*time.Hour, true)
	for name, c := range map[string]struct {
		size  int
		s     standing
		end   []*warm
		start bool
	}{
		"none waits":                            {1, standing{places: 4}, nil, true},
		"none is wanted":                        {0, standing{places: 4}, nil, false},
		"enough wait":                           {1, standing{places: 4, waiting: []*warm{old}}, nil, false},
		"one at a time":                         {3, standing{places: 4, waiting: []*warm{old, coming}}, nil, false},
		"another":                               {3, standing{places: 4, waiting: []*warm{old, young}}, nil, true},
		"a room is starting":                    {1, standing{places: 4, rooms: 1, starting: 1}, nil, false},
		"the last place is a room's or a warm":  {1, standing{places: 4, rooms: 3}, nil, true},
		"no place is left":                      {1, standing{places: 4, rooms: 4}, nil, false},
		"the youngest gives its place to rooms": {2, standing{places: 4, rooms: 3, waiting: []*warm{young, old}}, []*warm{young}, false},
		"all give their places to rooms":        {2, standing{places: 4, rooms: 4, waiting: []*warm{young, old}}, []*warm{old, young}, false},
		"what waits for too long is renewed":    {1, standing{places: 4, waiting: []*warm{stale}}, []*warm{stale}, true},
		"a server without places":               {1, standing{}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := pool{size: c.size, life: 6 * time.Hour}
			end, start, _ := p.look(noon, c.s)
			require.Equal(t, c.end, end)
			require.Equal(t, c.start, start)
		})
	}
}

func TestThePoolLooksAgainWhenSomethingIsToCome(t *testing.T) {
	p := pool{size: 1, life: 6 * time.Hour, rest: 10 * time.Second}
	_, _, again := p.look(noon, standing{places: 4, waiting: []*warm{{startedAt: noon.Add(-time.Hour), ready: true}}})
	require.Equal(t, 5*time.Hour, again)
	p.roomReady(noon)
	_, start, again := p.look(noon.Add(time.Second), standing{places: 4, rooms: 1})
	require.False(t, start, "a room that has just got its browser has the machine to itself")
	require.Equal(t, 9*time.Second, again)
	_, start, _ = p.look(noon.Add(10*time.Second), standing{places: 4, rooms: 1})
	require.True(t, start)
}

func TestThePoolTriesLessOftenWhatFails(t *testing.T) {
	p := pool{size: 1, life: time.Hour}
	now, pauses := noon, []time.Duration{}
	for range 10 {
		p.failed(now)
		_, start, again := p.look(now, standing{places: 1})
		require.False(t, start)
		pauses = append(pauses, again)
		now = now.Add(again)
		_, start, _ = p.look(now, standing{places: 1})
		require.True(t, start)
	}
	for i := range pauses[1:] {
		require.Equal(t, min(2*pauses[i], longestPause), pauses[i+1])
	}
	require.Equal(t, longestPause, pauses[9])
	p.served()
	p.failed(now)
	_, _, again := p.look(now, standing{places: 1})
	require.Equal(t, firstPause, again, "one that was of use makes up for those before")
}

func TestFreeMemoryIsWhatTheKernelSays(t *testing.T) {
	free, known := parseFreeMemory([]byte("MemTotal:       24684444 kB\nMemFree:        16853188 kB\nMemAvailable:   22858484 kB\nBuffers: 1 kB\n"))
	require.True(t, known)
	require.Equal(t, uint64(22858484)<<10, free)
	for _, text := range []string{"", "MemTotal: 1 kB\n", "MemAvailable: many kB\n"} {
		_, known := parseFreeMemory([]byte(text))
		require.False(t, known, text)
	}
}
