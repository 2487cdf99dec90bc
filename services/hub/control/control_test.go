package control

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

const limit = time.Minute

var (
	anna  = Peer{ID: "anna", MayControl: true}
	ben   = Peer{ID: "ben", MayControl: true}
	cleo  = Peer{ID: "cleo", MayControl: true}
	guard = Peer{ID: "guard", MayControl: true, MayModerate: true}
	idler = Peer{ID: "idler"}
	// anna2 is Anna's second tab.
	anna2 = Peer{ID: "anna2", MayControl: true, Own: []PeerID{"anna"}}
	peers = map[string]Peer{"anna": anna, "anna2": anna2, "ben": ben, "cleo": cleo, "guard": guard, "idler": idler}
)

// do runs a step such as "anna take", "anna give ben", "anna lost", "wait 61s", "used 2".
func do(t *testing.T, s *State, step string, now *time.Time) (changed bool, err error) {
	t.Helper()
	words := strings.Fields(step)
	switch words[0] {
	case "wait":
		d, err := time.ParseDuration(words[1])
		require.NoError(t, err)
		*now = now.Add(d)
		return s.Idle(*now, limit), nil
	case "used":
		var epoch int64
		_, err := fmt.Sscan(words[1], &epoch)
		require.NoError(t, err)
		s.Used(epoch, *now)
		return false, nil
	}
	by := peers[words[0]]
	switch words[1] {
	case "take":
		return s.Take(by, *now)
	case "request":
		return s.Request(by, *now)
	case "restore":
		return s.Restore(by, *now), nil
	case "cancel":
		return s.Cancel(by.ID)
	case "give":
		return s.Give(by.ID, peers[words[2]], *now)
	case "deny":
		return s.Deny(by.ID, peers[words[2]].ID)
	case "release":
		return s.Release(by.ID, *now)
	case "lost":
		return s.Lost(by.ID), nil
	case "back":
		return s.Back(by.ID, *now), nil
	case "left":
		return s.Left(by.ID, *now), nil
	}
	t.Fatalf("unknown step %q", step)
	return false, nil
}

// show is "holder/who drives epoch [requests]".
func show(s *State) string {
	name := func(c wire.Control) string {
		if c.Holder == nil {
			return "-"
		}
		return *c.Holder
	}
	people := s.ForViewers()
	return fmt.Sprintf("%s/%s %d %v", name(people), name(s.ForAgent()), people.Epoch, people.Requests)
}

