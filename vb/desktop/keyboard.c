#include "x11.h"

#include <stdlib.h>
#include <string.h>

int keyboard_start(keyboard *k, connection *c) {
	Display *d = c->display;
	int opcode, event, error, major = XkbMajorVersion, minor = XkbMinorVersion;

	k->c = c;
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
	XkbDescPtr xkb = XkbGetMap(d, XkbAllMapComponentsMask, XkbUseCoreKbd);
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
	if (XkbGetState(d, XkbUseCoreKbd, &state) == Success) {
		k->group = state.group;
		k->locked = state.locked_mods | state.latched_mods;
	}
	return 1;
}

int keyboard_events(keyboard *k, const uint8_t *ours) {
	Display *d = k->c->display;
	int changed = 0;
	for (int n = XEventsQueued(d, QueuedAfterReading); n > 0; n--) {
		XEvent event;
		XNextEvent(d, &event);
		if (event.type != k->xkb_event) continue;
		XkbEvent *e = (XkbEvent *)&event;
		switch (e->any.xkb_type) {
		case XkbStateNotify:
			if (e->any.serial < k->locked_since) break;
			k->group = e->state.group;
			k->locked = e->state.locked_mods | e->state.latched_mods;
			break;
		case XkbNewKeyboardNotify:
			// Comes also, with nothing new, when the server turns from one of its keyboards to that of XTEST.
			if (e->new_kbd.changed & XkbNKN_KeycodesMask || e->new_kbd.device == e->new_kbd.old_device) changed = 1;
			break;
		case XkbMapNotify:
			if (e->map.changed & ~(XkbKeySymsMask | XkbKeyActionsMask | XkbKeyBehaviorsMask | XkbExplicitComponentsMask | XkbModifierMapMask | XkbVirtualModMapMask))
				changed = 1;
			if (e->map.changed & XkbKeySymsMask)
				for (int i = 0; i < e->map.num_key_syms; i++)
					if (!ours[e->map.first_key_sym + i]) changed = 1;
			break;
		}
	}
	return changed;
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
	return XQueryPointer(k->c->display, k->c->root, &root, &child, &x, &y, &x, &y, buttons);
}
