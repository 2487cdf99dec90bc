// Command agent stands in for turtus-agent in the tests beside it: it says to the hub that it is ready and ends when told to. A hub that is
// away is tried again for as long as a real one would.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"turtus/services/wire"
)

func main() {
	token, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		fail("no token", err)
	}
	limit, err := strconv.Atoi(os.Getenv("TURTUS_VB_SIGNAL_TIMEOUT"))
	if err != nil {
		fail("TURTUS_VB_SIGNAL_TIMEOUT", err)
	}
	socket := strings.TrimPrefix(os.Getenv("TURTUS_VB_SIGNAL_SERVER"), "unix://")
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	for lost := time.Now(); time.Since(lost) < time.Duration(limit)*time.Millisecond; {
		hub, _, err := dialer.Dial("ws://localhost"+wire.HubPath, nil)
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		serve(hub, strings.TrimSpace(token))
		lost = time.Now()
	}
	fail("the hub is away", nil)
}

// serve returns when the connection is lost.
func serve(hub *websocket.Conn, token string) {
	defer hub.Close()
	err := hub.WriteJSON(wire.NewEnvelope(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindVb}))
	for err == nil {
		var e wire.Envelope
		switch err = hub.ReadJSON(&e); e.Type {
		case wire.TypeIdentity:
			err = hub.WriteJSON(wire.NewEnvelope(wire.TypeVBStatus, wire.VBStatus{State: wire.VBStatusStateReady}))
		case wire.TypeVBStop:
			_ = hub.WriteJSON(wire.NewEnvelope(wire.TypeVBEnding, wire.VBEnding{Reason: wire.EndReasonRequested}))
			os.Exit(0)
		}
	}
}

func fail(what string, err error) {
	fmt.Fprintln(os.Stderr, what, err)
	os.Exit(3)
}
