package stream

import (
	"context"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"turtus/services/wire"
	"turtus/vb/codec"
)

// wish is what a viewer wants of the picture.
type wish struct {
	quality wire.Quality
	hidden  bool
}

// member is a viewer's place in the picture: the layer that it receives, and the one whose keyframe it waits for. The
// picture loop owns it.
type member struct {
	*sender
	kind codec.VideoKind
	wish wish
	low  bool // its network carries no more; the choice of adapt

	on    *layer // nil: receives none
	ready bool   // has what the next frame of that one builds upon
	next  *layer // nil: stays

	climb     climb
	soundRate soundRate
}

// wants is the layer to be received, or false for none.
func (m *member) wants() (layerKey, bool) {
	if m.wish.hidden || m.wish.quality == wire.QualitySound {
		return layerKey{}, false
	}
	low := m.low
	if m.wish.quality == wire.QualityLow || m.wish.quality == wire.QualityHigh {
		low = m.wish.quality == wire.QualityLow
	}
	return layerKey{m.kind, low}, true
}

// shows is the layer that the viewer sees or will see next.
func (m *member) shows() *layer {
	if m.next != nil {
		return m.next
	}
	return m.on
}

// receives is what the statistics say.
func (m *member) receives() wire.Layer {
	switch {
	case m.on == nil:
		return wire.LayerNone
	case m.on.low:
		return wire.LayerLow
	}
	return wire.LayerHigh
}

func (p *picture) subscribe(ctx context.Context, kind codec.VideoKind, s *sender, w wish) {
	p.do(ctx, func() {
		m := &member{sender: s, kind: kind, wish: w}
		m.climb.reset()
		p.members[s] = m
		p.place(m)
	})
}

func (p *picture) unsubscribe(ctx context.Context, s *sender) {
	p.do(ctx, func() {
		delete(p.members, s)
		p.sweep()
	})
}

// prefer changes what a viewer wants.
func (p *picture) prefer(ctx context.Context, s *sender, w wish) {
	p.do(ctx, func() {
		if m := p.members[s]; m != nil {
			m.wish = w
			p.place(m)
		}
	})
}

// requestKeyframe is for a receiver that lost its way; all such requests until the next keyframe are one. It does not wait.
func (p *picture) requestKeyframe(s *sender) {
	s.lostWay.Store(true)
	select {
	case p.lostWay <- struct{}{}:
	default:
	}
}

// serveRequests has those who lost their way wait for a keyframe of the layer that fits.
func (p *picture) serveRequests(now time.Time) {
	p.adapt(now)
	for _, m := range p.members {
		if m.lostWay.Swap(false) && m.shows() != nil {
			m.shows().wantKey = true
		}
	}
}

// place brings a member to the layer that it is to receive: at once off one, and onto one at its next keyframe.
func (p *picture) place(m *member) {
	defer p.sweep()
	key, some := m.wants()
	switch {
	case !some:
		m.on, m.next = nil, nil
		m.leave()
	case m.on != nil && m.on.layerKey == key:
		m.next = nil
	case m.next == nil || m.next.layerKey != key:
		l := p.layers[key]
		if l == nil {
			var err error
			if l, err = newLayer(key, p.clock); err != nil {
				p.logger.Error("no layer", "error", err)
				return
			}
			l.best = m.budget(time.Now())
			l.bitrate = p.capOf(l)
			p.layers[key] = l
		}
		m.next, l.wantKey = l, true
	}
	m.layer.Store(m.receives())
}

// profile is the best that all who take H.264 have agreed to: one encoder for all is worth more than the best for some.
func (p *picture) profile() codec.Profile {
	for m := range p.members {
		if a := m.video.agreed.Load(); a != nil && strings.EqualFold(a.mimeType, webrtc.MimeTypeH264) && !a.main {
			return codec.ProfileBaseline
		}
	}
	return codec.ProfileMain
}

// follow has a layer made in the profile that there is to be from now on, which takes a keyframe: at once where somebody
// could not decode it otherwise, and else with the next keyframe that there is anyway.
func (p *picture) follow(l *layer, key bool) {
	if l.kind != codec.H264 {
		return
	}
	if profile := p.profile(); l.profile != profile && (key || l.encoder == nil || profile == codec.ProfileBaseline) {
		p.closeEncoder(l)
		l.profile, l.wantKey = profile, true
	}
}

// sweep ends the layers that nobody receives or waits for, and starts those anew that somebody could not decode.
func (p *picture) sweep() {
	for _, l := range p.layers {
		p.follow(l, false)
	}
	low := false
	for _, l := range p.layers {
		l.receivers = 0
	}
	for _, m := range p.members {
		for _, l := range []*layer{m.on, m.next} {
			if l != nil {
				l.receivers++
				low = low || l.low
			}
		}
	}
	for key, l := range p.layers {
		if l.receivers == 0 {
			p.closeEncoder(l)
			delete(p.layers, key)
		}
	}
	if !low {
		p.small.close()
	}
}

// deliver hands frames to all who can use them. Whoever waits for a keyframe of another layer changes with it, and goes on
// without a gap until then. Whoever is too slow waits for the next keyframe.
func (p *picture) deliver(frames map[*layer]*frame) {
	moved := false
	for _, m := range p.members {
		if f := frames[m.next]; m.next != nil && f != nil && f.key {
			m.on, m.next, moved = m.next, nil, true
			m.layer.Store(m.receives())
			m.ready = m.picture(f)
			continue
		}
		if f := frames[m.on]; m.on != nil && f != nil && (m.ready || f.key) {
			m.ready = m.picture(f)
		}
	}
	if moved {
		p.sweep()
	}
}
