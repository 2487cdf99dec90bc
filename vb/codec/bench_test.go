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

// processorTime is what the threads of this process have used so far.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
