// Package sound records what a PulseAudio server plays, by its monitor source,
// with as little delay as the server allows. Package agent opens a Recorder for
// the room's sound server and hands the blocks to codec.OpusEncoder.
//
// Each block carries the time at which its first sample was heard, by the timing
// that the server reports, on the same clock as the pictures' capture times
// (time.Now, monotonic), so that RTCP sender reports can tie sound and picture
// together.
//
// The room's sink should be loaded as "module-null-sink norewinds=1": without that a
// null sink sleeps two seconds before its first sound, and its monitor tells a wrong
// latency for as long. With "module-suspend-on-idle" beside it, nothing wakes up while
// nobody plays, here or in the server, and nothing of the next sound is lost.
package sound
