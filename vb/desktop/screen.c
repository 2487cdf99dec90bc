#include "x11.h"

#include <stdio.h>
#include <string.h>

static const char prefix[] = "turtus-";

// RANDR 1.2 wants a mode before a size. Xvfb has one CRTC and one output and takes any mode up to its first size, which it
// names as the largest of its range; the mode's timing means nothing to it.
static RRMode mode_of(Display *d, Window root, XRRScreenResources *res, int width, int height) {
	for (int i = 0; i < res->nmode; i++)
		if ((int)res->modes[i].width == width && (int)res->modes[i].height == height) return res->modes[i].id;
	char name[40];
	int length = snprintf(name, sizeof name, "%s%dx%d", prefix, width, height);
	XRRModeInfo mode;
	memset(&mode, 0, sizeof mode);
	mode.width = mode.hSyncStart = mode.hSyncEnd = mode.hTotal = width;
	mode.height = mode.vSyncStart = mode.vSyncEnd = mode.vTotal = height;
	mode.dotClock = (unsigned long)width * height * 60;
	mode.name = name;
	mode.nameLength = length;
	return XRRCreateMode(d, root, &mode);
}

static int resize(connection *c, int width, int height) {
	Display *d = c->display;
	int event, error, request, minor, min_width, min_height, max_width, max_height, status = SCREEN_OK;

	if (!XRRQueryExtension(d, &event, &error)) return SCREEN_NO_RANDR;
	if (!XRRGetScreenSizeRange(d, c->root, &min_width, &min_height, &max_width, &max_height)) return SCREEN_NO_RANDR;
	if (!alive(c)) return SCREEN_FAILED;
	if (width < min_width || width > max_width || height < min_height || height > max_height) return SCREEN_SIZE;
	// Grabbed, so that no client looks while the screen has no monitor.
	XGrabServer(d);
	XRRScreenResources *res = XRRGetScreenResources(d, c->root);
	if (!alive(c)) return SCREEN_FAILED;
	if (!res || res->ncrtc < 1 || res->noutput < 1) {
		status = SCREEN_FAILED;
	} else if (DisplayWidth(d, DefaultScreen(d)) != width || DisplayHeight(d, DefaultScreen(d)) != height) {
		RRCrtc crtc = res->crtcs[0];
		RROutput output = res->outputs[0];
		XRRCrtcInfo *was = XRRGetCrtcInfo(d, res, crtc);
		int was_width = DisplayWidth(d, DefaultScreen(d)), was_height = DisplayHeight(d, DefaultScreen(d));
		if (!alive(c)) return SCREEN_FAILED;
		RRMode mode = mode_of(d, c->root, res, width, height);
		XRRAddOutputMode(d, output, mode);
		XRRSetCrtcConfig(d, res, crtc, CurrentTime, 0, 0, None, RR_Rotate_0, NULL, 0);
		XRRSetScreenSize(d, c->root, width, height, (width * 254 + 480) / 960, (height * 254 + 480) / 960);
		XSync(d, False);
		if (!alive(c) || connection_take_error(c, &request, &minor)
			|| XRRSetCrtcConfig(d, res, crtc, CurrentTime, 0, 0, mode, RR_Rotate_0, &output, 1) != RRSetConfigSuccess)
			status = SCREEN_FAILED;
		if (status == SCREEN_FAILED && alive(c) && was) {
			XRRSetScreenSize(d, c->root, was_width, was_height, (was_width * 254 + 480) / 960, (was_height * 254 + 480) / 960);
			XRRSetCrtcConfig(d, res, crtc, CurrentTime, was->x, was->y, was->mode, was->rotation, was->outputs, was->noutput);
			XSync(d, False);
			if (alive(c)) connection_take_error(c, &request, &minor);
		}
		if (was) XRRFreeCrtcInfo(was);
		for (int i = 0; status == SCREEN_OK && i < res->nmode; i++) {
			if (res->modes[i].id == mode || strncmp(res->modes[i].name, prefix, sizeof prefix - 1) != 0) continue;
			XRRDeleteOutputMode(d, output, res->modes[i].id);
			XRRDestroyMode(d, res->modes[i].id);
		}
	}
	if (res) XRRFreeScreenResources(res);
	if (!alive(c)) return SCREEN_FAILED;
	XUngrabServer(d);
	XSync(d, False);
	return status;
}

struct resizing {
	connection *c;
	int width, height, status;
};

static void guarded_resize(void *argument) {
	struct resizing *r = argument;
	r->status = resize(r->c, r->width, r->height);
}

int screen_resize(connection *c, int width, int height) {
	struct resizing r = {c, width, height, SCREEN_FAILED};
	return connection_start(c, guarded_resize, &r) ? r.status : SCREEN_FAILED;
}
