#include "scale.h"

#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

// Area averaging keeps text legible when a layer is a half or a third of the picture. libswscale
// has it too, but knows no damage.

enum {
    ROWS = 8,     // bits of the weights of rows, whose sums fit 16 bits without a sign
    COLUMNS = 14, // and of columns, which fit 16 bits with one
};

static int axis_init(turtus_axis *a, int from, int to, int bits) {
    a->from = from;
    a->to = to;
    a->taps = (from + to - 1) / to + (from % to != 0);
    a->taps += a->taps & 1; // pairs, for sum_four_columns
    if (a->taps > from)
        a->taps = from;
    a->first = malloc(to * sizeof *a->first);
    a->weights = calloc((size_t)to * a->taps, sizeof *a->weights);
    if (!a->first || !a->weights)
        return -1;
    for (int i = 0; i < to; i++) {
        // In units of 1/to of a source sample, result i covers [i*from, (i+1)*from).
        int64_t start = (int64_t)i * from, end = start + from;
        int first = (int)(start / to);
        // Taps beyond the edge have the weight 0; they move inside so as not to be read there.
        a->first[i] = first + a->taps <= from ? first : from - a->taps;
        int64_t covered = 0, given = 0;
        for (int sample = first; (int64_t)sample * to < end; sample++) {
            int64_t left = (int64_t)sample * to, right = left + to;
            covered += (right < end ? right : end) - (left > start ? left : start);
            int64_t upto = ((covered << bits) + from / 2) / from; // so that they sum to 256 whatever the rounding
            a->weights[(size_t)i * a->taps + sample - a->first[i]] = (uint16_t)(upto - given);
            given = upto;
        }
    }
    return 0;
}

static void axis_free(turtus_axis *a) {
    free(a->first);
    free(a->weights);
}

turtus_scaler *turtus_scaler_new(int src_width, int src_height, int dst_width, int dst_height) {
    turtus_scaler *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->row = malloc(src_width * sizeof *s->row);
    if (!s->row || axis_init(&s->x[0], src_width, dst_width, COLUMNS) || axis_init(&s->x[1], src_width / 2, dst_width / 2, COLUMNS) ||
        axis_init(&s->y[0], src_height, dst_height, ROWS) || axis_init(&s->y[1], src_height / 2, dst_height / 2, ROWS)) {
        turtus_scaler_free(s);
        return NULL;
    }
    return s;
}

void turtus_scaler_free(turtus_scaler *s) {
    if (!s)
        return;
    for (int i = 0; i < 2; i++) {
        axis_free(&s->x[i]);
        axis_free(&s->y[i]);
    }
    free(s->row);
    free(s);
}

static int least(int a, int b) { return a < b ? a : b; }

// The results that show the source's samples [lo,hi).
static void axis_covers(const turtus_axis *a, int lo, int hi, int *first, int *end) {
    *first = (int)((int64_t)lo * a->to / a->from);
    *end = least((int)(((int64_t)hi * a->to + a->from - 1) / a->from), a->to);
}

// Sums the rows that make one row of the result, from sample lo to hi. No sum overflows: 255 << ROWS is the most.
static void sum_rows(uint16_t *restrict row, const uint8_t *restrict src, ptrdiff_t stride, const uint16_t *weights, int taps, int lo, int hi) {
    uint16_t w = weights[0];
    for (int x = lo; x < hi; x++)
        row[x] = (uint16_t)(w * src[x]);
    for (int k = 1; k < taps; k++) {
        src += stride;
        if ((w = weights[k]) == 0)
            continue;
        for (int x = lo; x < hi; x++)
            row[x] = (uint16_t)(row[x] + w * src[x]);
    }
}

