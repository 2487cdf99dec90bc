#include "h264.h"

#include <stdlib.h>

static void search(x264_param_t *p, turtus_h264_search mode) {
    p->analyse.b_fast_pskip = mode == TURTUS_SEARCH_QUICK;
    p->analyse.b_dct_decimate = mode != TURTUS_SEARCH_STILL;
}

int turtus_h264_open(turtus_h264 *enc, const turtus_h264_options *opt) {
    x264_param_t *p = &enc->param;
    if (x264_param_default_preset(p, "superfast", "zerolatency") < 0)
        return -1;
    p->i_log_level = X264_LOG_ERROR;
    p->i_width = opt->width;
    p->i_height = opt->height;
    p->i_csp = X264_CSP_I420;
    p->i_fps_num = opt->frame_rate;
    p->i_fps_den = 1;
    p->b_vfr_input = 0; // frames are counted: to look at their times x264 would hold one back
    // Slices, never frame threads: those hold a frame back each.
    p->i_threads = opt->threads;
    p->b_sliced_threads = opt->threads > 1;
    p->i_keyint_max = X264_KEYINT_MAX_INFINITE;
    p->i_scenecut_threshold = 0;
    p->b_annexb = 1;
    p->b_repeat_headers = 1;
    // Only the matrix differs from what the X server's pixels are (sRGB); see video.c.
    p->vui.b_fullrange = 0;
    p->vui.i_colmatrix = 6;
    p->vui.i_colorprim = 1;
    p->vui.i_transfer = 13;
    // Quantisers come from ratecontrol.go. x264's own control looks at each frame on a smaller scale
    // first, and weighting of references too: that is half of the time that scrolled text takes.
    p->rc.i_rc_method = X264_RC_CQP;
    // x264 keeps forced quantisers between those that it would give to keyframes and to B-frames: 11 and 51.
    p->rc.i_qp_constant = 31;
    p->rc.f_ip_factor = p->rc.f_pb_factor = 10;
    p->analyse.i_weighted_pred = X264_WEIGHTP_NONE;
    p->analyse.b_mb_info = 1;
    // Measured at equal bytes: a smaller dead zone is worth 0.3 dB of film and 0.9 of text; chroma coded 3 steps coarser than luma
    // 0.3 dB of film's luma, for 1 dB of its chroma, which has less to show at half the resolution.
    p->analyse.i_luma_deadzone[0] = 12;
    p->analyse.i_chroma_qp_offset = 3;
    // Half and quarter pixels, by absolute differences. Measured on film at 4 Mbit/s, refining by transformed differences (3)
    // is worth another 0.1 dB for a third more time, and a second reference 0.06 dB for a seventh.
    p->analyse.i_subpel_refine = 1;
    p->i_frame_reference = 1;
    search(p, TURTUS_SEARCH_QUICK);
    if (x264_param_apply_profile(p, opt->profile) < 0)
        return -1;
    enc->unchanged = calloc((size_t)((opt->width + 15) / 16) * ((opt->height + 15) / 16), 1);
    if (!enc->unchanged)
        return -1;
    enc->encoder = x264_encoder_open(p);
    if (!enc->encoder)
        return -1;
    x264_encoder_parameters(enc->encoder, p);
    enc->mode = TURTUS_SEARCH_QUICK;
    return 0;
}

int turtus_h264_encode(turtus_h264 *enc, const AVFrame *image, int quantizer, int key, turtus_h264_search mode, turtus_video_result *out) {
    if (enc->mode != mode) {
        search(&enc->param, mode);
        if (x264_encoder_reconfig(enc->encoder, &enc->param) < 0)
            return -1;
        enc->mode = mode;
    }
    x264_picture_t in, coded;
    x264_picture_init(&in);
    in.i_type = key ? X264_TYPE_IDR : X264_TYPE_P;
    in.i_qpplus1 = quantizer + 1;
    in.i_pts = enc->frames++;
    in.prop.mb_info = enc->unchanged;
    in.img.i_csp = X264_CSP_I420;
    in.img.i_plane = 3;
    for (int i = 0; i < 3; i++) {
        in.img.plane[i] = image->data[i];
        in.img.i_stride[i] = image->linesize[i];
    }
    x264_nal_t *units;
    int count;
    int size = x264_encoder_encode(enc->encoder, &units, &count, &in, &coded);
    if (size <= 0)
        return -1;
    *out = (turtus_video_result){
        .data = units[0].p_payload, // the units lie one behind the other
        .size = size,
        .key = coded.b_keyframe,
        .qp = quantizer,
    };
    return 0;
}

void turtus_h264_close(turtus_h264 *enc) {
    if (enc->encoder)
        x264_encoder_close(enc->encoder);
    free(enc->unchanged);
    *enc = (turtus_h264){0};
}
