package stream

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

const playoutDelayURI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

// midPackets is how many packets of a track carry its MID: until surely one has arrived (RFC 8843 section 14).
const midPackets = 50

var (
	errNoCodec  = errors.New("the viewer takes no codec of ours")
	errNotReady = errors.New("nothing can be sent yet")
)

// track is one viewer's copy of the picture or the sound: its SSRC, payload type and sequence numbers. It implements
// webrtc.TrackLocal. Of the frames, which are everybody's, it copies nothing.
type track struct {
	id    string
	kind  webrtc.RTPCodecType
	rate  int64
	clock clock
	// mimeTypes are what may be sent, best first.
	mimeTypes []string
	mid       func() string

	mu           sync.Mutex
	writer       webrtc.TrackLocalWriter
	mimeType     string
	ssrc         uint32
	payloadType  uint8
	playoutDelay uint8 // id of the header extension, 0 when not agreed upon
	midExtension uint8
	sequence     uint16
	packets      uint32
	octets       uint32
	frames       uint32
	last         *frame
	reported     time.Time // when the last sender report went
}

// Bind implements webrtc.TrackLocal.
func (t *track) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, mimeType := range t.mimeTypes {
		for _, agreed := range ctx.CodecParameters() {
			if agreed.MimeType != mimeType {
				continue
			}
			t.mu.Lock()
			t.writer, t.mimeType = ctx.WriteStream(), mimeType
			t.ssrc, t.payloadType = uint32(ctx.SSRC()), uint8(agreed.PayloadType)
			t.sequence = uint16(rand.Uint32())
			for _, extension := range ctx.HeaderExtensions() {
				switch extension.URI {
				case playoutDelayURI:
					t.playoutDelay = uint8(extension.ID)
				case sdp.SDESMidURI:
					t.midExtension = uint8(extension.ID)
				}
			}
			t.mu.Unlock()
			return agreed, nil
		}
	}
	return webrtc.RTPCodecParameters{}, fmt.Errorf("%s: %w", t.id, errNoCodec)
}

// Unbind implements webrtc.TrackLocal.
func (t *track) Unbind(webrtc.TrackLocalContext) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writer = nil
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

// write sends a frame.
func (t *track) write(f *frame) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.writer == nil {
		return nil
	}
	for i, payload := range f.payloads {
		// A header of its own for each packet: the history that answers NACKs keeps it.
		header := &rtp.Header{
			Version: 2, Marker: f.marker && i == len(f.payloads)-1, PayloadType: t.payloadType,
			SequenceNumber: t.sequence, Timestamp: f.timestamp, SSRC: t.ssrc,
		}
		// Shown as soon as decoded. Once a frame, for the receiver keeps the value and packets may be lost.
		if i == 0 && t.playoutDelay != 0 {
			if err := header.SetExtension(t.playoutDelay, []byte{0, 0, 0}); err != nil {
				return err
			}
		}
		if t.midExtension != 0 && t.packets < midPackets {
			if err := header.SetExtension(t.midExtension, []byte(t.mid())); err != nil {
				return err
			}
		}
		n, err := t.writer.WriteRTP(header, payload)
		if err != nil {
			return err
		}
		if n == 0 {
			// pion's way to say that the keys are not there yet.
			return errNotReady
		}
		t.sequence++
		t.packets++
		t.octets += uint32(len(payload))
	}
	t.frames++
	t.last = f
	return nil
}

// reportEvery is how often a track that sends reports: what lip-sync needs (RFC 3550 section 6.4.1).
const reportEvery = time.Second

// report is the sender report that is due at a time, or nil. It ties the timestamp to the time of capture, not of
// sending: the picture's and the sound's ways to here differ.
func (t *track) report(now time.Time) *rtcp.SenderReport {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.writer == nil || t.last == nil || now.Sub(t.reported) < reportEvery {
		return nil
	}
	t.reported = now
	return &rtcp.SenderReport{
		SSRC:        t.ssrc,
		NTPTime:     t.clock.ntp(now),
		RTPTime:     t.last.timestamp + uint32(int64(now.Sub(t.last.at))*t.rate/int64(time.Second)),
		PacketCount: t.packets,
		OctetCount:  t.octets,
	}
}

// sent is how much went so far; the numbers wrap around.
func (t *track) sent() (frames, octets uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.frames, t.octets
}

// codec is the name of the codec agreed upon, as SDP has it.
func (t *track) codec() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, name, _ := strings.Cut(t.mimeType, "/")
	return name
}
