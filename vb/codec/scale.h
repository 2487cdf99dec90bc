// Area scaling of I420 images. Called by scale.go.
#ifndef TURTUS_SCALE_H
#define TURTUS_SCALE_H

#include <stdint.h>

#include <libavutil/frame.h>

// How one side of a plane maps: sample i of the result is the mean of taps source samples
// from first[i] on, weighed by weights[i * taps...].
typedef struct turtus_axis {
    int from, to, taps;
    int *first;
    uint16_t *weights;
} turtus_axis;

typedef struct turtus_scaler {
    turtus_axis x[2], y[2]; // of luma, of chroma
    uint16_t *row;          // one row of the source's width
} turtus_scaler;

// For even sizes. NULL where there is no memory.
turtus_scaler *turtus_scaler_new(int src_width, int src_height, int dst_width, int dst_height);
void turtus_scaler_free(turtus_scaler *s);

// Brings what shows the source's rectangle [x0,x1) by [y0,y1) into dst.
void turtus_scaler_scale(turtus_scaler *s, AVFrame *dst, const AVFrame *src, int x0, int y0, int x1, int y1);

#endif
