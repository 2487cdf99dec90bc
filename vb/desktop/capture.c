#include "x11.h"

#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

static void detach(capture *g) {
	if (!g->image) return;
	if (alive(g->c)) {
		XShmDetach(g->c->display, &g->shm);
		XSync(g->c->display, False);
	}
	shmdt(g->shm.shmaddr);
	g->image->data = NULL;
	XDestroyImage(g->image);
	g->image = NULL;
}

static int attach(capture *g, int width, int height) {
	Display *d = g->c->display;
	int screen = DefaultScreen(d), request, minor;

	g->image = XShmCreateImage(d, DefaultVisual(d, screen), DefaultDepth(d, screen), ZPixmap, NULL, &g->shm, width, height);
	if (!g->image) return CAPTURE_NO_SHM;
	if (g->image->bits_per_pixel != 32 || g->image->byte_order != LSBFirst || g->image->red_mask != 0xff0000
		|| g->image->green_mask != 0xff00 || g->image->blue_mask != 0xff) {
		XDestroyImage(g->image);
		g->image = NULL;
		return CAPTURE_FORMAT;
	}
	size_t size = (size_t)g->image->bytes_per_line * height;
	g->shm.shmid = shmget(IPC_PRIVATE, size + size / 2, IPC_CREAT | 0600);
	g->shm.shmaddr = g->shm.shmid < 0 ? (char *)-1 : shmat(g->shm.shmid, NULL, 0);
	g->shm.readOnly = False;
	if (g->shm.shmaddr == (char *)-1) {
		if (g->shm.shmid >= 0) shmctl(g->shm.shmid, IPC_RMID, NULL);
		XDestroyImage(g->image);
		g->image = NULL;
		return CAPTURE_MEMORY;
	}
	g->image->data = g->shm.shmaddr;
	XShmAttach(d, &g->shm);
	XSync(d, False);
	// From here the segment lives as long as the two of us hold it, however we end.
	shmctl(g->shm.shmid, IPC_RMID, NULL);
	if (connection_take_error(g->c, &request, &minor) || !alive(g->c)) {
		shmdt(g->shm.shmaddr);
		g->image->data = NULL;
		XDestroyImage(g->image);
		g->image = NULL;
		return CAPTURE_NO_SHM;
	}
	g->width = width;
	g->height = height;
	return CAPTURE_OK;
}

static int start(capture *g) {
	connection *c = g->c;
	Display *d = c->display;
	int error, major, minor;

	if (!XShmQueryExtension(d)) return CAPTURE_NO_SHM;
	if (!XDamageQueryExtension(d, &g->damage_event, &error) || !XDamageQueryVersion(d, &major, &minor)) return CAPTURE_NO_DAMAGE;
	if (!XFixesQueryExtension(d, &error, &error) || !XFixesQueryVersion(d, &major, &minor) || major < 2) return CAPTURE_NO_XFIXES;
	if (!alive(c)) return CAPTURE_FAILED;
	if (!XRRQueryExtension(d, &g->randr_event, &error)) return CAPTURE_NO_RANDR;
	XRRSelectInput(d, c->root, RRScreenChangeNotifyMask);
	g->region = XFixesCreateRegion(d, NULL, 0);
	// The root window's damage includes that of all windows on it. NonEmpty: one event, and silence until we subtract.
	g->damage = XDamageCreate(d, c->root, XDamageReportNonEmpty);
	return capture_resize(g);
}

int capture_resize(capture *g) {
	XWindowAttributes root;
	if (!alive(g->c) || !XGetWindowAttributes(g->c->display, g->c->root, &root)) return CAPTURE_FAILED;
	if (g->image && root.width == g->width && root.height == g->height) return CAPTURE_OK;
	detach(g);
	return attach(g, root.width, root.height);
}

static void guarded_start(void *argument) {
	capture *g = argument;
	g->started = start(g);
}

int capture_start(capture *g, connection *c) {
	g->c = c;
	return connection_start(c, guarded_start, g) ? g->started : CAPTURE_FAILED;
}

int capture_events(capture *g) {
	Display *d = g->c->display;
	int seen = 0;
	while (alive(g->c) && XPending(d) > 0) {
		XEvent e;
		XNextEvent(d, &e);
		if (e.type == g->damage_event + XDamageNotify) {
			if (e.xany.serial >= g->subtracted) seen |= CAPTURE_DAMAGED;
		} else if (e.type == g->randr_event + RRScreenChangeNotify) {
			XRRUpdateConfiguration(&e);
			seen |= CAPTURE_RESIZED;
		}
	}
	return seen;
}

XRectangle *capture_subtract(capture *g, int *n) {
	Display *d = g->c->display;
	g->subtracted = NextRequest(d);
	XDamageSubtract(d, g->damage, None, g->region);
	return XFixesFetchRegion(d, g->region, n);
}

int capture_copy(capture *g, int x, int y, int width, int height) {
	Display *d = g->c->display;
	if (!alive(g->c)) return 0;
	size_t stride = g->image->bytes_per_line;
	XImage part = *g->image;

	// The server writes a picture's rows without gaps. Whole rows therefore land where they belong; anything narrower goes
	// behind the screen and is copied by us, which pays while it is less than half as wide.
	if (width * 2 >= g->width) {
		x = 0;
		part.width = g->width;
		part.height = height;
		part.data = g->image->data + y * stride;
		return XShmGetImage(d, g->c->root, &part, x, y, AllPlanes);
	}
	part.width = width;
	part.height = height;
	part.bytes_per_line = width * 4;
	part.data = g->image->data + stride * g->height;
	if (!XShmGetImage(d, g->c->root, &part, x, y, AllPlanes)) return 0;
	char *to = g->image->data + y * stride + (size_t)x * 4;
	for (int row = 0; row < height; row++)
		memcpy(to + row * stride, part.data + (size_t)row * width * 4, (size_t)width * 4);
	return 1;
}

void capture_stop(capture *g) {
	detach(g);
}
