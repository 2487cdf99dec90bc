#ifndef TURTUS_DECODER_H
#define TURTUS_DECODER_H

#include <libavcodec/avcodec.h>

typedef struct decoder {
    AVCodecContext *ctx;
    AVPacket *packet;
    AVFrame *frame;
} decoder;

int decoder_open(decoder *d, const char *name);
// 0 with d->frame filled, or a negative AVERROR.
int decoder_decode(decoder *d, const uint8_t *data, int size);
void decoder_close(decoder *d);

#endif
