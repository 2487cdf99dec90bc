package desktop

/*
#include "x11.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Ready waits until the X server of a display answers and lets us in. It returns the context's error when it ends before, and
// ErrNoServer at once when the server answers but refuses us.
func Ready(ctx context.Context, display string) error {
	network, address, err := address(display)
	if err != nil {
		return err
	}
	pause := 2 * time.Millisecond
	for {
		err := greet(ctx, network, address)
		if err == nil {
			break
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("wait for display %q: %w (%w)", display, ctx.Err(), err)
		case <-timer.C:
		}
		pause = min(2*pause, 100*time.Millisecond)
	}
	x, err := open(display)
	if err != nil {
		return err
	}
	return x.close(nil)
}

// greet does as much of a connection's setup (X11 protocol, chapter 8) as shows that somebody is there. It has no cookie:
// a refusal is an answer too. Xlib would hang, whatever the context, if the server accepted and then said nothing.
func greet(ctx context.Context, network, address string) error {
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	defer socket.Close()
	stop := context.AfterFunc(ctx, func() { _ = socket.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := socket.Write([]byte{'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		return err
	}
	_, err = io.ReadFull(socket, make([]byte, 8))
	return err
}

func address(display string) (network, address string, err error) {
	host, number, found := strings.Cut(display, ":")
	number, _, _ = strings.Cut(number, ".")
	n, err := strconv.Atoi(number)
	if !found || err != nil || n < 0 || n > 65535-6000 {
		return "", "", fmt.Errorf("%w: %q is no display name", ErrNoServer, display)
	}
	if host == "" || host == "unix" {
		return "unix", "/tmp/.X11-unix/X" + strconv.Itoa(n), nil
	}
	return "tcp", net.JoinHostPort(host, strconv.Itoa(6000+n)), nil
}

// Resize sets the screen's size by RANDR; Capturers see it with their next Grab. Xvfb takes any size up to the one it was
// started with. Errors: ErrSize, ErrNoServer, ErrNoExtension, ErrProtocol.
func Resize(display string, width, height int) error {
	if width < 1 || height < 1 || width > 32767 || height > 32767 {
		return fmt.Errorf("%w: %dx%d", ErrSize, width, height)
	}
	x, err := open(display)
	if err != nil {
		return fmt.Errorf("resize the screen: %w", err)
	}
	err = x.do("resize the screen", func() error {
		switch C.screen_resize(x.c, C.int(width), C.int(height)) {
		case C.SCREEN_OK:
			return nil
		case C.SCREEN_NO_RANDR:
			return fmt.Errorf("%w: RANDR", ErrNoExtension)
		case C.SCREEN_SIZE:
			return fmt.Errorf("%w: %dx%d", ErrSize, width, height)
		}
		return ErrProtocol
	})
	return errors.Join(err, x.close(nil))
}
