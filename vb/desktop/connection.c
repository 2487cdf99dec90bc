#include "x11.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static connection *connections;

// Xlib's default prints and exits.
static int on_error(Display *display, XErrorEvent *e) {
	pthread_mutex_lock(&lock);
	for (connection *c = connections; c; c = c->next) {
		if (c->display != display) continue;
		if (!c->error) {
			c->error = e->error_code;
			c->request = e->request_code;
			c->minor = e->minor_code;
		}
		break;
	}
	pthread_mutex_unlock(&lock);
	return 0;
}

static __thread jmp_buf *escape; // of the guard that this thread is in
static __thread Display *lost;   // what ended it

// Xlib's default prints; the exit is a matter of on_gone, unless a guard is there.
static int on_io_error(Display *display) {
	if (escape) {
		jmp_buf *to = escape;
		escape = NULL;
		lost = display;
		longjmp(*to, 1);
	}
	return 0;
}

// Runs f; 0 when a server died meanwhile. For what Xlib does on a new connection: XOpenDisplay exits by itself, and the first
// use of an extension takes what no server has said for its answer, and runs into it. Locks of a Display that was lost here
// may be held for ever.
static int guarded(void (*f)(void *), void *argument) {
	jmp_buf here;
	if (setjmp(here)) return 0;
	escape = &here;
	f(argument);
	escape = NULL;
	return 1;
}

int connection_start(connection *c, void (*f)(void *), void *argument) {
	if (!guarded(f, argument)) atomic_store(&c->gone, 1);
	return alive(c);
}

// Instead of Xlib's exit(1). The call in progress returns as if the server had said no (libX11 1.7 and later).
static void on_gone(Display *display, void *c) {
	atomic_store(&((connection *)c)->gone, 1);
	// _XIOError has taken the display for the calling thread, as by XLockDisplay, for it expects this function to exit. Kept,
	// it would have every later call wait for ever that comes from another thread; and a goroutine changes threads.
	XUnlockDisplay(display);
}

void connection_init(void) {
	XInitThreads();
	XSetErrorHandler(on_error);
	XSetIOErrorHandler(on_io_error);
}

struct opening {
	const char *name;
	Display *display;
};

static void open_display(void *argument) {
	struct opening *o = argument;
	o->display = XOpenDisplay(o->name);
}

connection *connection_open(const char *name) {
	struct opening opening = {name, NULL};
	if (!guarded(open_display, &opening)) {
		close(ConnectionNumber(lost));
		return NULL;
	}
	Display *display = opening.display;
	if (!display) return NULL;
	connection *c = calloc(1, sizeof *c);
	if (!c) {
		XCloseDisplay(display);
		return NULL;
	}
	c->display = display;
	c->root = DefaultRootWindow(display);
	XSetIOErrorExitHandler(display, on_gone, c);
	pthread_mutex_lock(&lock);
	c->next = connections;
	connections = c;
	pthread_mutex_unlock(&lock);
	return c;
}

static void close_display(void *display) { XCloseDisplay(display); }

void connection_close(connection *c) {
	// After an I/O error XCloseDisplay still makes requests, of which nobody empties the buffer; a full one is a null pointer
	// in libX11 1.8. The Display's memory is lost then: some tens of kilobytes for each death of a server.
	int descriptor = ConnectionNumber(c->display);
	if (!alive(c) || !guarded(close_display, c->display)) close(descriptor);
	pthread_mutex_lock(&lock);
	for (connection **p = &connections; *p; p = &(*p)->next) {
		if (*p == c) {
			*p = c->next;
			break;
		}
	}
	pthread_mutex_unlock(&lock);
	free(c);
}

void connection_sync(connection *c) {
	if (alive(c)) XSync(c->display, False);
}

int connection_take_error(connection *c, int *request, int *minor) {
	int error = c->error;
	*request = c->request;
	*minor = c->minor;
	c->error = 0;
	return error;
}
