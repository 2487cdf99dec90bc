#include "video.h"
#include <stdlib.h>

#include <libavutil/intreadwrite.h>
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

int turtus_h264_open(turtus_video *enc, const turtus_video_options *opt) {
    int rc = prepare(enc, "libx264", opt);
    if (rc < 0)
        return rc;
    AVCodecContext *ctx = enc->ctx;
    ctx->time_base = (AVRational){1, opt->frame_rate};
    ctx->framerate = (AVRational){opt->frame_rate, 1};
    // Slices, never frame threads: those hold a frame back each.
    ctx->thread_type = FF_THREAD_SLICE;
    const char *preset = getenv("X264_PRESET");
    av_opt_set(ctx->priv_data, "preset", preset ? preset : "superfast", 0);
    av_opt_set(ctx->priv_data, "tune", "zerolatency", 0);
    av_opt_set(ctx->priv_data, "profile", "baseline", 0);
    av_opt_set(ctx->priv_data, "forced-idr", "1", 0);
    const char *params = getenv("X264_PARAMS");
    av_opt_set(ctx->priv_data, "x264-params", params ? params : "keyint=infinite:scenecut=0", 0);
    av_opt_set_double(ctx->priv_data, "crf", opt->quality, 0);
    return avcodec_open2(ctx, NULL, NULL);
}

int turtus_vp8_open(turtus_video *enc, const turtus_video_options *opt) {
    int rc = prepare(enc, "libvpx", opt);
    if (rc < 0)
        return rc;
    AVCodecContext *ctx = enc->ctx;
    ctx->time_base = (AVRational){1, 90000};
    ctx->framerate = (AVRational){opt->frame_rate, 1};
    ctx->bit_rate = ctx->rc_min_rate = opt->bitrate;
    ctx->gop_size = -1;
    ctx->qmin = 2;
    ctx->qmax = 56;
    const char *cpu = getenv("VPX_CPU");
    av_opt_set(ctx->priv_data, "deadline", "realtime", 0);
    av_opt_set(ctx->priv_data, "cpu-used", cpu ? cpu : "-6", 0);
    av_opt_set(ctx->priv_data, "lag-in-frames", "0", 0);
    av_opt_set(ctx->priv_data, "error-resilient", "default", 0);
    av_opt_set(ctx->priv_data, "static-thresh", "1", 0);
    return avcodec_open2(ctx, NULL, NULL);
}

int turtus_video_encode(turtus_video *enc, const AVFrame *image, int64_t pts, int key, double quality, turtus_video_result *out) {
    AVCodecContext *ctx = enc->ctx;
    // libavcodec's wrapper of x264 compares this with what it set last and reconfigures x264.
    if (ctx->codec_id == AV_CODEC_ID_H264)
        av_opt_set_double(ctx->priv_data, "crf", quality, 0);
    int rc = av_frame_ref(enc->frame, image);
    if (rc < 0)
        return rc;
    enc->frame->pts = pts;
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
    const uint8_t *stats = av_packet_get_side_data(enc->packet, AV_PKT_DATA_QUALITY_STATS, NULL);
    if (stats)
        out->qp = (int)(AV_RL32(stats) / FF_QP2LAMBDA);
    return 0;
}

void turtus_video_set_rate(turtus_video *enc, int64_t bitrate, int64_t buffer) {
    enc->ctx->rc_max_rate = bitrate;
    enc->ctx->rc_buffer_size = (int)buffer;
    if (enc->ctx->codec_id == AV_CODEC_ID_VP8)
        enc->ctx->bit_rate = enc->ctx->rc_min_rate = bitrate;
}

void turtus_video_close(turtus_video *enc) {
    avcodec_free_context(&enc->ctx);
    av_frame_free(&enc->frame);
    av_packet_free(&enc->packet);
}
