package stream

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

const playoutDelayURI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

var errNoCodec = errors.New("the viewer takes no codec of ours")

// track is one viewer's copy of the picture or the sound. It implements webrtc.TrackLocal: it holds what was agreed upon,
// and the sender numbers and writes. Of the frames, which are everybody's, nothing is copied.
type track struct {
	id    string
	kind  webrtc.RTPCodecType
	rate  int64
	clock clock
	// mimeTypes are what may be sent, best first.
	mimeTypes []string
	mid       func() string

	agreed atomic.Pointer[agreement]

	// Written by the sender's goroutine.
	packets, octets, frames atomic.Uint32
	last                    *frame
	reported                time.Time // when the last sender report went
}

// agreement is what the negotiation of a track came to.
type agreement struct {
	writer      webrtc.TrackLocalWriter
	mimeType    string
	ssrc        uint32
	payloadType uint8
	main        bool // H.264 in main profile, and so in baseline too
	// retransmission is the stream of RFC 4588, or zero where there is none.
	retransmission struct {
		ssrc        uint32
		payloadType uint8
	}
	// Ids of header extensions, 0 when not agreed upon.
	playoutDelay, mid, transport uint8
}

// Bind implements webrtc.TrackLocal.
func (t *track) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codecs := slices.Clone(ctx.CodecParameters())
	isMain := func(c webrtc.RTPCodecParameters) bool { return strings.Contains(c.SDPFmtpLine, "profile-level-id=4d") }
	slices.SortStableFunc(codecs, func(a, b webrtc.RTPCodecParameters) int {
		switch {
		case isMain(a) == isMain(b):
			return 0
		case isMain(a):
			return -1
		}
		return 1
	})
	for _, mimeType := range t.mimeTypes {
		for _, agreed := range codecs {
			if agreed.MimeType != mimeType {
				continue
			}
			a := &agreement{writer: ctx.WriteStream(), mimeType: mimeType, ssrc: uint32(ctx.SSRC()), payloadType: uint8(agreed.PayloadType), main: isMain(agreed)}
			apt := "apt=" + strconv.Itoa(int(agreed.PayloadType))
			for _, other := range codecs {
				if other.MimeType == webrtc.MimeTypeRTX && slices.Contains(strings.Split(other.SDPFmtpLine, ";"), apt) && ctx.SSRCRetransmission() != 0 {
					a.retransmission.ssrc, a.retransmission.payloadType = uint32(ctx.SSRCRetransmission()), uint8(other.PayloadType)
				}
			}
			for _, extension := range ctx.HeaderExtensions() {
				switch extension.URI {
				case playoutDelayURI:
					a.playoutDelay = uint8(extension.ID)
				case sdp.SDESMidURI:
					a.mid = uint8(extension.ID)
				case sdp.TransportCCURI:
					a.transport = uint8(extension.ID)
				}
			}
			t.agreed.Store(a)
			return agreed, nil
		}
	}
	return webrtc.RTPCodecParameters{}, fmt.Errorf("%s: %w", t.id, errNoCodec)
}

// Unbind implements webrtc.TrackLocal.
func (t *track) Unbind(webrtc.TrackLocalContext) error {
	t.agreed.Store(nil)
	return nil
}

// ID implements webrtc.TrackLocal.
func (t *track) ID() string { return t.id }

// RID implements webrtc.TrackLocal: there is no simulcast.
func (t *track) RID() string { return "" }

// StreamID implements webrtc.TrackLocal. One stream for both tracks asks the viewer to play them in step.
func (t *track) StreamID() string { return "browser" }

// Kind implements webrtc.TrackLocal.
func (t *track) Kind() webrtc.RTPCodecType { return t.kind }

// reportEvery is how often a track that sends reports: what lip-sync needs (RFC 3550 section 6.4.1).
const reportEvery = time.Second

// report is the sender report that is due at a time, or nil. It ties the timestamp to the time of capture, not of
// sending: the picture's and the sound's ways to here differ. Only the sender's goroutine may call it.
func (t *track) report(now time.Time) *rtcp.SenderReport {
	a := t.agreed.Load()
	if a == nil || t.last == nil || now.Sub(t.reported) < reportEvery {
		return nil
	}
	t.reported = now
	return &rtcp.SenderReport{
		SSRC:        a.ssrc,
		NTPTime:     t.clock.ntp(now),
		RTPTime:     t.last.timestamp + ticks(now.Sub(t.last.at), t.rate),
		PacketCount: t.packets.Load(),
		OctetCount:  t.octets.Load(),
	}
}

// sent is how much went so far; the numbers wrap around.
func (t *track) sent() (frames, octets uint32) { return t.frames.Load(), t.octets.Load() }

// codec is the name of the codec agreed upon, as SDP has it.
func (t *track) codec() string {
	a := t.agreed.Load()
	if a == nil {
		return ""
	}
	_, name, _ := strings.Cut(a.mimeType, "/")
	return name
}