#ifdef __SSE2__
// Four columns of two or four taps, which serves down to a third.
static inline void sum_four_columns(uint8_t *dst, const uint16_t *row, const int *first, const uint16_t *weights, int taps) {
    // The products are signed, so the sums of rows are taken about their middle.
    const __m128i middle = _mm_set1_epi16((short)0x8000), add = _mm_set1_epi32((1 << (15 + COLUMNS)) + (1 << (ROWS + COLUMNS - 1)));
    __m128i sum;
    if (taps == 2) {
        int32_t pairs[4];
        for (int i = 0; i < 4; i++)
            memcpy(&pairs[i], row + first[i], 4);
        __m128i from = _mm_xor_si128(_mm_set_epi32(pairs[3], pairs[2], pairs[1], pairs[0]), middle);
        sum = _mm_madd_epi16(from, _mm_loadu_si128((const __m128i *)weights));
    } else {
        __m128i half[2];
        for (int i = 0; i < 2; i++) {
            __m128i left = _mm_loadl_epi64((const __m128i *)(row + first[2 * i])), right = _mm_loadl_epi64((const __m128i *)(row + first[2 * i + 1]));
            half[i] = _mm_madd_epi16(_mm_xor_si128(_mm_unpacklo_epi64(left, right), middle), _mm_loadu_si128((const __m128i *)(weights + 8 * i)));
        }
        __m128 a = _mm_castsi128_ps(half[0]), b = _mm_castsi128_ps(half[1]);
        sum = _mm_add_epi32(_mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0))), _mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1))));
    }
    sum = _mm_srli_epi32(_mm_add_epi32(sum, add), ROWS + COLUMNS);
    sum = _mm_packs_epi32(sum, sum);
    int32_t four = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
    memcpy(dst, &four, 4);
}
#endif

static void sum_columns(uint8_t *restrict dst, const uint16_t *restrict row, const turtus_axis *a, int lo, int hi) {
    int x = lo;
#ifdef __SSE2__
    if (a->taps == 2)
        for (; x + 4 <= hi; x += 4)
            sum_four_columns(dst + x, row, a->first + x, a->weights + 2 * x, 2);
    else if (a->taps == 4)
        for (; x + 4 <= hi; x += 4)
            sum_four_columns(dst + x, row, a->first + x, a->weights + 4 * x, 4);
#endif
    for (; x < hi; x++) {
        const uint16_t *from = row + a->first[x], *weights = a->weights + (size_t)x * a->taps;
        uint32_t sum = 1 << (ROWS + COLUMNS - 1);
        for (int k = 0; k < a->taps; k++)
            sum += (uint32_t)from[k] * weights[k];
        dst[x] = (uint8_t)(sum >> (ROWS + COLUMNS));
    }
}

// A half needs no weights.
static void halve(uint8_t *restrict dst, const uint8_t *restrict top, const uint8_t *restrict bottom, int lo, int hi) {
    for (int x = lo; x < hi; x++)
        dst[x] = (uint8_t)((top[2 * x] + top[2 * x + 1] + bottom[2 * x] + bottom[2 * x + 1] + 2) >> 2);
}

static void scale_plane(turtus_scaler *s, int chroma, uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t src_stride, int x0, int y0, int x1, int y1) {
    const turtus_axis *ax = &s->x[chroma], *ay = &s->y[chroma];
    int left, right, top, bottom;
    axis_covers(ax, x0, x1, &left, &right);
    axis_covers(ay, y0, y1, &top, &bottom);
    if (left >= right)
        return;
    int lo = ax->first[left], hi = ax->first[right - 1] + ax->taps;
    if (ax->from == 2 * ax->to && ay->from == 2 * ay->to) {
        for (int y = top; y < bottom; y++)
            halve(dst + y * dst_stride, src + 2 * y * src_stride, src + (2 * y + 1) * src_stride, left, right);
        return;
    }
    for (int y = top; y < bottom; y++) {
        sum_rows(s->row, src + ay->first[y] * src_stride, src_stride, ay->weights + (size_t)y * ay->taps, ay->taps, lo, hi);
        sum_columns(dst + y * dst_stride, s->row, ax, left, right);
    }
}

void turtus_scaler_scale(turtus_scaler *s, AVFrame *dst, const AVFrame *src, int x0, int y0, int x1, int y1) {
    for (int plane = 0; plane < 3; plane++) {
        int chroma = plane > 0;
        scale_plane(s, chroma, dst->data[plane], dst->linesize[plane], src->data[plane], src->linesize[plane],
                    x0 >> chroma, y0 >> chroma, (x1 + chroma) >> chroma, (y1 + chroma) >> chroma);
    }
}
