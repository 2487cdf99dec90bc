package codec

// #include <libavutil/error.h>
// #include <libavutil/log.h>
// static int turtus_encoder_not_found(void) { return AVERROR_ENCODER_NOT_FOUND; }
// static void turtus_quiet(void) { av_log_set_level(AV_LOG_ERROR); }
import "C"

import "errors"

// The libraries print progress and statistics on standard error; only what went wrong is worth a line.
func init() { C.turtus_quiet() }

// ffmpegError turns a negative AVERROR into an error.
func ffmpegError(code C.int) error {
	if code == C.turtus_encoder_not_found() {
		return ErrUnavailable
	}
	var text [C.AV_ERROR_MAX_STRING_SIZE]C.char
	C.av_strerror(code, &text[0], C.AV_ERROR_MAX_STRING_SIZE)
	return errors.New(C.GoString(&text[0]))
}
