#include "selection.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

selection *selection_open(const char *name) {
	Display *d = XOpenDisplay(name);
	if (!d) return NULL;
	selection *s = calloc(1, sizeof *s);
	s->display = d;
	s->window = XCreateSimpleWindow(d, DefaultRootWindow(d), 0, 0, 1, 1, 0, 0, 0);
	XSelectInput(d, s->window, PropertyChangeMask);
	s->clipboard = XInternAtom(d, "CLIPBOARD", False);
	s->utf8 = XInternAtom(d, "UTF8_STRING", False);
	s->incr = XInternAtom(d, "INCR", False);
	s->property = XInternAtom(d, "TEST", False);
	s->time = XInternAtom(d, "TEST_TIME", False);
	XSync(d, False);
	return s;
}

static int now_ms(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int)(t.tv_sec % 1000000 * 1000 + t.tv_nsec / 1000000);
}

static int next(selection *s, XEvent *e, int end) {
	while (!XPending(s->display)) {
		struct pollfd fd = {ConnectionNumber(s->display), POLLIN, 0};
		int rest = end - now_ms();
		if (rest <= 0) return 0;
		poll(&fd, 1, rest);
	}
	XNextEvent(s->display, e);
	return 1;
}

// The server's time, as ICCCM wants it of an owner.
int selection_own(selection *s) {
	XEvent e;
	XChangeProperty(s->display, s->window, s->time, s->utf8, 8, PropModeAppend, NULL, 0);
	do XWindowEvent(s->display, s->window, PropertyChangeMask, &e);
	while (e.xproperty.atom != s->time);
	XSetSelectionOwner(s->display, s->clipboard, s->window, e.xproperty.time);
	return XGetSelectionOwner(s->display, s->clipboard) == s->window;
}

int selection_requested(selection *s, int timeout_ms) {
	int end = now_ms() + timeout_ms;
	XEvent e;
	while (next(s, &e, end)) {
		if (e.type != SelectionRequest) continue;
		s->request = e.xselectionrequest;
		XSelectInput(s->display, s->request.requestor, StructureNotifyMask | PropertyChangeMask);
		XSync(s->display, False);
		return 1;
	}
	return 0;
}

static void notify(selection *s) {
	XSelectionEvent answer = {
		.type = SelectionNotify, .requestor = s->request.requestor, .selection = s->clipboard, .target = s->request.target,
		.property = s->request.property, .time = s->request.time,
	};
	XSendEvent(s->display, s->request.requestor, False, NoEventMask, (XEvent *)&answer);
	XSync(s->display, False);
}

void selection_answer(selection *s, const char *type, const char *text, int length) {
	XChangeProperty(s->display, s->request.requestor, s->request.property, XInternAtom(s->display, type, False), 8, PropModeReplace,
		(const unsigned char *)text, length);
	notify(s);
}

static int taken(selection *s, int end) {
	XEvent e;
	while (next(s, &e, end)) {
		if (e.type == DestroyNotify && e.xdestroywindow.window == s->request.requestor) return 0;
		if (e.type == PropertyNotify && e.xproperty.window == s->request.requestor && e.xproperty.state == PropertyDelete) return 1;
	}
	return 0;
}

int selection_answer_incr(selection *s, const char *text, int length, int chunk, int timeout_ms) {
	int end = now_ms() + timeout_ms;
	long total = length;
	XChangeProperty(s->display, s->request.requestor, s->request.property, s->incr, 32, PropModeReplace, (unsigned char *)&total, 1);
	notify(s);
	for (int done = 0;;) {
		if (!taken(s, end)) return 0;
		int n = length - done < chunk ? length - done : chunk;
		XChangeProperty(s->display, s->request.requestor, s->request.property, s->utf8, 8, PropModeReplace, (const unsigned char *)text + done, n);
		XFlush(s->display);
		done += n;
		if (n == 0) return taken(s, end);
	}
}

int selection_abandoned(selection *s, int timeout_ms) {
	int end = now_ms() + timeout_ms;
	XEvent e;
	while (next(s, &e, end))
		if (e.type == DestroyNotify && e.xdestroywindow.window == s->request.requestor) return 1;
	return 0;
}

int selection_lost(selection *s, int timeout_ms) {
	int end = now_ms() + timeout_ms;
	XEvent e;
	while (next(s, &e, end))
		if (e.type == SelectionClear) return 1;
	return 0;
}

void selection_ask(selection *s, const char *target) {
	XConvertSelection(s->display, s->clipboard, XInternAtom(s->display, target, False), s->property, s->window, CurrentTime);
	XSync(s->display, False);
}

int selection_convert(selection *s, const char *target, unsigned char **data, unsigned long *bytes, int timeout_ms) {
	int end = now_ms() + timeout_ms, format;
	Atom type;
	unsigned long count, after;
	XEvent e;
	selection_ask(s, target);
	while (next(s, &e, end)) {
		if (e.type != SelectionNotify) continue;
		if (e.xselection.property == None) return 0;
		XGetWindowProperty(s->display, s->window, s->property, 0, 1 << 20, True, AnyPropertyType, &type, &format, &count, &after, data);
		*bytes = count * (format == 32 ? sizeof(long) : format / 8);
		return 1;
	}
	return -1;
}

void selection_close(selection *s) {
	XCloseDisplay(s->display);
	free(s);
}
