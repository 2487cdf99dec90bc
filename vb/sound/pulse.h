// Recording by libpulse's asynchronous interface, for its simple one can't be
// interrupted. Called by recorder.go.
#ifndef TURTUS_PULSE_H
#define TURTUS_PULSE_H

#include <stddef.h>
#include <stdint.h>

#include <pulse/pulseaudio.h>

typedef struct turtus_pulse {
    pa_threaded_mainloop *loop;
    pa_context *context;
    pa_stream *stream;
    size_t consumed; // of the fragment now peeked at, in bytes
    int interrupted;
    // Times are in microseconds of CLOCK_MONOTONIC, as Go's.
    int timed;      // origin is known
    int64_t origin; // when the first byte of the recording was heard, had all been recorded since
    int64_t error;  // how far origin may be off
    int64_t measured;
    int asking; // requests for the stream's timing that are under way; only the last counts
    int64_t asked;
} turtus_pulse;

// Returned instead of waiting on, after turtus_pulse_interrupt. Errors of libpulse are its negated codes.
enum { TURTUS_PULSE_INTERRUPTED = -1000 };

// Begins to connect. NULL when there is no memory.
turtus_pulse *turtus_pulse_new(const char *server);
// Waits until the server has let us in; again after an interruption.
int turtus_pulse_connected(turtus_pulse *p);
// Begins to record fragments of the given size in bytes.
int turtus_pulse_record(turtus_pulse *p, const char *source, uint32_t rate, uint8_t channels, uint32_t fragment);
// Waits until the recording runs and its timing is known; again after an interruption.
int turtus_pulse_recording(turtus_pulse *p);
// Waits for at least one byte, takes up to size, and says how many, with how many microseconds ago the first of them
// was heard; negative when it is yet to be. Silence fills what the server dropped.
int turtus_pulse_read(turtus_pulse *p, void *to, size_t size, int64_t *age);
// Makes the call now waiting, or the next one to wait, return. From any thread.
void turtus_pulse_interrupt(turtus_pulse *p);
void turtus_pulse_free(turtus_pulse *p);

#endif
