#include "x11.h"

#include <string.h>
#include <X11/Xatom.h>

// Selections by the ICCCM, chapter 2.

static int start(clipboard *b) {
	connection *c = b->c;
	Display *d = c->display;
	int error, major, minor;
	char *names[] = {"CLIPBOARD", "TARGETS", "TIMESTAMP", "UTF8_STRING", "text/plain;charset=utf-8", "INCR", "TURTUS_CLIPBOARD"};
	Atom atoms[7];

	if (!XFixesQueryExtension(d, &b->fixes_event, &error) || !XFixesQueryVersion(d, &major, &minor)) return 0;
	if (!alive(c) || !XInternAtoms(d, names, 7, False, atoms)) return 0;
	b->selection = atoms[0], b->targets = atoms[1], b->timestamp = atoms[2], b->utf8 = atoms[3], b->plain = atoms[4];
	b->incr = atoms[5], b->property = atoms[6];
	XSetWindowAttributes attributes = {.event_mask = PropertyChangeMask};
	b->window = XCreateWindow(d, c->root, 0, 0, 1, 1, 0, CopyFromParent, InputOnly, CopyFromParent, CWEventMask, &attributes);
	XFixesSelectSelectionInput(d, c->root, b->selection, XFixesSetSelectionOwnerNotifyMask);
	XSync(d, False);
	return 1;
}

static void guarded_start(void *argument) {
	clipboard *b = argument;
	b->started = start(b);
}

int clipboard_start(clipboard *b, connection *c) {
	b->c = c;
	return connection_start(c, guarded_start, b) && b->started;
}

void clipboard_abandon(clipboard *b) {
	if (b->state != CLIPBOARD_IDLE && alive(b->c)) {
		XDestroyWindow(b->c->display, b->requestor);
		XFlush(b->c->display);
	}
	b->state = CLIPBOARD_IDLE;
	b->complete = 0;
}

static void ask(clipboard *b, Time since) {
	Display *d = b->c->display;
	clipboard_abandon(b);
	XSetWindowAttributes attributes = {.event_mask = PropertyChangeMask};
	b->requestor = XCreateWindow(d, b->c->root, 0, 0, 1, 1, 0, CopyFromParent, InputOnly, CopyFromParent, CWEventMask, &attributes);
	XConvertSelection(d, b->selection, b->utf8, b->property, b->requestor, since);
	XFlush(d);
	b->state = CLIPBOARD_ASKED;
	b->asked++;
	b->got_length = 0;
}

// Takes what the owner has put into the property; taking it asks for more.
static void receive(clipboard *b) {
	Display *d = b->c->display;
	Atom type;
	int format;
	unsigned long count, after;
	unsigned char *data = NULL;

	if (XGetWindowProperty(d, b->requestor, b->property, 0, CLIPBOARD_MAX / 4, True, AnyPropertyType, &type, &format, &count, &after, &data)
			!= Success || !alive(b->c)) {
		clipboard_abandon(b);
		return;
	}
	if (b->state == CLIPBOARD_ASKED && type == b->incr) {
		b->state = CLIPBOARD_RECEIVING;
	} else if (type != b->utf8 || format != 8 || after || count > (unsigned long)(CLIPBOARD_MAX - b->got_length)) {
		clipboard_abandon(b);
	} else {
		int last = b->state == CLIPBOARD_ASKED || count == 0;
		memcpy(b->got + b->got_length, data, count);
		b->got_length += count;
		if (last) {
			clipboard_abandon(b);
			b->complete = 1;
		}
	}
	if (data) XFree(data);
}

