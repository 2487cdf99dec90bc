#ifndef TURTUS_DESKTOPTEST_SELECTION_H
#define TURTUS_DESKTOPTEST_SELECTION_H

#include <X11/Xlib.h>
#include <X11/Xatom.h>

typedef struct {
	Display *display;
	Window window;
	Atom clipboard, utf8, incr, property, time;
	XSelectionRequestEvent request; // the last one
} selection;

selection *selection_open(const char *display);
int selection_own(selection *s);
int selection_requested(selection *s, int timeout_ms);               // 0 when nobody asked in time
void selection_answer(selection *s, const char *type, const char *text, int length);
int selection_answer_incr(selection *s, const char *text, int length, int chunk, int timeout_ms); // 0: nobody takes it
int selection_abandoned(selection *s, int timeout_ms);               // the requestor's window went away
int selection_lost(selection *s, int timeout_ms);                    // somebody else owns it
void selection_ask(selection *s, const char *target);                 // without waiting for an answer
int selection_convert(selection *s, const char *target, unsigned char **data, unsigned long *bytes, int timeout_ms); // 1, 0 refused, -1 no answer
void selection_close(selection *s);

#endif
