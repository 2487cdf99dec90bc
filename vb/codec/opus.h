// The sound encoder on libavcodec's wrapper of libopus. Called by opus.go.
#ifndef TURTUS_OPUS_H
#define TURTUS_OPUS_H

#include <stdint.h>

#include <libavcodec/avcodec.h>

typedef struct turtus_opus {
    AVCodecContext *ctx;
    AVFrame *frame;
    AVPacket *packet;
} turtus_opus;

// All return 0 or a negative AVERROR.
int turtus_opus_open(turtus_opus *enc, int frame_milliseconds, int64_t bitrate, int expected_loss);
// pcm holds ctx->frame_size samples of both channels, interleaved.
int turtus_opus_encode(turtus_opus *enc, const int16_t *pcm, const uint8_t **data, int *size);
void turtus_opus_close(turtus_opus *enc);

#endif
