#include "x11.h"

struct start {
	connection *c;
	int event, done;
};

static void guarded_start(void *argument) {
	struct start *s = argument;
	Display *d = s->c->display;
	int error, major, minor;
	if (!XFixesQueryExtension(d, &s->event, &error) || !XFixesQueryVersion(d, &major, &minor)) return;
	XFixesSelectCursorInput(d, s->c->root, XFixesDisplayCursorNotifyMask);
	XFlush(d);
	s->done = 1;
}

int cursor_start(connection *c, int *event) {
	struct start s = {.c = c};
	int done = connection_start(c, guarded_start, &s) && s.done;
	*event = s.event;
	return done;
}

int cursor_events(connection *c, int event) {
	int changed = 0;
	while (alive(c) && XPending(c->display) > 0) {
		XEvent e;
		XNextEvent(c->display, &e);
		if (e.type == event + XFixesCursorNotify) changed = 1;
	}
	return changed;
}
