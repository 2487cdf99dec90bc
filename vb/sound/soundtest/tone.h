#ifndef TURTUS_TONE_H
#define TURTUS_TONE_H

#include <stddef.h>
#include <stdint.h>

#include <pulse/simple.h>

// Begins to play 48 kHz stereo with 20 ms of buffer; NULL when the server refuses.
pa_simple *tone_open(const char *server);
int tone_write(pa_simple *s, const int16_t *pcm, size_t bytes);

#endif
