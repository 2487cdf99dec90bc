// The VP8 encoder, by libavcodec. Called by vp8.go.
#ifndef TURTUS_VIDEO_H
#define TURTUS_VIDEO_H

#include <stdint.h>

#include <libavcodec/avcodec.h>

// Fine enough that a bitrate an eighth of the first (see video.go) still tells frames apart.
#define TURTUS_VP8_TICKS_PER_SECOND 90000

typedef struct turtus_video {
    AVCodecContext *ctx;
    AVFrame *frame; // a reference to the caller's image, for the time of one call
    AVPacket *packet;
} turtus_video;

typedef struct turtus_video_options {
    int width, height, frame_rate, threads;
    int64_t bitrate, buffer; // bits per second, bits
} turtus_video_options;

typedef struct turtus_video_result {
    const uint8_t *data; // valid until the next call
    int size, key, qp;
} turtus_video_result;

// All return 0 or a negative AVERROR.
int turtus_vp8_open(turtus_video *enc, const turtus_video_options *opt);
int turtus_video_encode(turtus_video *enc, const AVFrame *image, int64_t pts, int key, turtus_video_result *out);
void turtus_video_close(turtus_video *enc);

#endif
