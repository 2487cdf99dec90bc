#include "x11.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int start(keyboard *k) {
	Display *d = k->c->display;
	int opcode, event, error, major = XkbMajorVersion, minor = XkbMinorVersion;

	if (!XTestQueryExtension(d, &event, &error, &major, &minor)) return KEYBOARD_NO_XTEST;
	major = XkbMajorVersion, minor = XkbMinorVersion;
	if (!XkbQueryExtension(d, &opcode, &k->xkb_event, &error, &major, &minor)) return KEYBOARD_NO_XKB;
	// Also while another client has grabbed the server, as some do for a menu.
	XTestGrabControl(d, True);
	XkbSelectEvents(d, XkbUseCoreKbd, XkbMapNotifyMask | XkbNewKeyboardNotifyMask, XkbMapNotifyMask | XkbNewKeyboardNotifyMask);
	unsigned long details = XkbGroupStateMask | XkbModifierLockMask | XkbModifierLatchMask;
	XkbSelectEventDetails(d, XkbUseCoreKbd, XkbStateNotify, details, details);
	return KEYBOARD_OK;
}

static void guarded_start(void *argument) {
	keyboard *k = argument;
	k->started = start(k);
}

int keyboard_start(keyboard *k, connection *c) {
	k->c = c;
	return connection_start(c, guarded_start, k) ? k->started : KEYBOARD_FAILED;
}

static void add(keymap *m, int *room, keymap_entry e) {
	if (m->count == *room) {
		int more = *room ? *room * 2 : 1024;
		keymap_entry *grown = realloc(m->entries, more * sizeof *grown);
		if (!grown) return;
		m->entries = grown;
		*room = more;
	}
	m->entries[m->count++] = e;
}

int keyboard_load(keyboard *k, keymap *m) {
	Display *d = k->c->display;
	int room = 0;
	memset(m, 0, sizeof *m);
	XkbDescPtr xkb = alive(k->c) ? XkbGetMap(d, XkbAllMapComponentsMask, XkbUseCoreKbd) : NULL;
	if (!xkb) return 0;
	for (int code = xkb->min_key_code; code <= xkb->max_key_code; code++) {
		int groups = XkbKeyNumGroups(xkb, code), before = m->count;
		for (int group = 0; group < groups; group++) {
			// Locks are kept off, so what they would do to a level is left out.
			unsigned mask = XkbKeyKeyType(xkb, code, group)->mods.mask & 0xff & ~LockMask;
			for (unsigned mods = mask;; mods = (mods - 1) & mask) {
				unsigned rest;
				KeySym keysym = NoSymbol;
				if (XkbTranslateKeyCode(xkb, code, XkbBuildCoreState(mods, group), &rest, &keysym) && keysym != NoSymbol)
					add(m, &room, (keymap_entry){keysym, code, group, groups, mods, mask});
				if (!mods) break;
			}
		}
		if (XkbKeyHasActions(xkb, code)) {
			XkbAction *action = XkbKeyAction(xkb, code, 0);
			unsigned mods = action->mods.flags & XkbSA_UseModMapMods ? xkb->map->modmap[code] : action->mods.mask;
			if (action->type == XkbSA_SetMods || action->type == XkbSA_LatchMods) m->sets[code] = mods;
			if (action->type == XkbSA_LockMods) m->locks[code] = mods;
		} else if (m->count == before && !xkb->map->modmap[code]) {
			m->spare[code] = 1;
		}
	}
	XkbFreeKeyboard(xkb, 0, True);
	XkbStateRec state;
	if (alive(k->c) && XkbGetState(d, XkbUseCoreKbd, &state) == Success) {
		k->group = state.group;
		k->locked = state.locked_mods | state.latched_mods;
	}
	return 1;
}

static void hear(keyboard *k, XEvent *event, const uint8_t *ours) {
	if (event->type != k->xkb_event) return;
	XkbEvent *e = (XkbEvent *)event;
	switch (e->any.xkb_type) {
	case XkbStateNotify:
		if (e->any.serial < k->locked_since) break;
		k->group = e->state.group;
		k->locked = e->state.locked_mods | e->state.latched_mods;
		break;
	case XkbNewKeyboardNotify:
		k->changed = 1;
		break;
	case XkbMapNotify: {
		const unsigned by_key = XkbKeySymsMask | XkbKeyActionsMask | XkbKeyBehaviorsMask | XkbExplicitComponentsMask
			| XkbModifierMapMask | XkbVirtualModMapMask;
		if (e->map.changed & ~by_key) k->changed = 1;
		if (e->map.changed & XkbKeySymsMask)
			for (int i = 0; i < e->map.num_key_syms; i++)
				if (!ours[(e->map.first_key_sym + i) & 0xff]) k->changed = 1;
		break;
	}
	}
}

