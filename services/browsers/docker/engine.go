package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
)

// leastAPI is that of Docker 20.10.
const leastAPI = "1.41"

// connect makes a client. It does not speak with the engine yet.
func connect(address string, more ...client.Opt) (*client.Client, error) {
	options := []client.Opt{client.FromEnv, client.WithAPIVersionNegotiation()}
	if address != "" {
		options = append(options, client.WithHost(address))
	}
	engine, err := client.NewClientWithOpts(append(options, more...)...)
	if err != nil {
		return nil, fmt.Errorf("the address of the Docker Engine (DOCKER_HOST): %w", err)
	}
	return engine, nil
}

// connectBounded makes a client whose connections end with the context that they were opened for, which is for attaching alone: there the
// client waits for an answer whatever the context says, and an engine that hangs would have it wait for ever.
func connectBounded(engine *client.Client) (*client.Client, error) {
	at, err := client.ParseHostURL(engine.DaemonHost())
	if err != nil {
		return nil, err
	}
	return connect(engine.DaemonHost(), client.WithDialContext(func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, at.Scheme, at.Host)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = c.Close() })
		}
		return c, err
	}))
}

// Answers says whether a Docker Engine answers at address and has the image, or may have it from a registry, and if not, why.
// The empty address means what DOCKER_HOST says, else the usual one. It is for choosing a launcher.
func Answers(ctx context.Context, address, image, buildCommand string) (ok bool, why string) {
	engine, err := connect(address)
	if err != nil {
		return false, err.Error()
	}
	defer engine.Close()
	l := &Launcher{o: Options{Image: image, BuildCommand: buildCommand, Patience: answerPatience}, engine: engine, address: engine.DaemonHost()}
	if err := l.greet(ctx); err != nil {
		return false, err.Error()
	}
	there, err := l.lookForImage(ctx)
	if err != nil {
		return false, err.Error()
	}
	if !there && !pullable(image) {
		return false, l.missingImage().Error()
	}
	return true, ""
}

// answerPatience is how long a start of the server waits for an engine that may not be there.
const answerPatience = 3 * time.Second

// greet asks the engine whether it is there and recent enough. Its error is for people.
func (l *Launcher) greet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.o.Patience)
	defer cancel()
	pong, err := l.engine.Ping(ctx)
	if err != nil {
		return l.explain(err)
	}
	if pong.APIVersion != "" && versions.LessThan(pong.APIVersion, leastAPI) {
		return troublef("Docker on this server is too old (API %s): install 20.10 or newer (API %s).", pong.APIVersion, leastAPI)
	}
	l.engine.NegotiateAPIVersionPing(pong)
	info, err := l.engine.Info(ctx)
	if err != nil {
		return l.explain(err)
	}
	if info.OSType != "" && info.OSType != "linux" {
		return troublef("Docker at %s runs %s containers, and browsers need Linux.", l.address, info.OSType)
	}
	l.mu.Lock()
	l.cpus = info.NCPU
	l.mu.Unlock()
	return nil
}

// trouble is why no browser can be started, and the mend, in sentences for people.
type trouble string

func (t trouble) Error() string { return string(t) }

func troublef(format string, args ...any) error { return trouble(fmt.Sprintf(format, args...)) }

// explain says why the engine is of no use. The client hides what the socket said, so that is asked anew.
func (l *Launcher) explain(err error) error {
	if socket, ok := strings.CutPrefix(l.address, "unix://"); ok && !errors.Is(err, context.DeadlineExceeded) {
		c, dialled := net.DialTimeout("unix", socket, l.o.Patience)
		switch {
		case dialled == nil:
			_ = c.Close()
		case errors.Is(dialled, fs.ErrPermission):
			return troublef("This server's user may not use Docker: add it to the group of %s (usermod -aG docker), and start the server again.", socket)
		case errors.Is(dialled, fs.ErrNotExist):
			return troublef("Docker is not there (no %s): install it (apt install docker.io), start it (systemctl start docker), or set DOCKER_HOST to where it is.", socket)
		}
	}
	if isAway(err) {
		return troublef("Docker does not answer at %s: start it (systemctl start docker), or see what its log says (journalctl -u docker).", l.address)
	}
	return troublef("Docker at %s is of no use: %v.", l.address, err)
}

// isAway says whether there was no answer at all, other than one that is an error.
func isAway(err error) bool {
	return client.IsErrConnectionFailed(err) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// isGone says that what was asked about is not there.
func isGone(err error) bool { return errdefs.IsNotFound(err) }
