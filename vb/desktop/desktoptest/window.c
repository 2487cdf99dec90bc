#include "window.h"

#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Instead of Xlib's exit(1): a test may have killed the server.
static void on_gone(Display *display, void *w) {
	((window *)w)->gone = 1;
	XUnlockDisplay(display); // which Xlib took for good: tests change threads
}

window *window_open(const char *name, int x, int y, int width, int height) {
	setlocale(LC_CTYPE, "C.UTF-8"); // dead keys are composed by the locale's table
	Display *d = XOpenDisplay(name);
	if (!d) return NULL;
	window *w = calloc(1, sizeof *w);
	XSetIOErrorExitHandler(d, on_gone, w);
	w->display = d;
	XSetWindowAttributes attributes = {
		.override_redirect = True, .background_pixel = 0,
		.event_mask = ExposureMask | KeyPressMask | KeyReleaseMask | ButtonPressMask | ButtonReleaseMask | PointerMotionMask | FocusChangeMask,
	};
	w->window = XCreateWindow(d, DefaultRootWindow(d), x, y, width, height, 0, CopyFromParent, InputOutput, CopyFromParent,
		CWOverrideRedirect | CWBackPixel | CWEventMask, &attributes);
	w->gc = XCreateGC(d, w->window, 0, NULL);
	XkbSetDetectableAutoRepeat(d, True, NULL);
	XSetLocaleModifiers("@im=none");
	w->im = XOpenIM(d, NULL, NULL, NULL);
	if (w->im)
		w->ic = XCreateIC(w->im, XNInputStyle, XIMPreeditNothing | XIMStatusNothing, XNClientWindow, w->window, XNFocusWindow, w->window, NULL);
	if (!w->ic) {
		XCloseDisplay(d);
		free(w);
		return NULL;
	}
	w->ping = XInternAtom(d, "_NET_WM_PING", False);
	XSetWMProtocols(d, w->window, &w->ping, 1);
	XMapRaised(d, w->window);
	XEvent e;
	do XWindowEvent(d, w->window, ExposureMask, &e);
	while (e.type != Expose);
	XSetInputFocus(d, w->window, RevertToPointerRoot, CurrentTime);
	do XWindowEvent(d, w->window, FocusChangeMask, &e);
	while (e.type != FocusIn);
	XSetICFocus(w->ic);
	XSync(d, False);
	return w;
}

void window_fill(window *w, unsigned long rgb, int x, int y, int width, int height) {
	XSetForeground(w->display, w->gc, rgb);
	XFillRectangle(w->display, w->window, w->gc, x, y, width, height);
	XSync(w->display, False);
}

void window_cursor(window *w, unsigned shape) {
	XDefineCursor(w->display, w->window, XCreateFontCursor(w->display, shape));
	XSync(w->display, False);
}

static int now_ms(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int)(t.tv_sec % 1000000 * 1000 + t.tv_nsec / 1000000);
}

// Looks a key up as GTK does: in a map that is asked for whole whenever it has changed. Xlib's own lookup asks for the changes
// only, and loses some when they come fast.
static KeySym lookup(window *w, XKeyEvent *e) {
	KeySym keysym = NoSymbol;
	unsigned rest;
	if (!w->map) w->map = XkbGetMap(w->display, XkbAllClientInfoMask, XkbUseCoreKbd);
	if (w->map) XkbTranslateKeyCode(w->map, e->keycode, e->state, &rest, &keysym);
	return keysym;
}

static void forget(window *w) {
	if (w->map) XkbFreeKeyboard(w->map, 0, True);
	w->map = NULL;
}

int window_next(window *w, window_event *out, int timeout_ms) {
	int end = now_ms() + timeout_ms;
	for (;;) {
		while (!w->gone && XPending(w->display) > 0) {
			XEvent e;
			XNextEvent(w->display, &e);
			memset(out, 0, sizeof *out);
			out->type = e.type;
			out->filtered = XFilterEvent(&e, None);
			switch (e.type) {
			case ClientMessage:
				if ((Atom)e.xclient.data.l[0] != w->ping) break;
				e.xclient.window = DefaultRootWindow(w->display);
				XSendEvent(w->display, e.xclient.window, False, SubstructureNotifyMask | SubstructureRedirectMask, &e);
				XFlush(w->display);
				break;
			case MappingNotify:
				XRefreshKeyboardMapping(&e.xmapping);
				forget(w);
				break;
			case KeyPress:
			case KeyRelease: {
				KeySym keysym = lookup(w, &e.xkey);
				int more;
				out->code = e.xkey.keycode, out->state = e.xkey.state, out->x = e.xkey.x, out->y = e.xkey.y;
				out->keysym = keysym;
				if (e.type == KeyRelease || out->filtered) return 1;
				if (e.xkey.keycode == 0) // composed by Xlib's input method
					Xutf8LookupString(w->ic, &e.xkey, out->text, sizeof out->text - 1, NULL, NULL);
				else
					XkbTranslateKeySym(w->display, &keysym, e.xkey.state, out->text, sizeof out->text - 1, &more);
				return 1;
			}
			case ButtonPress:
			case ButtonRelease:
				out->code = e.xbutton.button, out->state = e.xbutton.state, out->x = e.xbutton.x, out->y = e.xbutton.y;
				return 1;
			case MotionNotify:
				out->state = e.xmotion.state, out->x = e.xmotion.x, out->y = e.xmotion.y;
				return 1;
			}
		}
		int rest = end - now_ms();
		struct pollfd fd = {XConnectionNumber(w->display), POLLIN, 0};
		if (rest <= 0) return 0;
		poll(&fd, 1, rest);
	}
}

unsigned window_state(window *w, char keys[32], int *x, int *y) {
	Window root, child;
	int inner_x, inner_y;
	unsigned mask = 0;
	XQueryKeymap(w->display, keys);
	XQueryPointer(w->display, DefaultRootWindow(w->display), &root, &child, x, y, &inner_x, &inner_y, &mask);
	return mask;
}

void window_lock(window *w, unsigned modifiers) {
	XkbLockModifiers(w->display, XkbUseCoreKbd, modifiers, modifiers);
	XSync(w->display, False);
}

void window_close(window *w) {
	if (!w->gone) XSync(w->display, False);
	if (w->gone) return; // Xlib may hang
	forget(w);
	XDestroyIC(w->ic);
	XCloseIM(w->im);
	XCloseDisplay(w->display);
	free(w);
}
