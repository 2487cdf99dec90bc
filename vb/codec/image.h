// I420 images: allocation, conversion from BGRX. Called by image.go.
#ifndef TURTUS_IMAGE_H
#define TURTUS_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include <libavutil/frame.h>

// A black I420 frame of an even size, or NULL.
AVFrame *turtus_image_new(int width, int height);
void turtus_image_free(AVFrame *frame);

// Converts the rectangle [x0,x1) by [y0,y1) of the BGRX picture at pix into frame.
// x0 and y0 are even; where x1 or y1 is odd it is the picture's own edge, which is repeated.
void turtus_image_convert(AVFrame *frame, const uint8_t *pix, ptrdiff_t stride, int x0, int y0, int x1, int y1);

#endif
