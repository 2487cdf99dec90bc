#ifndef TURTUS_DESKTOPTEST_WINDOW_H
#define TURTUS_DESKTOPTEST_WINDOW_H

#include <X11/XKBlib.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>

typedef struct {
	Display *display;
	Window window;
	GC gc;
	XIM im;
	XIC ic;
	Atom ping;
	XkbDescPtr map; // NULL until needed
	int gone; // the server died
} window;

typedef struct {
	int type, filtered, x, y;
	unsigned code, state;
	unsigned long keysym;
	char text[64];
} window_event;

window *window_open(const char *display, int x, int y, int width, int height);
void window_fill(window *w, unsigned long rgb, int x, int y, int width, int height);
void window_cursor(window *w, unsigned shape);
int window_next(window *w, window_event *out, int timeout_ms); // 0 when nothing came
unsigned window_state(window *w, char keys[32], int *x, int *y);
void window_lock(window *w, unsigned modifiers);
void window_close(window *w);

#endif
