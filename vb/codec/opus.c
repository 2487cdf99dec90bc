#include "opus.h"

#include <string.h>

#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>

enum { RATE = 48000, CHANNELS = 2 };

// FFmpeg 5.1 brought AVChannelLayout, and FFmpeg 7 took the older fields away.
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)
#define SET_STEREO(x) ((x)->ch_layout = (AVChannelLayout)AV_CHANNEL_LAYOUT_STEREO)
#else
#define SET_STEREO(x) ((x)->channel_layout = AV_CH_LAYOUT_STEREO, (x)->channels = CHANNELS)
#endif

int turtus_opus_open(turtus_opus *enc, int frame_milliseconds, int64_t bitrate, int expected_loss) {
    const AVCodec *codec = avcodec_find_encoder_by_name("libopus");
    if (!codec)
        return AVERROR_ENCODER_NOT_FOUND;
    enc->ctx = avcodec_alloc_context3(codec);
    enc->frame = av_frame_alloc();
    enc->packet = av_packet_alloc();
    if (!enc->ctx || !enc->frame || !enc->packet)
        return AVERROR(ENOMEM);
    AVCodecContext *ctx = enc->ctx;
    ctx->sample_fmt = AV_SAMPLE_FMT_S16;
    ctx->sample_rate = RATE;
    ctx->time_base = (AVRational){1, RATE};
    ctx->bit_rate = bitrate;
    SET_STEREO(ctx);
    // Of ten. 10 ms blocks cost two thirds of what 20 ms ones do at libavcodec's default, the highest.
    ctx->compression_level = 5;
    // Not "lowdelay": that leaves out SILK, and with it the forward error correction,
    // to save 4 ms of look-ahead.
    av_opt_set(ctx->priv_data, "application", "audio", 0);
    av_opt_set(ctx->priv_data, "vbr", "on", 0);
    av_opt_set_int(ctx->priv_data, "frame_duration", frame_milliseconds, 0);
    av_opt_set_int(ctx->priv_data, "fec", 1, 0);
    av_opt_set_int(ctx->priv_data, "packet_loss", expected_loss, 0);
    int rc = avcodec_open2(ctx, codec, NULL);
    if (rc < 0)
        return rc;
    enc->frame->pts = 0;
    enc->frame->format = ctx->sample_fmt;
    enc->frame->sample_rate = RATE;
    enc->frame->nb_samples = ctx->frame_size;
    SET_STEREO(enc->frame);
    return av_frame_get_buffer(enc->frame, 0);
}

int turtus_opus_encode(turtus_opus *enc, const int16_t *pcm, const uint8_t **data, int *size) {
    AVFrame *frame = enc->frame;
    int rc = av_frame_make_writable(frame);
    if (rc < 0)
        return rc;
    memcpy(frame->data[0], pcm, sizeof(*pcm) * CHANNELS * frame->nb_samples);
    rc = avcodec_send_frame(enc->ctx, frame);
    if (rc < 0)
        return rc;
    frame->pts += frame->nb_samples;
    av_packet_unref(enc->packet);
    rc = avcodec_receive_packet(enc->ctx, enc->packet);
    if (rc < 0)
        return rc;
    *data = enc->packet->data;
    *size = enc->packet->size;
    return 0;
}

void turtus_opus_close(turtus_opus *enc) {
    avcodec_free_context(&enc->ctx);
    av_frame_free(&enc->frame);
    av_packet_free(&enc->packet);
}
