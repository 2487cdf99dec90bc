package codec_test

import (
	"syscall"
	"testing"
	"time"
)

// reportCPU adds the processor time an operation took: on a machine that does other things too it tells
// more than the time that passed.
func reportCPU(b *testing.B, start time.Duration, operations int) {
	b.ReportMetric(float64(processorTime(b)-start)/float64(operations), "cpu-ns/op")
}

// processorTime is what the threads of this process have used so far, and threadTime what this thread has.
func processorTime(t testing.TB) time.Duration { return usedTime(t, syscall.RUSAGE_SELF) }
func threadTime(t testing.TB) time.Duration    { return usedTime(t, rusageThread) }

const rusageThread = 1 // getrusage(2), which package syscall leaves out

func usedTime(t testing.TB, who int) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(who, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
