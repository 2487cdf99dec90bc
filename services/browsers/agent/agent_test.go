package agent

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/browsers"
)

func TestWordsKeepTheirLevel(t *testing.T) {
	for line, want := range map[string]struct {
		level slog.Level
		words string
	}{
		`time=x level=WARN msg="no sound" error="a \"b\""`: {slog.LevelWarn, `no sound: a "b"`},
		`{"level":"ERROR","msg":"no picture"}`:             {slog.LevelError, "no picture"},
		`turtus-agent: no display`:                         {slog.LevelInfo, "no display"},
		`panic: oh`:                                        {slog.LevelInfo, "panic: oh"},
		`{broken`:                                          {slog.LevelInfo, "{broken"},
		"   ":                                              {slog.LevelInfo, ""},
	} {
		var w Words
		level, words := w.Hear(line)
		require.Equal(t, want.level, level, line)
		require.Equal(t, want.words, words, line)
	}
}

func TestTheLastWordsExplainTheEnd(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"nothing", nil, ""},
		{"progress is none", []string{"no display", `time=x level=INFO msg="connected"`}, "no display"},
		{"a warning is", []string{"no display", `time=x level=WARN msg="the hub is away"`}, "the hub is away"},
		{"a crash, not its trace", []string{"panic: oh", "", "goroutine 1 [running]:", "main.main()"}, "panic: oh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w Words
			for _, line := range c.lines {
				w.Hear(line)
			}
			require.Equal(t, c.want, w.Last())
		})
	}
}

func TestTheServersWordWinsOverItsEnvironment(t *testing.T) {
	env := Environment([]string{"TURTUS_VB_WIDTH=1", "TURTUS_VB_BITRATE=500000", "TURTUS_VB_TCP_PORT=1", "TURTUS_VB_TOKEN=old", "TURTUS_VB_TOKEN_FILE=/x", "TURTUS_DATABASE_URL=secret", "HOME=/root"},
		browsers.Spec{Token: "new", Width: 800, Height: 600, Depth: 24, FrameRate: 30, ViewerTimeout: time.Minute, SignalTimeout: time.Second},
		"ws://hub", Opened(52000, true), slog.LevelWarn)
	require.Equal(t, map[string]string{
		"TURTUS_VB_BITRATE": "500000", "TURTUS_VB_WIDTH": "800", "TURTUS_VB_HEIGHT": "600", "TURTUS_VB_DEPTH": "24", "TURTUS_VB_FRAME_RATE": "30",
		"TURTUS_VB_TIMEOUT": "60000", "TURTUS_VB_SIGNAL_TIMEOUT": "1000", "TURTUS_VB_UDP_PORT": "52000", "TURTUS_VB_TCP_PORT": "52000", "TURTUS_VB_VERBOSITY": "warn",
		"TURTUS_VB_SIGNAL_SERVER": "ws://hub",
	}, env)
	require.ElementsMatch(t, []string{"A=1", "B=2=3"}, List(map[string]string{"A": "1", "B": "2=3"}))
}