func TestControlGoesFromHandToHand(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps string
		want  string // after the last step; a code if that is refused, and "same" first if it changes nothing
	}{
		{"it begins free", "", "-/- 0 []"},
		{"it is taken when free", "anna take", "anna/anna 1 []"},
		{"taking what one has changes nothing", "anna take; anna take", "same anna/anna 1 []"},
		{"a held one is not taken", "anna take; ben take", "control_taken anna/anna 1 []"},
		{"a moderator takes it from another", "anna take; guard take", "guard/guard 2 []"},
		{"without permission nobody takes it", "idler take", "forbidden -/- 0 []"},
		{"without permission nobody asks for it", "idler request", "forbidden -/- 0 []"},
		{"asking for a free one takes it", "anna request", "anna/anna 1 []"},
		{"asking for a held one queues, with no new epoch", "anna take; ben request; cleo request", "anna/anna 1 [ben cleo]"},
		{"asking twice queues once", "anna take; ben request; ben request", "same anna/anna 1 [ben]"},
		{"the holder does not ask", "anna take; anna request", "same anna/anna 1 []"},
		{"what one's other tab has is taken", "anna take; anna2 take", "anna2/anna2 2 []"},
		{"what one's other tab has need not be asked for", "anna take; ben request; anna2 request", "anna2/anna2 2 [ben]"},
		{"who asked for another's finds it with the own other tab", "ben take; anna2 request; ben give anna; anna2 request", "anna2/anna2 3 []"},
		{"what one's other tab has while its connection is lost is taken", "anna take; anna lost; anna2 take", "anna2/anna2 3 []"},
		{"another's tab is not one's own", "ben take; anna2 take", "control_taken ben/ben 1 []"},
		{"a free one is given back", "anna restore", "anna/anna 1 []"},
		{"what somebody took meanwhile is not given back", "ben take; anna restore", "same ben/ben 1 []"},
		{"not even to a moderator", "ben take; guard restore", "same ben/ben 1 []"},
		{"without permission nothing is given back", "idler restore", "same -/- 0 []"},
		{"a request is withdrawn", "anna take; ben request; ben cancel", "anna/anna 1 []"},
		{"no request, nothing to withdraw", "anna take; ben cancel", "control_not_requested anna/anna 1 []"},
		{"the holder gives it", "anna take; ben request; cleo request; anna give ben", "ben/ben 2 [cleo]"},
		{"it is given out of turn", "anna take; ben request; cleo request; anna give cleo", "cleo/cleo 2 [ben]"},
		{"it is given to one who did not ask", "anna take; anna give ben", "ben/ben 2 []"},
		{"it is given to nobody without permission", "anna take; anna give idler", "forbidden anna/anna 1 []"},
		{"giving it to oneself changes nothing", "anna take; anna give anna", "same anna/anna 1 []"},
		{"only the holder gives", "anna take; ben give cleo", "control_not_held anna/anna 1 []"},
		{"nobody gives a free one", "ben give cleo", "control_not_held -/- 0 []"},
		{"the holder denies", "anna take; ben request; anna deny ben", "anna/anna 1 []"},
		{"only the holder denies", "anna take; ben request; cleo deny ben", "control_not_held anna/anna 1 [ben]"},
		{"no request, nothing to deny", "anna take; anna deny ben", "control_not_requested anna/anna 1 []"},
		{"it is released", "anna take; anna release", "-/- 2 []"},
		{"the first in the queue gets a released one", "anna take; ben request; cleo request; anna release", "ben/ben 2 [cleo]"},
		{"only the holder releases", "anna take; ben release", "control_not_held anna/anna 1 []"},
		{"who took it has asked no more", "anna take; guard request; guard take", "guard/guard 2 []"},
		{"leaving releases", "anna take; anna left", "-/- 2 []"},
		{"leaving hands on", "anna take; ben request; anna left", "ben/ben 2 []"},
		{"leaving ends a request", "anna take; ben request; ben left", "anna/anna 1 []"},
		{"a bystander's leaving changes nothing", "anna take; ben left", "same anna/anna 1 []"},
		{"a lost holder holds on, but nobody drives", "anna take; anna lost", "anna/- 2 []"},
		{"losing twice is losing once", "anna take; anna lost; anna lost", "same anna/- 2 []"},
		{"the holder comes back", "anna take; anna lost; anna back", "anna/anna 3 []"},
		{"a holder taking its seat from a connection that seemed alive lets go of what it held", "anna take; anna back", "anna/anna 2 []"},
		{"a lost holder's seat goes", "anna take; anna lost; ben request; anna left", "ben/ben 3 []"},
		{"nobody takes from a lost holder", "anna take; anna lost; ben take", "control_taken anna/- 2 []"},
		{"a moderator takes from a lost holder", "anna take; anna lost; guard take", "guard/guard 3 []"},
		{"who comes back to a lost control finds it gone", "anna take; anna lost; guard take; anna back", "same guard/guard 3 []"},
		{"a lost requester keeps its place", "anna take; ben request; cleo request; ben lost", "same anna/anna 1 [ben cleo]"},
		{"a lost requester is passed over", "anna take; ben request; cleo request; ben lost; anna release", "cleo/cleo 2 [ben]"},
		{"with only lost requesters it is free", "anna take; ben request; ben lost; anna release", "-/- 2 [ben]"},
		{"a lost requester finds it free and gets it", "anna take; ben request; ben lost; anna release; ben back", "ben/ben 3 []"},
		{"a lost requester finds it taken and still asks", "anna take; ben request; ben lost; anna release; cleo take; ben back", "same cleo/cleo 3 [ben]"},
		{"of two lost requesters the first to come back gets it", "anna take; ben request; cleo request; ben lost; cleo lost; anna release; cleo back; ben back", "same cleo/cleo 3 [ben]"},
		{"asking again for one that became free takes it", "anna take; ben request; ben lost; anna release; ben request", "ben/ben 3 []"},
		{"a requester comes back in time", "anna take; ben request; ben lost; ben back; anna release", "ben/ben 2 []"},
		{"idle, it is released", "anna take; wait 61s", "-/- 2 []"},
		{"idle, it goes to the first who asked", "anna take; ben request; wait 61s", "ben/ben 2 []"},
		{"not yet idle", "anna take; wait 59s", "same anna/anna 1 []"},
		{"used, it is not idle", "anna take; wait 59s; used 1; wait 59s", "same anna/anna 1 []"},
		{"an old epoch's use counts for nothing", "anna take; anna release; ben take; wait 59s; used 1; wait 2s", "-/- 4 []"},
		{"a free control is not idle", "wait 600s", "same -/- 0 []"},
		{"coming back is a use", "anna take; wait 59s; anna lost; anna back; wait 59s", "same anna/anna 3 []"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, now := New(0), time.Unix(0, 0)
			outcome := ""
			for step := range strings.SplitSeq(c.steps, "; ") {
				if step == "" {
					continue
				}
				changed, err := do(t, s, step, &now)
				outcome = ""
				switch {
				case err != nil:
					require.False(t, changed)
					outcome = string(wire.CodeOf(err)) + " "
				case !changed && !strings.HasPrefix(step, "used"):
					outcome = "same "
				}
			}
			require.Equal(t, c.want, outcome+show(s))
			at, held := s.IdleAt(limit)
			require.Equal(t, s.ForViewers().Holder != nil, held)
			if held {
				require.True(t, at.After(now))
			}
		})
	}
}

