// Package codec turns the X server's pixels into H.264 or VP8 and the room's
// sound into Opus, on libx264 and FFmpeg's libraries, in this process. Package stream
// calls it: one Image a size, one VideoEncoder a layer, one OpusEncoder a room.
//
// What always holds:
//
//   - Every call to Encode returns the packet of the very frame or block given:
//     no lookahead, no B-frames, no frame threads, nothing to flush.
//   - The buffers live in C memory and are freed by Close alone; no finalizer
//     helps. After Close every method returns ErrClosed, and a second Close does
//     nothing.
//   - A value may be used by one goroutine at a time; nothing here locks.
//     Different values may be used at once, and several encoders may read one
//     Image at once so long as nobody converts into it.
//   - Per call the only memory left to Go's collector is the packet's own.
package codec

// #cgo pkg-config: libavcodec libavutil x264
// #cgo CFLAGS: -O3 -Wall
import "C"
