package main

import (
	"time"

	"turtus/services/wire"
	"turtus/vb/codec"
	"turtus/vb/stream"
)

// This file is what the agent and the hub say to each other.

// Identity implements signalling.Handler.
func (a *agent) Identity(identity wire.Identity) {
	if a.streamer == nil {
		a.do(func() {})
		return
	}
	a.setICEServers(identity.IceServers)
	a.setControl(identity.Snapshot.Control)
	a.do(func() {
		a.logger.Info("the hub took us in", "peer", identity.Peer, "resumed", identity.Resumed)
		clear(a.present)
		for _, peer := range identity.Snapshot.Peers {
			a.present[stream.PeerID(peer.Id)] = true
		}
		a.sweepLater()
		a.board.forget()
	})
}

// sweepLater closes, after a grace, the sessions of those whom the hub does not know any more.
func (a *agent) sweepLater() {
	for _, peer := range a.streamer.Peers() {
		if a.present[peer] {
			continue
		}
		a.parts.Go(func() {
			select {
			case <-a.over:
				return
			case <-time.After(absentGrace):
			}
			a.do(func() {
				if !a.present[peer] {
					a.streamer.Left(peer)
				}
			})
		})
	}
}

// Lost implements signalling.Handler. Sessions and control stay: pictures and input need no hub.
func (a *agent) Lost(error) {}

// Message implements signalling.Handler.
func (a *agent) Message(e wire.Envelope) {
	if a.streamer == nil {
		return
	}
	if err := a.message(e); err != nil {
		a.logger.Warn("a message we can't read", "type", e.Type, "error", err)
	}
}

func (a *agent) message(e wire.Envelope) error {
	sender := stream.PeerID(e.Sender)
	switch e.Type {
	case wire.TypeStreamRequest:
		request, err := wire.Decode[wire.StreamRequest](e)
		if err != nil {
			return err
		}
		var kinds []codec.VideoKind
		if request.Codecs != nil {
			for _, kind := range *request.Codecs {
				kinds = append(kinds, codec.VideoKind(kind))
			}
		}
		a.do(func() { a.present[sender] = true })
		a.streamer.Request(sender, stream.SessionID(request.Session), kinds)
	case wire.TypeStreamStop:
		stop, err := wire.Decode[wire.StreamStop](e)
		if err != nil {
			return err
		}
		a.streamer.Stop(sender, stream.SessionID(stop.Session))
	case wire.TypeStreamPrefer:
		prefer, err := wire.Decode[wire.StreamPrefer](e)
		if err != nil {
			return err
		}
		a.streamer.Prefer(sender, stream.SessionID(prefer.Session), prefer.Quality, prefer.Hidden)
	case wire.TypeSignal:
		signal, err := wire.Decode[wire.Signal](e)
		if err != nil {
			return err
		}
		a.streamer.Signal(sender, signal)
	case wire.TypeControlChanged:
		control, err := wire.Decode[wire.Control](e)
		if err != nil {
			return err
		}
		a.setControl(control)
	case wire.TypePeerJoined, wire.TypePeerUpdated:
		joined, err := wire.Decode[wire.PeerEvent](e)
		if err != nil {
			return err
		}
		a.do(func() { a.present[stream.PeerID(joined.Peer.Id)] = true })
	case wire.TypePeerLeft:
		left, err := wire.Decode[wire.PeerLeft](e)
		if err != nil {
			return err
		}
		a.do(func() { delete(a.present, stream.PeerID(left.Peer)) })
		a.streamer.Left(stream.PeerID(left.Peer))
	case wire.TypeVBStop:
		stop, err := wire.Decode[wire.VBStop](e)
		if err != nil {
			return err
		}
		a.do(func() { a.finish(stop.Reason, "asked to end by the hub") })
	case wire.TypeVBWaiting:
		a.do(func() {
			a.board.waits = true
			a.board.forget()
		})
	case wire.TypeVBAssign:
		assignment, err := wire.Decode[wire.VBAssign](e)
		if err != nil {
			return err
		}
		a.join(assignment)
	case wire.TypeVBNavigate:
		navigate, err := wire.Decode[wire.VBNavigate](e)
		if err != nil {
			return err
		}
		return a.wantLink(navigate.Url)
	case wire.TypeVBScreen:
		screen, err := wire.Decode[wire.Screen](e)
		if err != nil {
			return err
		}
		a.wantScreen(screen)
	case wire.TypeICEServers:
		update, err := wire.Decode[wire.ICEUpdate](e)
		if err != nil {
			return err
		}
		a.setICEServers(update.IceServers)
	case wire.TypeVBKeepAlive:
		a.do(a.board.keepAlive)
	}
	return nil
}

// join makes a browser that waited a room's: it gets the room's page and screen, and comes to the room.
func (a *agent) join(assignment wire.VBAssign) {
	a.logger.Info("a room has taken the browser")
	a.do(func() { a.board.waits = false })
	a.wantScreen(assignment.Screen)
	a.pages <- assignment.StartUrl // it is told once
	a.client.Switch(assignment.Token)
}

// setICEServers takes the hub's, unless the settings name others.
func (a *agent) setICEServers(servers []wire.ICEServer) {
	if a.settings.ICEServers != nil {
		servers = a.settings.ICEServers
	}
	a.streamer.SetICEServers(servers)
}

func (a *agent) setControl(control wire.Control) {
	holder := stream.ControlHolder{Epoch: uint32(control.Epoch)}
	if control.Holder != nil {
		holder.Peer = stream.PeerID(*control.Holder)
	}
	a.streamer.SetControl(holder)
}

// Signal implements stream.Signaller.
func (a *agent) Signal(to stream.PeerID, signal wire.Signal) {
	e := wire.NewEnvelope(wire.TypeSignal, signal)
	e.Target = string(to)
	if !a.client.Send(e) {
		a.logger.Debug("a signal was lost: the hub is away", "peer", to)
	}
}

func (a *agent) activity(epoch uint32) {
	a.client.Send(wire.NewEnvelope(wire.TypeVBActivity, wire.VBActivity{Epoch: int64(epoch)}))
}
