#include "decoder.h"

#include <string.h>

int decoder_open(decoder *d, const char *name) {
    const AVCodec *codec = avcodec_find_decoder_by_name(name);
    if (!codec)
        return AVERROR_DECODER_NOT_FOUND;
    d->ctx = avcodec_alloc_context3(codec);
    d->packet = av_packet_alloc();
    d->frame = av_frame_alloc();
    if (!d->ctx || !d->packet || !d->frame)
        return AVERROR(ENOMEM);
    d->ctx->thread_count = 1;
    d->ctx->flags |= AV_CODEC_FLAG_LOW_DELAY;
    d->ctx->err_recognition = AV_EF_EXPLODE;
    d->ctx->sample_rate = 48000;
    return avcodec_open2(d->ctx, codec, NULL);
}

int decoder_decode(decoder *d, const uint8_t *data, int size) {
    av_packet_unref(d->packet);
    int rc = av_new_packet(d->packet, size); // a copy, with the padding that decoders read over
    if (rc < 0)
        return rc;
    memcpy(d->packet->data, data, size);
    rc = avcodec_send_packet(d->ctx, d->packet);
    if (rc < 0)
        return rc;
    return avcodec_receive_frame(d->ctx, d->frame);
}

void decoder_close(decoder *d) {
    avcodec_free_context(&d->ctx);
    av_packet_free(&d->packet);
    av_frame_free(&d->frame);
}
