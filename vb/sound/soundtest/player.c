#include "player.h"

#include <stdlib.h>
#include <time.h>

enum { RATE = 48000, CLICK = RATE / 100, LOUD = 20000 };

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void wake(player *p) { pa_threaded_mainloop_signal(p->loop, 0); }

static void on_context(pa_context *c, void *user) { (void)c, wake(user); }
static void on_stream(pa_stream *s, void *user) { (void)s, wake(user); }

// A click begins with the request that comes first, as a sound does that a page starts; or with a later one, while the
// server has not told its latency.
static void on_request(pa_stream *s, size_t bytes, void *user) {
    player *p = user;
    void *to;
    if (pa_stream_begin_write(s, &to, &bytes) < 0)
        return;
    int16_t *pcm = to;
    int frames = bytes / (2 * sizeof *pcm), begins = p->clicks == CLICK;
    pa_usec_t latency;
    int negative;
    if (begins && pa_stream_get_latency(s, &latency, &negative) == 0) {
        p->heard = now() + (negative ? -(int64_t)latency : (int64_t)latency);
        wake(p);
        begins = 0;
    }
    for (int i = 0; i < frames; i++) {
        int16_t v = p->clicks > 0 && !begins ? (p->clicks--, LOUD) : 0;
        pcm[2 * i] = pcm[2 * i + 1] = v;
    }
    pa_stream_write(s, to, 2 * sizeof *pcm * frames, NULL, 0, PA_SEEK_RELATIVE);
}

static int open_locked(player *p, const char *server, uint32_t latency_frames) {
    const pa_sample_spec spec = {.format = PA_SAMPLE_S16NE, .rate = RATE, .channels = 2};
    const uint32_t latency = latency_frames * pa_frame_size(&spec);
    const pa_buffer_attr attr = {
        .maxlength = (uint32_t)-1, .tlength = 2 * latency, .prebuf = (uint32_t)-1, .minreq = latency / 4, .fragsize = (uint32_t)-1};
    pa_context_set_state_callback(p->context, on_context, p);
    if (pa_context_connect(p->context, server, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0 || pa_threaded_mainloop_start(p->loop) < 0)
        return -1;
    while (pa_context_get_state(p->context) != PA_CONTEXT_READY) {
        if (!PA_CONTEXT_IS_GOOD(pa_context_get_state(p->context)))
            return -1;
        pa_threaded_mainloop_wait(p->loop);
    }
    p->stream = pa_stream_new(p->context, "player", &spec, NULL);
    if (!p->stream)
        return -1;
    pa_stream_set_state_callback(p->stream, on_stream, p);
    pa_stream_set_write_callback(p->stream, on_request, p);
    if (pa_stream_connect_playback(p->stream, NULL, &attr,
                                   PA_STREAM_AUTO_TIMING_UPDATE | PA_STREAM_INTERPOLATE_TIMING | PA_STREAM_ADJUST_LATENCY, NULL, NULL) < 0)
        return -1;
    while (pa_stream_get_state(p->stream) != PA_STREAM_READY) {
        if (!PA_STREAM_IS_GOOD(pa_stream_get_state(p->stream)))
            return -1;
        pa_threaded_mainloop_wait(p->loop);
    }
    return 0;
}

player *player_open(const char *server, uint32_t latency_frames) {
    player *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->loop = pa_threaded_mainloop_new();
    pa_threaded_mainloop_lock(p->loop);
    p->context = pa_context_new(pa_threaded_mainloop_get_api(p->loop), "soundtest");
    int rc = open_locked(p, server, latency_frames);
    pa_threaded_mainloop_unlock(p->loop);
    if (rc < 0) {
        player_close(p);
        return NULL;
    }
    return p;
}

int player_click(player *p, int64_t *heard) {
    int rc = 0;
    pa_threaded_mainloop_lock(p->loop);
    p->heard = 0;
    p->clicks = CLICK;
    while (p->heard == 0 && rc == 0) {
        if (!PA_STREAM_IS_GOOD(pa_stream_get_state(p->stream)))
            rc = -1;
        else
            pa_threaded_mainloop_wait(p->loop);
    }
    *heard = p->heard - now();
    pa_threaded_mainloop_unlock(p->loop);
    return rc;
}

int player_pause(player *p, int paused) {
    pa_threaded_mainloop_lock(p->loop);
    pa_operation *o = pa_stream_cork(p->stream, paused, NULL, NULL);
    if (o)
        pa_operation_unref(o);
    pa_threaded_mainloop_unlock(p->loop);
    return o ? 0 : -1;
}

void player_close(player *p) {
    pa_threaded_mainloop_stop(p->loop);
    if (p->stream) {
        pa_stream_disconnect(p->stream);
        pa_stream_unref(p->stream);
    }
    if (p->context) {
        pa_context_disconnect(p->context);
        pa_context_unref(p->context);
    }
    pa_threaded_mainloop_free(p->loop);
    free(p);
}
