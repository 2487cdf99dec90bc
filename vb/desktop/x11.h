// What the Go files of this package ask of Xlib. Every function takes a connection that the caller has locked, and none waits
// for anything but the X server's answer. "flushes" and "asks" say which of them write at once and which wait for a reply.
#ifndef TURTUS_DESKTOP_X11_H
#define TURTUS_DESKTOP_X11_H

#include <stdatomic.h>
#include <stdint.h>
#include <X11/Xlib.h>
#include <X11/XKBlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <X11/extensions/XTest.h>
#include <X11/extensions/Xdamage.h>
#include <X11/extensions/Xfixes.h>
#include <X11/extensions/Xrandr.h>

// A connection to an X server. Xlib calls the error handlers, which leave their news here.
typedef struct connection {
	Display *display;
	Window root;
	atomic_int gone;            // the connection broke; Xlib may not be called with the Display any more
	int error, request, minor;  // the first X error since it was last taken, 0 for none
	struct connection *next;    // in the list that the error handler searches
} connection;

// Whether Xlib may still be called; to be asked between two requests that wait.
static inline int alive(connection *c) { return !atomic_load(&c->gone); }

void connection_init(void);
connection *connection_open(const char *display);
// Runs f, which may be the first to use an extension on this connection; 0 when the server died.
int connection_start(connection *c, void (*f)(void *), void *argument);
void connection_close(connection *c);
void connection_sync(connection *c);               // asks
int connection_take_error(connection *c, int *request, int *minor);

// ---- capture.c

typedef struct capture {
	connection *c;
	Damage damage;
	XserverRegion region;
	XShmSegmentInfo shm;
	XImage *image;              // the whole screen, at the segment's beginning; behind it room for half as much again
	int width, height;
	int damage_event, randr_event;
	unsigned long subtracted;   // serial of the latest subtraction: events before it are old news
	int started;                // how that went
} capture;

enum { CAPTURE_OK, CAPTURE_NO_SHM, CAPTURE_NO_DAMAGE, CAPTURE_NO_XFIXES, CAPTURE_NO_RANDR, CAPTURE_FORMAT, CAPTURE_MEMORY, CAPTURE_FAILED };
enum { CAPTURE_DAMAGED = 1, CAPTURE_RESIZED = 2 };

int capture_start(capture *g, connection *c);
int capture_resize(capture *g);                    // asks; makes the segment anew if the screen's size differs
int capture_events(capture *g);                    // reads what has come; returns CAPTURE_DAMAGED, CAPTURE_RESIZED
XRectangle *capture_subtract(capture *g, int *n);  // asks; to be freed by XFree
int capture_copy(capture *g, int x, int y, int width, int height); // asks; 0 when the server refused
void capture_stop(capture *g);

// ---- keyboard.c

// One way to a keysym: press code while of the modifiers in mask exactly mods are on and the group is group of groups.
typedef struct {
	uint32_t keysym;
	uint8_t code, group, groups, mods, mask;
} keymap_entry;

typedef struct {
	keymap_entry *entries;
	int count;
	uint8_t sets[256];   // modifiers that are on while the keycode is down
	uint8_t locks[256];  // modifiers that pressing the keycode locks
	uint8_t spare[256];  // 1: has no symbol, no modifier and no action
	int state_group, state_locked;
} keymap;

typedef struct keyboard {
	connection *c;
	int xkb_event;
	int group, locked;          // as last told by the server
	unsigned long locked_since; // serial of our latest lock request: states before it are old news
	int changed;                // the map has, since keyboard_events last told
	Atom ping, protocols;
	long pings;
	int started;                // how that went
} keyboard;

enum { KEYBOARD_OK, KEYBOARD_NO_XKB, KEYBOARD_NO_XTEST, KEYBOARD_FAILED };

int keyboard_start(keyboard *k, connection *c);
int keyboard_load(keyboard *k, keymap *m);         // asks; 0 when it failed; free m->entries
// Reads what has come without waiting. 1 when the map changed in keycodes other than those marked in ours.
int keyboard_events(keyboard *k, const uint8_t *ours);
void keyboard_lock(keyboard *k, int affect, int values);
void keyboard_lock_group(keyboard *k, int group);
enum { BARRIER_NOBODY, BARRIER_SEEN, BARRIER_TIMEOUT };

// Asks the program that has the focus (by _NET_WM_PING) to say when it has seen all that was sent, and waits for that.
int keyboard_barrier(keyboard *k, const uint8_t *ours, int timeout_ms);
void keyboard_bind(keyboard *k, int code, uint32_t keysym);
int keyboard_down(keyboard *k, uint8_t codes[32], unsigned *buttons); // asks: what the server believes to be held

// ---- cursor.c

int cursor_start(connection *c, int *event);
int cursor_events(connection *c, int event);       // 1 when the image has changed

// ---- clipboard.c

enum { CLIPBOARD_MAX = 48 << 10 };
enum { CLIPBOARD_IDLE, CLIPBOARD_ASKED, CLIPBOARD_RECEIVING };

typedef struct clipboard {
	connection *c;
	Window window;              // the owner, when we are
	int fixes_event;
	Atom selection, targets, timestamp, utf8, plain, incr, property;
	Time since;                 // when we became the owner
	int owned;
	char text[CLIPBOARD_MAX];   // what we serve while owned
	int length;

	int state;                  // of the one transfer that there may be
	unsigned asked;             // how many transfers were begun
	Window requestor;           // a window for each transfer: what comes for an older one comes to nobody
	char got[CLIPBOARD_MAX];
	int got_length;
	int complete;               // got is whole
	int started;
} clipboard;

int clipboard_start(clipboard *b, connection *c);  // asks; 0 without XFIXES
void clipboard_events(clipboard *b);               // asks; reads what has come, serves and receives
void clipboard_abandon(clipboard *b);              // the transfer, if there is one
int clipboard_own(clipboard *b, const char *text, int length); // asks; 0 when somebody else stays the owner
void clipboard_disown(clipboard *b);               // asks

// ---- screen.c

enum { SCREEN_OK, SCREEN_NO_RANDR, SCREEN_SIZE, SCREEN_FAILED };
int screen_resize(connection *c, int width, int height); // asks

#endif
