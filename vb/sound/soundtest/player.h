#ifndef TURTUS_PLAYER_H
#define TURTUS_PLAYER_H

#include <stdint.h>

#include <pulse/pulseaudio.h>

typedef struct player {
    pa_threaded_mainloop *loop;
    pa_context *context;
    pa_stream *stream;
    int clicks;    // frames of a click still to be written
    int64_t heard; // when the last click is, in microseconds of CLOCK_MONOTONIC; 0 until it is written
} player;

// Plays silence at 48 kHz stereo with the buffers that Firefox's sound library asks for when it is told of a latency
// of so many frames; returns when it plays. NULL when the server refuses.
player *player_open(const char *server, uint32_t latency_frames);
// Plays a click of 10 ms as soon as it can, waits until it is written, and tells in how many microseconds it is heard.
// Negative when the server is gone.
int player_click(player *p, int64_t *heard);
// Stops playing, or goes on.
int player_pause(player *p, int paused);
void player_close(player *p);

#endif
