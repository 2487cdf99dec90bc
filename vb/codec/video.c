#include "video.h"

#include <libavutil/opt.h>

static int prepare(turtus_video *enc, const char *name, const turtus_video_options *opt) {
    const AVCodec *codec = avcodec_find_encoder_by_name(name);
    if (!codec)
        return AVERROR_ENCODER_NOT_FOUND;
    enc->ctx = avcodec_alloc_context3(codec);
    enc->frame = av_frame_alloc();
    enc->packet = av_packet_alloc();
    if (!enc->ctx || !enc->frame || !enc->packet)
        return AVERROR(ENOMEM);
    AVCodecContext *ctx = enc->ctx;
    ctx->width = opt->width;
    ctx->height = opt->height;
    ctx->pix_fmt = AV_PIX_FMT_YUV420P;
    // Only the matrix differs from what the X server's pixels are (sRGB): were the
    // primaries or the transfer those of SMPTE 170M too, a browser would convert
    // between colour spaces and the page would not show the server's colours.
    ctx->color_range = AVCOL_RANGE_MPEG;
    ctx->colorspace = AVCOL_SPC_SMPTE170M;
    ctx->color_primaries = AVCOL_PRI_BT709;
    ctx->color_trc = AVCOL_TRC_IEC61966_2_1;
    ctx->thread_count = opt->threads;
    ctx->max_b_frames = 0;
    ctx->rc_max_rate = opt->bitrate;
    ctx->rc_buffer_size = (int)opt->buffer;
    return 0;
}

int turtus_vp8_open(turtus_video *enc, const turtus_video_options *opt) {
    int rc = prepare(enc, "libvpx", opt);
    if (rc < 0)
        return rc;
    AVCodecContext *ctx = enc->ctx;
    ctx->time_base = (AVRational){1, TURTUS_VP8_TICKS_PER_SECOND};
    ctx->framerate = (AVRational){opt->frame_rate, 1};
    ctx->bit_rate = ctx->rc_min_rate = opt->bitrate;
    // The first frame has no forerunner to be timed by; libvpx takes its duration for the
    // frame rate, and with the one tick that libavcodec says by default, would starve it.
#if LIBAVCODEC_VERSION_MAJOR < 61
    ctx->ticks_per_frame = TURTUS_VP8_TICKS_PER_SECOND / opt->frame_rate;
#endif
    // Equal and far away: no keyframe but those asked for.
    ctx->gop_size = ctx->keyint_min = 1 << 24;
    // The floor is what a still picture is refined to: near 49 dB. Below it libvpx would
    // go on spending the whole bitrate on nothing visible.
    ctx->qmin = 8;
    ctx->qmax = 63; // as coarse as need be: the cap is to hold on anything
    av_opt_set(ctx->priv_data, "deadline", "realtime", 0);
    // Measured: -4 costs 80 % more time for 1.5 dB; -8 and faster lose track of scrolled text (27 dB).
    av_opt_set(ctx->priv_data, "cpu-used", "-6", 0);
    av_opt_set(ctx->priv_data, "lag-in-frames", "0", 0);
    av_opt_set(ctx->priv_data, "error-resilient", "default", 0);
    av_opt_set(ctx->priv_data, "static-thresh", "1", 0);
    // A keyframe may take the whole buffer, said in percent of a frame's share of the bitrate.
    int64_t intra = opt->buffer * opt->frame_rate * 100 / opt->bitrate;
    av_opt_set_int(ctx->priv_data, "max-intra-rate", intra < 300 ? 300 : intra, 0);

    return avcodec_open2(ctx, NULL, NULL);
}

int turtus_video_encode(turtus_video *enc, const AVFrame *image, int64_t pts, int key, turtus_video_result *out) {
    AVCodecContext *ctx = enc->ctx;
    int rc = av_frame_ref(enc->frame, image);
    if (rc < 0)
        return rc;
    enc->frame->pts = pts;
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    enc->frame->duration = av_rescale_q(1, av_inv_q(ctx->framerate), ctx->time_base);
#endif
    enc->frame->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    rc = avcodec_send_frame(ctx, enc->frame);
    av_frame_unref(enc->frame);
    if (rc < 0)
        return rc;
    av_packet_unref(enc->packet);
    rc = avcodec_receive_packet(ctx, enc->packet);
    if (rc < 0)
        return rc;
    *out = (turtus_video_result){
        .data = enc->packet->data,
        .size = enc->packet->size,
        .key = !!(enc->packet->flags & AV_PKT_FLAG_KEY),
        .qp = -1,
    };
    return 0;
}

void turtus_video_close(turtus_video *enc) {
    avcodec_free_context(&enc->ctx);
    av_frame_free(&enc->frame);
    av_packet_free(&enc->packet);
}