func TestEpochsGoOnAboveTheFirst(t *testing.T) {
	s := New(41)
	_, err := s.Take(anna, time.Unix(0, 0))
	require.NoError(t, err)
	require.EqualValues(t, 42, s.ForAgent().Epoch)
}

// Whatever happens, the holder never queues, nobody queues twice, the epoch never falls, and it grows whenever who drives changes.
func FuzzControlKeepsItsPromises(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 42, 99, 200})
	names := []string{"anna", "anna2", "ben", "cleo", "guard", "idler"}
	f.Fuzz(func(t *testing.T, program []byte) {
		s, now := New(0), time.Unix(0, 0)
		for i := 0; i+1 < len(program); i += 2 {
			who, other := names[int(program[i])%6], names[int(program[i]/6)%6]
			verbs := []string{"take", "restore", "request", "cancel", "give " + other, "deny " + other, "release", "lost", "back", "left"}
			step := who + " " + verbs[int(program[i+1])%len(verbs)]
			if program[i+1] > 240 {
				step = "wait 61s"
			}
			before := s.ForAgent()
			_, _ = do(t, s, step, &now)
			after := s.ForAgent()
			require.GreaterOrEqual(t, after.Epoch, before.Epoch)
			if fmt.Sprint(deref(before.Holder)) != fmt.Sprint(deref(after.Holder)) {
				require.Greater(t, after.Epoch, before.Epoch, step)
			}
			if s.holder == "" {
				for _, r := range s.requests {
					require.True(t, s.absent[r], "%s: nobody waits who is there for a control that is free", step)
				}
			}
			seen := map[string]bool{deref(s.ForViewers().Holder): true}
			for _, r := range after.Requests {
				require.False(t, seen[r], step)
				seen[r] = true
			}
		}
	})
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
