package stream

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"
	"golang.org/x/time/rate"

	"turtus/services/wire"
)

const (
	// maxInputRate is how many frames a second of input are taken; a mouse makes a thousand, a page's display 60 of them.
	maxInputRate = 1000
	inputBurst   = 500
	// textBytes of a clipboard count as one more frame: twenty of the longest a second.
	textBytes     = 1 << 10
	eventsFull    = 64 << 10 // bytes waiting: events that can be left out are
	eventsTooFull = 1 << 20  // bytes waiting: the page does not read any more
)

// channels are a session's three data channels.
type channels struct {
	v                      *viewer
	input, pointer, events *webrtc.DataChannel
	inputRate, pointerRate *rate.Limiter
	refusals               *rate.Limiter
	order                  order
}

func newChannels(v *viewer) (*channels, error) {
	c := &channels{
		v:           v,
		inputRate:   rate.NewLimiter(maxInputRate, inputBurst),
		pointerRate: rate.NewLimiter(maxInputRate, inputBurst),
		refusals:    rate.NewLimiter(rate.Every(500*time.Millisecond), 3),
	}
	for _, channel := range []struct {
		label   string
		channel **webrtc.DataChannel
		init    *webrtc.DataChannelInit
	}{
		{wire.ChannelInput, &c.input, nil},
		{wire.ChannelPointer, &c.pointer, &webrtc.DataChannelInit{Ordered: wire.Ptr(false), MaxRetransmits: wire.Ptr(uint16(0))}},
		{wire.ChannelEvents, &c.events, nil},
	} {
		var err error
		if *channel.channel, err = v.pc.CreateDataChannel(channel.label, channel.init); err != nil {
			return nil, fmt.Errorf("open channel %s: %w", channel.label, err)
		}
	}
	c.input.OnMessage(func(m webrtc.DataChannelMessage) {
		// A flood waits in its own connection; no key release may be lost.
		if c.inputRate.WaitN(v.ctx, 1+min(len(m.Data)/textBytes, inputBurst-1)) == nil {
			c.order.frame(func() { c.take(m, false) }, func(in wire.Input) bool { return c.admit(in, true) == nil })
		}
	})
	c.pointer.OnMessage(func(m webrtc.DataChannelMessage) {
		if c.pointerRate.Allow() {
			c.take(m, true)
		}
	})
	c.events.OnOpen(func() {
		for _, e := range v.streamer.last.all() {
			c.tell(e)
		}
		c.tell(controlEvent(v.streamer.gate.current.Load().ControlHolder, v.peer))
	})
	return c, nil
}

// take admits one frame, or tells the page why not. Moves and copies travel on the channel pointer and nothing else does.
func (c *channels) take(m webrtc.DataChannelMessage, pointer bool) {
	in, err := wire.DecodeInput(m.Data)
	if err != nil || m.IsString || (in.Op == wire.InputMove || in.Copy) != pointer {
		c.refuse(wire.Errorf(wire.ErrorCodeInvalidField, "a frame that is not one of the contract's was dropped"))
		return
	}
	if in.Copy {
		// What is refused of it is told when the frame itself comes.
		c.order.copy(in, func(in wire.Input) bool { return c.admit(in, false) == nil })
		return
	}
	if coded, ok := errors.AsType[*wire.Error](c.admit(in, true)); ok {
		c.refuse(coded)
	}
}

// admit hands a frame to the gate, and waits for a place there or does not.
func (c *channels) admit(in wire.Input, wait bool) error {
	err := c.v.streamer.gate.admit(c.v.ctx, c.v, in, wait)
	result := "accepted"
	if err != nil {
		result = "refused"
	}
	c.v.streamer.metrics.input.WithLabelValues(result).Inc()
	return err
}

// tell never waits. A page that reads nothing is let go: what it would get is old.
func (c *channels) tell(e event) {
	if c.events.ReadyState() != webrtc.DataChannelStateOpen {
		return
	}
	waiting := c.events.BufferedAmount()
	if e.dispensable && waiting > eventsFull {
		return
	}
	if waiting > eventsTooFull {
		c.v.end(errSlow)
		return
	}
	if err := c.events.SendText(string(e.text)); err != nil {
		c.v.logger.Debug("an event was not sent", "error", err)
	}
}

func (c *channels) refuse(err *wire.Error) {
	if c.refusals.Allow() {
		c.tell(errorEvent(err.Code, err.Detail))
	}
}
