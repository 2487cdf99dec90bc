package browser

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"turtus/vb/desktop"
)

// film makes 20 s of 1280x720 at 30 frames a second, of which each is other than the one before everywhere.
func film(b *testing.B) (file string) {
	b.Helper()
	file = filepath.Join(b.TempDir(), "film.mp4")
	output, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "mandelbrot=size=1280x720:rate=30:end_scale=0.01", "-t", "20",
		"-vf", "noise=alls=6:allf=t,format=yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", file).CombinedOutput()
	if err != nil {
		b.Skipf("no film without ffmpeg: %v %s", err, output)
	}
	return file
}

// BenchmarkClickToPaint measures from a press of the mouse to the paint on the X server of the square that it flips: on a
// page at rest, and over a film that fills the page. The copy of the screen is in it, nothing is encoded.
func BenchmarkClickToPaint(b *testing.B) {
	b.Run("still", func(b *testing.B) { clickToPaint(b, "") })
	b.Run("film", func(b *testing.B) {
		file := film(b)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }))
		b.Cleanup(server.Close)
		clickToPaint(b, `<video src="`+server.URL+`" autoplay loop muted style="position:fixed;inset:0;width:100%;height:100%;object-fit:cover"></video>`)
	})
}

func clickToPaint(b *testing.B, below string) {
	url, p := page(b, below+`<div id="square" style="position:fixed;left:40%;width:20%;top:40%;height:40%;background:#d00000"></div><script>
let on = false
addEventListener("pointerdown", () => { on = !on; document.getElementById("square").style.background = on ? "#0000d0" : "#d00000" })</script>`)
	browser, hands := driven(b, url, p)
	screen, err := desktop.NewCapturer(browser.Display())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = screen.Close() })
	// until grabs what is painted until the square is red, or blue.
	until := func(red bool) {
		b.Helper()
		for {
			if err := screen.Wait(b.Context()); err != nil {
				b.Fatal(err)
			}
			f, err := screen.Grab()
			if err != nil {
				b.Fatal(err)
			}
			if p := f.Pix[440*f.Stride+640*4:]; red && p[2] > 150 && p[0] < 100 || !red && p[0] > 150 && p[2] < 100 {
				return
			}
		}
	}
	until(true)
	time.Sleep(5 * time.Second) // what Firefox does after its start is over, and the film plays
	var times []float64
	red := true
	for b.Loop() {
		time.Sleep(250*time.Millisecond + rand.N(300*time.Millisecond))
		if err := hands.Move(540+rand.IntN(8), 390+rand.IntN(8)); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		for _, down := range []bool{true, false} {
			if err := hands.Button(1, down); err != nil {
				b.Fatal(err)
			}
		}
		red = !red
		until(red)
		times = append(times, float64(time.Since(start).Microseconds())/1000)
	}
	slices.Sort(times)
	b.ReportMetric(times[len(times)/2], "p50-ms")
	b.ReportMetric(times[len(times)*99/100], "p99-ms")
	b.ReportMetric(0, "ns/op")
}