int keyboard_events(keyboard *k, const uint8_t *ours) {
	Display *d = k->c->display;
	for (int n = XEventsQueued(d, QueuedAfterReading); n > 0 && alive(k->c); n--) {
		XEvent event;
		XNextEvent(d, &event);
		hear(k, &event, ours);
	}
	int changed = k->changed;
	k->changed = 0;
	return changed;
}

// The focus may be on a child of the window that takes part in the protocols of window management.
static Window pingable(keyboard *k) {
	Display *d = k->c->display;
	Window w, root, parent, *children;
	int revert, count;
	unsigned n;
	Atom *protocols;

	XGetInputFocus(d, &w, &revert);
	while (alive(k->c) && w != None && w != PointerRoot && w != k->c->root) {
		if (XGetWMProtocols(d, w, &protocols, &count)) {
			int is = 0;
			for (int i = 0; i < count; i++) is |= protocols[i] == k->ping;
			XFree(protocols);
			if (is) return w;
		}
		if (!alive(k->c) || !XQueryTree(d, w, &root, &parent, &children, &n)) return None;
		if (children) XFree(children);
		w = parent;
	}
	return None;
}

static int now_ms(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int)(t.tv_sec % 1000000 * 1000 + t.tv_nsec / 1000000);
}

int keyboard_barrier(keyboard *k, const uint8_t *ours, int timeout_ms) {
	Display *d = k->c->display;
	int request, minor, answered = 0;

	if (!k->ping) {
		k->ping = XInternAtom(d, "_NET_WM_PING", False);
		k->protocols = XInternAtom(d, "WM_PROTOCOLS", False);
	}
	Window w = alive(k->c) ? pingable(k) : None;
	connection_take_error(k->c, &request, &minor); // the window may have gone meanwhile
	if (w == None || !alive(k->c)) return BARRIER_NOBODY;
	// The answer goes to the root window, to those who watch its children: us, and the window manager, which sees a time that
	// is not of its own pings and ignores it.
	XSelectInput(d, k->c->root, SubstructureNotifyMask);
	long token = 0x7475 << 16 | (++k->pings & 0xffff);
	XEvent e = {.xclient = {.type = ClientMessage, .window = w, .message_type = k->protocols, .format = 32, .data.l = {k->ping, token, w}}};
	XSendEvent(d, w, False, NoEventMask, &e);
	XFlush(d);
	for (int end = now_ms() + timeout_ms; !answered && alive(k->c);) {
		while (!answered && alive(k->c) && XPending(d) > 0) {
			XNextEvent(d, &e);
			hear(k, &e, ours);
			answered = e.type == ClientMessage && e.xclient.message_type == k->protocols
				&& (Atom)e.xclient.data.l[0] == k->ping && e.xclient.data.l[1] == token;
		}
		struct pollfd fd = {ConnectionNumber(d), POLLIN, 0};
		int rest = end - now_ms();
		if (rest <= 0) break;
		if (!answered) poll(&fd, 1, rest);
	}
	if (alive(k->c)) XSelectInput(d, k->c->root, NoEventMask);
	connection_take_error(k->c, &request, &minor);
	return answered ? BARRIER_SEEN : BARRIER_TIMEOUT;
}

void keyboard_lock(keyboard *k, int affect, int values) {
	Display *d = k->c->display;
	k->locked_since = NextRequest(d);
	XkbLockModifiers(d, XkbUseCoreKbd, affect, values);
	if (k->locked & ~affect) XkbLatchModifiers(d, XkbUseCoreKbd, 0xff, 0);
	k->locked = (k->locked & ~affect) | (values & affect);
}

void keyboard_lock_group(keyboard *k, int group) {
	Display *d = k->c->display;
	k->locked_since = NextRequest(d);
	XkbLockGroup(d, XkbUseCoreKbd, group);
	k->group = group;
}

void keyboard_bind(keyboard *k, int code, uint32_t keysym) {
	// The same at both levels, so that Shift makes no difference and the server does not think of an upper case.
	KeySym both[2] = {keysym, keysym};
	XChangeKeyboardMapping(k->c->display, code, 2, both, 1);
}

int keyboard_down(keyboard *k, uint8_t codes[32], unsigned *buttons) {
	Window root, child;
	int x, y;
	XQueryKeymap(k->c->display, (char *)codes);
	return alive(k->c) && XQueryPointer(k->c->display, k->c->root, &root, &child, &x, &y, &x, &y, buttons);
}
