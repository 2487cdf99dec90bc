#include "x11.h"

int cursor_start(connection *c, int *event) {
	int error, major, minor;
	if (!XFixesQueryExtension(c->display, event, &error) || !XFixesQueryVersion(c->display, &major, &minor)) return 0;
	XFixesSelectCursorInput(c->display, c->root, XFixesDisplayCursorNotifyMask);
	XFlush(c->display);
	return 1;
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
