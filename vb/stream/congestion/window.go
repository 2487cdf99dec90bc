package congestion

import (
	"math"
	"time"
)

// counter adds up over the last three seconds or less, in steps of a twentieth of one.
type counter struct {
	steps  [64]int64
	newest int64 // number of the newest step
}

const counterStep = 50 * time.Millisecond

func (c *counter) add(at time.Duration, n int64) {
	step := int64(at / counterStep)
	if c.newest-step > 4*int64(len(c.steps)) {
		// No late news: the clock was set back.
		*c = counter{newest: step}
	}
	if step > c.newest {
		if step-c.newest >= int64(len(c.steps)) {
			clear(c.steps[:])
		} else {
			for i := c.newest + 1; i <= step; i++ {
				c.steps[i&63] = 0
			}
		}
		c.newest = step
	}
	if step > c.newest-int64(len(c.steps)) {
		c.steps[step&63] += n
	}
}

// sum is of the window that ends at a time. The step under way counts to it.
func (c *counter) sum(at, window time.Duration) int64 {
	step := int64(at / counterStep)
	var sum int64
	for i := step - int64(window/counterStep) + 1; i <= step; i++ {
		if i <= c.newest && i > c.newest-int64(len(c.steps)) {
			sum += c.steps[i&63]
		}
	}
	return sum
}

// minimum is the least value of the last twenty seconds: short enough that two clocks' drift stays below a few
// milliseconds, long enough that our own queue is empty once in it.
type minimum struct {
	steps  [8]time.Duration
	newest int64
	any    bool
}

const (
	minimumStep = 2500 * time.Millisecond
	nothing     = time.Duration(math.MaxInt64)
)

func (m *minimum) add(at, value time.Duration) {
	step := int64(at / minimumStep)
	switch {
	case !m.any || step-m.newest >= int64(len(m.steps)) || m.newest-step >= int64(len(m.steps)):
		for i := range m.steps {
			m.steps[i] = nothing
		}
		m.newest, m.any = step, true
	case step > m.newest:
		for i := m.newest + 1; i <= step; i++ {
			m.steps[i&7] = nothing
		}
		m.newest = step
	}
	m.steps[step&7] = min(m.steps[step&7], value)
}

func (m *minimum) get() time.Duration {
	least := nothing
	for _, value := range m.steps {
		least = min(least, value)
	}
	return least
}

func (m *minimum) reset() { m.any = false }
