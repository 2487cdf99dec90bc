#include "tone.h"

pa_simple *tone_open(const char *server) {
    const pa_sample_spec spec = {.format = PA_SAMPLE_S16NE, .rate = 48000, .channels = 2};
    const pa_buffer_attr attr = {
        .maxlength = (uint32_t)-1,
        .tlength = (uint32_t)pa_usec_to_bytes(20000, &spec),
        .prebuf = (uint32_t)-1,
        .minreq = (uint32_t)-1,
        .fragsize = (uint32_t)-1,
    };
    return pa_simple_new(server, "soundtest", PA_STREAM_PLAYBACK, NULL, "tone", &spec, NULL, &attr, NULL);
}

int tone_write(pa_simple *s, const int16_t *pcm, size_t bytes) { return pa_simple_write(s, pcm, bytes, NULL); }
