package eventstream

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"
)

// dial opens a WebSocket to the hub within this process, as whoever sent r.
func dial(hub http.Handler, r *http.Request) (*websocket.Conn, *http.Response, error) {
	near, far, err := pair()
	if err != nil {
		return nil, nil, err
	}
	go serve(hub, far, r)
	header := http.Header{}
	if origin := r.Header.Get("Origin"); origin != "" {
		header.Set("Origin", origin)
	}
	dialer := websocket.Dialer{
		NetDial:          func(string, string) (net.Conn, error) { return near, nil },
		HandshakeTimeout: writeTimeout,
	}
	u := url.URL{Scheme: "ws", Host: r.Host, Path: r.URL.Path}
	ws, answer, err := dialer.DialContext(r.Context(), u.String(), header)
	if err != nil {
		_ = near.Close()
	}
	return ws, answer, err
}

// pair makes two ends of a connection whose writes do not wait for reads, as those of a network don't.
func pair() (near, far net.Conn, err error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	conns := [2]net.Conn{}
	for i, fd := range ends {
		file := os.NewFile(uintptr(fd), "eventstream")
		var failed error
		conns[i], failed = net.FileConn(file) // with a descriptor of its own
		err = errors.Join(err, failed, file.Close())
	}
	if err != nil {
		for _, conn := range conns {
			if conn != nil {
				err = errors.Join(err, conn.Close())
			}
		}
		return nil, nil, err
	}
	return conns[0], conns[1], nil
}

// serve gives the hub the request that a WebSocket begins with.
func serve(hub http.Handler, conn net.Conn, r *http.Request) {
	defer conn.Close()
	from := bufio.NewReader(conn)
	request, err := http.ReadRequest(from)
	if err != nil {
		return
	}
	request = request.WithContext(r.Context())
	request.RemoteAddr, request.Host, request.TLS = r.RemoteAddr, r.Host, r.TLS
	hub.ServeHTTP(&upgrade{conn: conn, from: from, header: http.Header{}}, request)
}

// upgrade lets the hub take the connection over, or answers in its place.
type upgrade struct {
	conn   net.Conn
	from   *bufio.Reader
	header http.Header
	wrote  bool
}

func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	u.wrote = true
	return u.conn, bufio.NewReadWriter(u.from, bufio.NewWriter(u.conn)), nil
}

func (u *upgrade) Header() http.Header { return u.header }

func (u *upgrade) WriteHeader(status int) {
	if u.wrote {
		return
	}
	u.wrote = true
	// The end of the body is the end of the connection.
	u.header.Set("Connection", "close")
	answer := http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: u.header, ContentLength: -1, Close: true}
	_ = answer.Write(u.conn)
}

func (u *upgrade) Write(data []byte) (int, error) {
	u.WriteHeader(http.StatusOK)
	return u.conn.Write(data)
}
