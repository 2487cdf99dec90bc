// Package stream shows a screen to its viewers by WebRTC and lets one of them drive it. Package agent calls it with what
// it hears from the hub; it knows no WebSocket and no process.
//
//	picture ─ one goroutine: capture, convert, encode ─┐
//	sound ─── one goroutine: record, encode ───────────┤ frames, packetised once
//	                                                   ├─▶ viewer: sender ─▶ peer connection
//	cursor, gate ─ events, control ────────────────────┘           │
//	gate ◀── the only user of mouse and keyboard ◀── data channels ─┘
//
// What always holds:
//
//   - An encoder runs only while somebody receives it, and each frame is encoded and packetised once, whoever watches.
//     Nobody watching: no capture, no recording, no encoder.
//   - A still screen sends nothing. A change after quiet is captured and encoded at once; the frame rate is a ceiling.
//   - A layer is one encoder: the whole picture or the small one. Its cap follows the best of the networks that it goes to,
//     and whoever's is far below that gets the small one: a bad network never lowers another viewer's picture. A viewer
//     changes layers at a keyframe and goes on with the old one until then, in one stream of numbers and timestamps.
//   - No queue stands before the wire: sound goes first, frames that would wait longer than a tenth of a second,
//     or a quarter behind a keyframe, are dropped for a keyframe, and from before a keyframe nothing is sent again.
//   - A sender with nothing to send has no timer.
//   - A viewer's first frame, and the first after one that it missed, is a keyframe; no other viewer waits for that.
//   - Only frames of the control's holder, with the epoch in force, reach the screen. Before the next holder's first one,
//     and when the holder's session ends, everything held is let go.
//   - Timestamps of picture and sound come from one monotonic clock, read when they were captured.
//   - Every goroutine has ended when Run returns.
package stream
