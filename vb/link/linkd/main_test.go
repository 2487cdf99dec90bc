package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachLineIsAnsweredByOne(t *testing.T) {
	in := strings.Join([]string{
		`{"open": {"candidate": "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host", "seed": 3, "down": {"delayMs": 30, "loss": 0.02}}}`,
		`{"set": 1, "up": {"rate": 1000000}}`,
		`{"set": 1, "down": {"loss": 2}}`,
		`{"close": 1}`,
		`{"read": 1}`,
		`{"open": {"candidate": "candidate:1 1 udp 1 a.local 9 typ host"}}`,
		`no JSON`,
	}, "\n")
	var out bytes.Buffer
	require.NoError(t, serve(strings.NewReader(in), &out))
	var answers []answer
	for decoder := json.NewDecoder(&out); decoder.More(); {
		var a answer
		require.NoError(t, decoder.Decode(&a))
		answers = append(answers, a)
	}
	require.Len(t, answers, 7)
	require.Equal(t, 1, answers[0].Link)
	require.Contains(t, answers[0].Candidate, strings.Replace(answers[0].Address, ":", " ", 1))
	require.Equal(t, answers[0].Address, answers[1].Address)
	require.Contains(t, answers[2].Error, "loss")
	require.Empty(t, answers[3].Error)
	for _, refused := range answers[4:] {
		require.NotEmpty(t, refused.Error)
	}
}
