#include "pulse.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

// How often the timing of the stream is measured while sound comes in, in microseconds.
enum { MEASURE_EVERY = 1000000 };
// What a measurement loses in worth while it ages: more than a sound clock strays from the monotonic one.
enum { DRIFT_PPM = 500 };

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void wake_on_context(pa_context *context, void *user) {
    (void)context;
    pa_threaded_mainloop_signal(((turtus_pulse *)user)->loop, 0);
}

static void wake_on_stream(pa_stream *stream, void *user) {
    (void)stream;
    pa_threaded_mainloop_signal(((turtus_pulse *)user)->loop, 0);
}

static void wake_on_data(pa_stream *stream, size_t bytes, void *user) {
    (void)bytes;
    wake_on_stream(stream, user);
}

// The server's answer is of one moment between question and answer; of many, those that came back quickest are the
// best. libpulse's own interpolation isn't used: it is some ten milliseconds off after a silence.
static void note_timing(pa_stream *stream, int success, void *user) {
    turtus_pulse *p = user;
    const pa_timing_info *timing = pa_stream_get_timing_info(stream);
    if (--p->asking > 0 || !success || !timing)
        return;
    int64_t t = now(), error = t - p->asked;
    int64_t age = timing->synchronized_clocks ? (int64_t)timing->transport_usec : error / 2;
    if (age > error) // somebody set the clock
        age = error / 2;
    int64_t heard = (int64_t)pa_bytes_to_usec(timing->write_index, pa_stream_get_sample_spec(stream)) +
                    (int64_t)timing->source_usec - (int64_t)timing->sink_usec;
    int64_t origin = t - age - heard;
    int64_t known = p->error + (t - p->measured) * DRIFT_PPM / 1000000;
    if (!p->timed || error <= known || llabs(origin - p->origin) > error + known) {
        p->origin = origin;
        p->error = error;
        p->measured = t;
        p->timed = 1;
    }
    wake_on_stream(stream, user);
}

static int measure(turtus_pulse *p) {
    p->asked = now();
    pa_operation *asked = pa_stream_update_timing_info(p->stream, note_timing, p);
    if (!asked)
        return -1;
    pa_operation_unref(asked);
    p->asking++;
    return 0;
}

// The server suspends its sink while nobody plays. All goes on from another moment then.
static void wake_on_suspended(pa_stream *stream, void *user) {
    turtus_pulse *p = user;
    if (pa_stream_is_suspended(stream) == 0) {
        p->timed = 0;
        measure(p); // what goes wrong shows in the stream's state
    }
    wake_on_stream(stream, user);
}

turtus_pulse *turtus_pulse_new(const char *server) {
    turtus_pulse *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->loop = pa_threaded_mainloop_new();
    if (p->loop)
        p->context = pa_context_new(pa_threaded_mainloop_get_api(p->loop), "turtus");
    if (!p->context) {
        turtus_pulse_free(p);
        return NULL;
    }
    pa_context_set_state_callback(p->context, wake_on_context, p);
    // What goes wrong here shows in the context's state.
    pa_context_connect(p->context, server, PA_CONTEXT_NOAUTOSPAWN, NULL);
    if (pa_threaded_mainloop_start(p->loop) < 0) {
        turtus_pulse_free(p);
        return NULL;
    }
    return p;
}

static int last_error(turtus_pulse *p) {
    int code = pa_context_errno(p->context);
    return code > 0 ? -code : -PA_ERR_UNKNOWN;
}

// Waits for the next signal, with the lock held.
static int wait(turtus_pulse *p) {
    if (!p->interrupted)
        pa_threaded_mainloop_wait(p->loop);
    if (p->interrupted) {
        p->interrupted = 0;
        return TURTUS_PULSE_INTERRUPTED;
    }
    return 0;
}

int turtus_pulse_connected(turtus_pulse *p) {
    int rc = 0;
    pa_threaded_mainloop_lock(p->loop);
    for (;;) {
        pa_context_state_t state = pa_context_get_state(p->context);
        if (state == PA_CONTEXT_READY)
            break;
        if (!PA_CONTEXT_IS_GOOD(state)) {
            rc = last_error(p);
            break;
        }
        if ((rc = wait(p)) < 0)
            break;
    }
    pa_threaded_mainloop_unlock(p->loop);
    return rc;
}

