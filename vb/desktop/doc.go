// Package desktop is all the agent knows of X11: the picture of the screen, the pointer and the keyboard, the cursor's image,
// the clipboard and the screen's size. The agent calls it; it knows nothing of codecs, viewers or WebRTC.
//
// What always holds:
//   - Each Capturer, Input, CursorWatcher and Clipboard owns one connection to the X server, so none waits for another.
//   - An X server that dies never takes the process along: the call in progress and all later ones return ErrServerGone.
//     For this the package owns Xlib's process-wide error handlers; nobody else in the process may set them.
//   - Nothing ticks. A goroutine inside Wait, Next or Run sleeps in poll(2) until the server speaks, the context ends or Close is called.
//   - After Close every method returns ErrClosed. Close may be called from any goroutine, more than once.
//
// The X server should be started with -noreset: without it Xvfb forgets its state whenever its last client leaves.
// Displays are named as in DISPLAY (":99"); the cookie comes from the file named by XAUTHORITY.
package desktop
