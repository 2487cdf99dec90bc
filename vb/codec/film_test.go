package codec_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"

	"turtus/vb/codec"
	"turtus/vb/codec/codectest"
)

const (
	filmWidth, filmHeight = 640, 360
	filmFrames            = 120
	filmBegins            = 30 // the rate controls have found their way
)

// The stand-in for others' streaming is x264's veryfast for no latency, at an average rate and nothing else set.
func TestFilmIsBetterThanPlainX264AtTheSameBytesAndLeavesNoQueue(t *testing.T) {
	const bitrate = 1_500_000
	film := codectest.Clip(t, filmWidth, filmHeight, filmFrames)
	s := newStage(t, codec.VideoConfig{Kind: codec.H264, Width: filmWidth, Height: filmHeight, Bitrate: bitrate})
	var planes bytes.Buffer
	var ours float64
	size, queued, waited := 0, 0.0, 0
	for n, p := range film {
		convert(t, s.img, p)
		i420 := s.img.YCbCr()
		for _, plane := range []struct {
			pix           []byte
			stride, width int
		}{{i420.Y, i420.YStride, filmWidth}, {i420.Cb, i420.CStride, filmWidth / 2}, {i420.Cr, i420.CStride, filmWidth / 2}} {
			for row := 0; row < len(plane.pix); row += plane.stride {
				planes.Write(plane.pix[row : row+plane.width])
			}
		}
		packet := s.encode(codec.EncodeOptions{})
		quality := s.dec.Decode(packet.Data).PSNR(p)
		const share = bitrate / 30.0
		queued = max(0, queued-share)
		if n >= filmBegins {
			ours += quality / (filmFrames - filmBegins)
			size += len(packet.Data)
			if queued > share {
				waited++
			}
		}
		queued += float64(len(packet.Data)) * 8
	}
	theirs, theirSize := plainX264(t, film, planes.Bytes(), size)
	t.Logf("%.2f dB in %d bytes, plain x264 %.2f dB in %d; %d frames waited", ours, size, theirs, theirSize, waited)
	if ours < theirs+1 {
		t.Errorf("%.2f dB in %d bytes, plain x264 %.2f dB in %d", ours, size, theirs, theirSize)
	}
	if waited > filmFrames/20 {
		t.Errorf("%d frames found more than a frame's time queued on a link of just the cap", waited)
	}
}

// plainX264 is what x264 makes of the film in constrained baseline, in as many bytes or up to 2 % more.
func plainX264(t *testing.T, film []codec.Picture, planes []byte, size int) (psnr float64, took int) {
	t.Helper()
	raw := []string{"-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", filmWidth, filmHeight), "-r", "30"}
	ffmpeg := func(in []byte, args ...string) []byte {
		t.Helper()
		command := exec.Command("ffmpeg", append([]string{"-v", "error"}, args...)...)
		command.Stdin = bytes.NewReader(in)
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%v: %v", command, err)
		}
		return out
	}
	units := append(append([]string{}, raw...), "-i", "-", "-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryfast", "-tune", "zerolatency", "-threads", "1", "-f", "h264", "-b:v")
	rate := float64(size) * 8 * 30 / (filmFrames - filmBegins)
	for range 8 {
		coded := ffmpeg(planes, append(units, fmt.Sprint(int(rate)), "-")...)
		begin := pictureAt(coded, filmBegins)
		took = len(coded) - begin
		if off := float64(took)/float64(size) - 1; off < 0 || off > 0.02 {
			rate *= 1.01 / (1 + off)
			continue
		}
		decoded := ffmpeg(coded, "-f", "h264", "-i", "-", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
		picture := filmWidth * filmHeight * 3 / 2
		if len(decoded) != len(film)*picture {
			t.Fatalf("%d bytes decoded", len(decoded))
		}
		for n := filmBegins; n < filmFrames; n++ {
			y := decoded[n*picture:][:filmWidth*filmHeight]
			psnr += codectest.Frame{Width: filmWidth, Height: filmHeight, Y: y}.PSNR(film[n]) / (filmFrames - filmBegins)
		}
		return psnr, took
	}
	t.Fatalf("it takes %d bytes and not %d", took, size)
	return 0, 0
}

// pictureAt is where the n-th picture of an Annex B stream begins, counted from 0, for one slice a picture.
func pictureAt(data []byte, n int) int {
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte{0, 0, 1})
		if i < 0 || at+i+3 >= len(data) {
			return len(data)
		}
		at += i
		if kind := data[at+3] & 0x1f; kind == nalSlice || kind == nalIDR {
			if n--; n < 0 {
				return at
			}
		}
		at += 3
	}
}
