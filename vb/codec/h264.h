// The H.264 encoder, on libx264. Called by h264.go.
#ifndef TURTUS_H264_H
#define TURTUS_H264_H

#include <stdint.h>

#include <libavutil/frame.h>
#include <x264.h>

#include "video.h"

typedef enum turtus_h264_search {
    TURTUS_SEARCH_QUICK,    // where the neighbours are as predicted, small differences are let pass
    TURTUS_SEARCH_THOROUGH, // all are searched for, worth a quarter of a dB to film for a quarter more time
    TURTUS_SEARCH_STILL,    // nothing moves; not even a lone small coefficient is let pass
} turtus_h264_search;

typedef struct turtus_h264 {
    x264_t *encoder;
    x264_param_t param;
    uint8_t *unchanged; // of each macroblock, X264_MBINFO_CONSTANT or 0; the caller fills it before each frame
    turtus_h264_search mode;
    int frames;
} turtus_h264;

typedef struct turtus_h264_options {
    int width, height, frame_rate, threads;
    const char *profile;
} turtus_h264_options;

// All return 0, or -1 where x264 refuses or there is no memory.
int turtus_h264_open(turtus_h264 *enc, const turtus_h264_options *opt);
int turtus_h264_encode(turtus_h264 *enc, const AVFrame *image, int quantizer, int key, turtus_h264_search mode, turtus_video_result *out);
void turtus_h264_close(turtus_h264 *enc);

#endif