static void serve(clipboard *b, XSelectionRequestEvent *e) {
	Display *d = b->c->display;
	// A requestor of the oldest kind names no property.
	Atom property = e->property != None ? e->property : e->target;
	XSelectionEvent answer = {
		.type = SelectionNotify, .requestor = e->requestor, .selection = e->selection, .target = e->target,
		.property = property, .time = e->time,
	};
	if (!b->owned || e->selection != b->selection) {
		answer.property = None;
	} else if (e->target == b->targets) {
		long all[] = {b->targets, b->timestamp, b->utf8, b->plain};
		XChangeProperty(d, e->requestor, property, XA_ATOM, 32, PropModeReplace, (unsigned char *)all, 4);
	} else if (e->target == b->timestamp) {
		long since = b->since;
		XChangeProperty(d, e->requestor, property, XA_INTEGER, 32, PropModeReplace, (unsigned char *)&since, 1);
	} else if (e->target == b->utf8 || e->target == b->plain) {
		// Whole: it is never more than a fifth of the smallest request that a server must allow where this runs (256 KiB).
		XChangeProperty(d, e->requestor, property, e->target, 8, PropModeReplace, (unsigned char *)b->text, b->length);
	} else {
		answer.property = None;
	}
	XSendEvent(d, e->requestor, False, NoEventMask, (XEvent *)&answer);
}

static void hear(clipboard *b, XEvent *e) {
	if (e->type == b->fixes_event + XFixesSelectionNotify) {
		XFixesSelectionNotifyEvent *n = (XFixesSelectionNotifyEvent *)e;
		if (n->owner != None && n->owner != b->window)
			ask(b, n->selection_timestamp);
		else
			clipboard_abandon(b); // what was copied is the clipboard's content no more
		return;
	}
	switch (e->type) {
	case SelectionRequest:
		serve(b, &e->xselectionrequest);
		break;
	case SelectionClear:
		// It may be about an ownership before the present one.
		if (b->owned && XGetSelectionOwner(b->c->display, b->selection) != b->window) b->owned = 0;
		break;
	case SelectionNotify:
		if (b->state != CLIPBOARD_ASKED || e->xselection.requestor != b->requestor) break;
		if (e->xselection.property == None)
			clipboard_abandon(b);
		else
			receive(b);
		break;
	case PropertyNotify:
		if (b->state == CLIPBOARD_RECEIVING && e->xproperty.window == b->requestor && e->xproperty.atom == b->property
			&& e->xproperty.state == PropertyNewValue)
			receive(b);
		break;
	}
}

void clipboard_events(clipboard *b) {
	Display *d = b->c->display;
	int request, minor;
	while (alive(b->c) && XPending(d) > 0) {
		do {
			XEvent e;
			XNextEvent(d, &e);
			hear(b, &e);
		} while (alive(b->c) && XPending(d) > 0);
		// Who asked may be gone by now, and that is no error of ours. Waiting for the server may bring more events.
		if (alive(b->c)) XSync(d, False);
		connection_take_error(b->c, &request, &minor);
	}
}

// The server's time, which comes with the event of a change that changes nothing.
static int server_time(clipboard *b, Time *now) {
	Display *d = b->c->display;
	XEvent e;
	int found = 0;
	XChangeProperty(d, b->window, b->property, b->utf8, 8, PropModeAppend, NULL, 0);
	XSync(d, False);
	while (alive(b->c) && XCheckTypedWindowEvent(d, b->window, PropertyNotify, &e)) {
		*now = e.xproperty.time;
		found = 1;
	}
	return found;
}

int clipboard_own(clipboard *b, const char *text, int length) {
	Display *d = b->c->display;
	if (!server_time(b, &b->since)) return 0;
	memcpy(b->text, text, length);
	b->length = length;
	XSetSelectionOwner(d, b->selection, b->window, b->since);
	// The answer also means that whatever is asked of the server from now on comes after this.
	b->owned = alive(b->c) && XGetSelectionOwner(d, b->selection) == b->window;
	return b->owned;
}

void clipboard_disown(clipboard *b) {
	if (b->owned && alive(b->c)) {
		XSetSelectionOwner(b->c->display, b->selection, None, b->since);
		XSync(b->c->display, False);
	}
	b->owned = b->length = 0;
	memset(b->text, 0, sizeof b->text);
}
