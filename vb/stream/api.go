package stream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"turtus/vb/stream/bunch"
	"turtus/vb/stream/icetcp"
)

const (
	iceDisconnected = 4 * time.Second
	// iceFailed leaves a page whose network changed the time to ask for an ICE restart.
	iceFailed    = 20 * time.Second
	iceKeepAlive = 2 * time.Second
	// relayWait is the head start of direct paths: some round trips of a slow link.
	relayWait = 700 * time.Millisecond
)

// transport makes peer connections that share one certificate, one set of codecs and, where wanted, one port of UDP and one of TCP.
type transport struct {
	media       *webrtc.MediaEngine
	settings    webrtc.SettingEngine
	certificate webrtc.Certificate
	mux         ice.UDPMux
	sockets     *bunch.Sockets // of mux; nil when oneByOne
	oneByOne    bool
	tcp         *icetcp.Mux // nil: none
}

func newTransport(cfg Config) (*transport, error) {
	media := &webrtc.MediaEngine{}
	if err := registerCodecs(media); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{LoggerFactory: pionLogs{cfg.Logger}}
	settings.SetICETimeouts(iceDisconnected, iceFailed, iceKeepAlive)
	// A page hides its addresses behind mDNS names; its own checks show us the address without asking the network.
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	// Behind its mDNS names even a neighbour is peer-reflexive to us; pion would wait a second for something better. The
	// best pair so far is taken at once, but a relay only when nothing direct has answered for a moment.
	settings.SetHostAcceptanceMinWait(0)
	settings.SetPrflxAcceptanceMinWait(0)
	settings.SetSrflxAcceptanceMinWait(0)
	settings.SetRelayAcceptanceMinWait(relayWait)
	settings.SetDTLSRetransmissionInterval(150 * time.Millisecond)
	settings.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	// What pages send is small; this bounds what a flood can make us keep.
	settings.SetSCTPMaxReceiveBufferSize(256 << 10)
	settings.SetSCTPMaxMessageSize(64 << 10)

	loopback := cfg.Loopback || !hasNetwork()
	settings.SetIncludeLoopbackCandidate(loopback)
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	t := &transport{oneByOne: cfg.OneByOne}
	if cfg.UDPPort != 0 {
		options := []ice.UDPMuxFromPortOption{
			ice.UDPMuxFromPortWithLogger(pionLogs{cfg.Logger}.NewLogger("ice")), ice.UDPMuxFromPortWithIPFilter(worthListening),
		}
		if !t.oneByOne {
			sockets, err := bunch.NewSockets()
			if err != nil {
				return nil, err
			}
			t.sockets = sockets
			options = append(options, ice.UDPMuxFromPortWithNet(sockets))
		}
		if loopback {
			options = append(options, ice.UDPMuxFromPortWithLoopback())
		}
		mux, err := ice.NewMultiUDPMuxFromPort(cfg.UDPPort, options...)
		if err != nil {
			return nil, fmt.Errorf("listen on UDP port %d: %w", cfg.UDPPort, err)
		}
		t.mux = mux
	}
	if cfg.TCPPort != 0 {
		var err error
		if t.tcp, err = icetcp.Listen(cfg.TCPPort, cfg.Logger); err != nil {
			t.close()
			return nil, err
		}
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
		settings.SetICETCPMux(t.tcp)
		settings.DisableActiveTCP(true) // a page names addresses, and we connect to none
	}
	settings.SetNetworkTypes(networks)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.close()
		return nil, fmt.Errorf("make a key: %w", err)
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		t.close()
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	t.certificate = *certificate
	t.media, t.settings = media, settings
	return t, nil
}

// api makes one viewer's peer connection. There are no interceptors: numbering, history, reports and feedback are the
// sender's, which knows frames and not only packets.
func (t *transport) api(f feedback, b *bunch.Bunch) (*webrtc.API, error) {
	settings := t.settings
	settings.BufferFactory = f.buffer
	switch {
	case t.sockets != nil:
		settings.SetICEUDPMux(t.sockets.Share(t.mux, b))
	case t.mux != nil:
		settings.SetICEUDPMux(t.mux)
	case !t.oneByOne:
		own, err := b.Net()
		if err != nil {
			return nil, err
		}
		settings.SetNet(own)
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(t.media), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(&interceptor.Registry{})), nil
}

func (t *transport) close() {
	if t.mux != nil {
		_ = t.mux.Close()
	}
	if t.tcp != nil {
		_ = t.tcp.Close()
	}
}

// worthListening leaves out IPv6's link-local addresses. A page can't name the interface that goes with one, and those of
// a container's cable come and go: for a second after each start of a container nobody can listen there, and pion then
// listens nowhere.
func worthListening(ip net.IP) bool { return ip.To4() != nil || !ip.IsLinkLocalUnicast() }

// hasNetwork tells whether there is an address that another machine could reach.
func hasNetwork() bool {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, address := range addresses {
		if ip, ok := address.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() {
			return true
		}
	}
	return false
}

var (
	videoFeedback = []webrtc.RTCPFeedback{
		{Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: webrtc.TypeRTCPFBTransportCC},
	}

	// codecMain is H.264 in main profile: fewer bytes for the same picture, for those who offer it.
	codecMain = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeH264, ClockRate: videoRate, RTCPFeedback: videoFeedback,
			SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;" + mainLevel,
		},
		PayloadType: 104,
	}
	codecH264 = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeH264, ClockRate: videoRate, RTCPFeedback: videoFeedback,
			SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		},
		PayloadType: 102,
	}
	codecVP8 = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeVP8, ClockRate: videoRate, RTCPFeedback: videoFeedback,
		},
		PayloadType: 96,
	}
	codecOpus = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: audioRate, Channels: 2,
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: webrtc.TypeRTCPFBTransportCC}},
			SDPFmtpLine:  "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1",
		},
		PayloadType: 111,
	}
)

// mainLevel marks main profile, level 3.1, in a fmtp line (RFC 6184 section 8.1).
const mainLevel = "profile-level-id=4d001f"

// retransmission is the codec of RFC 4588 for another one.
func retransmission(of webrtc.RTPCodecParameters) webrtc.RTPCodecParameters {
	return webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeRTX, ClockRate: videoRate, SDPFmtpLine: fmt.Sprintf("apt=%d", of.PayloadType),
		},
		PayloadType: of.PayloadType + 1,
	}
}

func registerCodecs(media *webrtc.MediaEngine) error {
	for _, c := range []webrtc.RTPCodecParameters{codecMain, codecH264, codecVP8} {
		for _, one := range []webrtc.RTPCodecParameters{c, retransmission(c)} {
			if err := media.RegisterCodec(one, webrtc.RTPCodecTypeVideo); err != nil {
				return fmt.Errorf("register %s: %w", one.MimeType, err)
			}
		}
	}
	if err := media.RegisterCodec(codecOpus, webrtc.RTPCodecTypeAudio); err != nil {
		return fmt.Errorf("register Opus: %w", err)
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		for _, uri := range []string{sdp.SDESMidURI, sdp.TransportCCURI} {
			if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return fmt.Errorf("register %s: %w", uri, err)
			}
		}
	}
	playoutDelay := webrtc.RTPHeaderExtensionCapability{URI: playoutDelayURI}
	if err := media.RegisterHeaderExtension(playoutDelay, webrtc.RTPCodecTypeVideo); err != nil {
		return fmt.Errorf("register playout-delay: %w", err)
	}
	return nil
}