int turtus_pulse_record(turtus_pulse *p, const char *source, uint32_t rate, uint8_t channels, uint32_t fragment) {
    const pa_sample_spec spec = {.format = PA_SAMPLE_S16NE, .rate = rate, .channels = channels};
    // The server is asked for fragments of one block, and with ADJUST_LATENCY turns its
    // own buffers down to suit. The queue holds a second: a reader held up longer has lost anyway.
    const pa_buffer_attr attr = {
        .maxlength = (uint32_t)pa_bytes_per_second(&spec),
        .tlength = (uint32_t)-1,
        .prebuf = (uint32_t)-1,
        .minreq = (uint32_t)-1,
        .fragsize = fragment,
    };
    int rc = 0;
    pa_threaded_mainloop_lock(p->loop);
    p->stream = pa_stream_new(p->context, "room", &spec, NULL);
    if (!p->stream) {
        rc = last_error(p);
    } else {
        pa_stream_set_state_callback(p->stream, wake_on_stream, p);
        pa_stream_set_read_callback(p->stream, wake_on_data, p);
        pa_stream_set_suspended_callback(p->stream, wake_on_suspended, p);
        // The server may rest while nobody plays: nothing is sent here then, and nothing wakes up.
        if (pa_stream_connect_record(p->stream, source, &attr, PA_STREAM_ADJUST_LATENCY | PA_STREAM_DONT_INHIBIT_AUTO_SUSPEND) < 0)
            rc = last_error(p);
    }
    pa_threaded_mainloop_unlock(p->loop);
    return rc;
}

static int stream_good(turtus_pulse *p) {
    return PA_CONTEXT_IS_GOOD(pa_context_get_state(p->context)) && PA_STREAM_IS_GOOD(pa_stream_get_state(p->stream));
}

int turtus_pulse_recording(turtus_pulse *p) {
    int rc = 0;
    pa_threaded_mainloop_lock(p->loop);
    while (!p->timed) {
        if (!stream_good(p) || (pa_stream_get_state(p->stream) == PA_STREAM_READY && p->asking == 0 && measure(p) < 0)) {
            rc = last_error(p);
            break;
        }
        if ((rc = wait(p)) < 0)
            break;
    }
    pa_threaded_mainloop_unlock(p->loop);
    return rc;
}

int turtus_pulse_read(turtus_pulse *p, void *to, size_t size, int64_t *age) {
    int rc = 0;
    pa_threaded_mainloop_lock(p->loop);
    for (;;) {
        const void *data;
        size_t length;
        if (!stream_good(p)) {
            rc = last_error(p);
            break;
        }
        if (pa_stream_peek(p->stream, &data, &length) < 0) {
            rc = last_error(p);
            break;
        }
        if (length == 0 || !p->timed) {
            if ((rc = wait(p)) < 0)
                break;
            continue;
        }
        int64_t t = now();
        if (p->asking == 0 && t - p->asked >= MEASURE_EVERY && measure(p) < 0) {
            rc = last_error(p);
            break;
        }
        // libpulse counts what was dropped, and holds the read index at the fragment's first byte.
        const pa_timing_info *timing = pa_stream_get_timing_info(p->stream);
        if (!timing) {
            rc = last_error(p);
            break;
        }
        *age = t - p->origin - (int64_t)pa_bytes_to_usec(timing->read_index + p->consumed, pa_stream_get_sample_spec(p->stream));
        size_t take = length - p->consumed < size ? length - p->consumed : size;
        if (data)
            memcpy(to, (const char *)data + p->consumed, take);
        else
            memset(to, 0, take);
        p->consumed += take;
        if (p->consumed == length) {
            pa_stream_drop(p->stream);
            p->consumed = 0;
        }
        rc = (int)take;
        break;
    }
    pa_threaded_mainloop_unlock(p->loop);
    return rc;
}

void turtus_pulse_interrupt(turtus_pulse *p) {
    pa_threaded_mainloop_lock(p->loop);
    p->interrupted = 1;
    pa_threaded_mainloop_signal(p->loop, 0);
    pa_threaded_mainloop_unlock(p->loop);
}

void turtus_pulse_free(turtus_pulse *p) {
    if (p->loop)
        pa_threaded_mainloop_stop(p->loop);
    if (p->stream) {
        pa_stream_disconnect(p->stream);
        pa_stream_unref(p->stream);
    }
    if (p->context) {
        pa_context_disconnect(p->context);
        pa_context_unref(p->context);
    }
    if (p->loop)
        pa_threaded_mainloop_free(p->loop);
    free(p);
}
