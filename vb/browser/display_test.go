package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
)

func TestXvfbIsAskedForTheNumberItHadUntilThatFails(t *testing.T) {
	d := &display{}
	defer d.close()
	start := func() (asked bool, report *os.File) {
		t.Helper()
		cmd, err := d.command("Xvfb", "-noreset")
		if err != nil {
			t.Fatal(err)
		}
		return slices.Contains(cmd.Args, ":7"), cmd.ExtraFiles[0]
	}
	getReady := func(report *os.File) {
		t.Helper()
		fmt.Fprintln(report, 7)
		report.Close()
		if err := d.ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	asked, report := start()
	if asked || d.String() != "" {
		t.Errorf("a number before the first start: %v, %q", asked, d.String())
	}
	getReady(report)
	if d.String() != ":7" {
		t.Errorf("the display is %q", d.String())
	}
	asked, report = start()
	if !asked {
		t.Error("not asked for the number it had")
	}
	report.Close()
	if err := d.ready(t.Context()); err == nil {
		t.Error("ready without a number")
	}
	asked, report = start()
	if asked {
		t.Error("asked again for a number it did not get")
	}
	getReady(report)
}

func TestWaitingForADisplayEndsWithItsContext(t *testing.T) {
	d := &display{}
	defer d.close()
	cmd, err := d.command("Xvfb")
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.ExtraFiles[0].Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.ready(ctx); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}
