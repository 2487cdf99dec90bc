package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"turtus/services/backup"
	"turtus/services/browsers"
	"turtus/services/browsers/docker"
	"turtus/services/browsers/process"
	"turtus/services/config"
	"turtus/services/doctor"
	"turtus/services/wire"
)

// newDoctor examines this very server.
func newDoctor(c config.Config, p *parts, pool *pgxpool.Pool) *doctor.Doctor {
	return doctor.New(doctor.Box{
		Config: c, Version: version, Running: true, Started: time.Now(),
		Database: func(ctx context.Context) (doctor.Database, error) {
			return doctor.LookAtDatabase(ctx, pool.Config().ConnString())
		},
		Engine: engineOf(p.launcher),
		Relay: func() doctor.Relay {
			udp, tcp := p.relay.Listens()
			u := p.relay.Statistics()
			return doctor.Relay{Port: p.relay.Port(), UDP: udp, TCP: tcp, Use: doctor.Use{
				Addresses: u.Allocations, OverTCP: u.Streams, Bytes: u.SentBytes + u.ReceivedBytes, Refused: u.Unauthorised + u.OverQuota,
			}}
		},
		Certificates: p.front.certificates,
		PlainHTTP:    p.front.plainHTTP,
		Backups:      func() doctor.Backups { return backupsOf(c, p.nightly) },
		ICEServers: func(peer, host string, ended bool) []wire.ICEServer {
			return p.relay.Servers(peer, wire.PeerKindViewer, host, ended)
		},
	})
}

// engineOf asks a launcher what it starts browsers by.
func engineOf(l browsers.Launcher) func(ctx context.Context) doctor.Engine {
	return func(ctx context.Context) doctor.Engine {
		f := browsers.Facts{Launcher: l.Name()}
		if d, ok := l.(browsers.Describer); ok {
			f, _ = d.Facts(ctx) // where it fails, Available says why
		}
		e := doctor.Engine{
			Launcher: f.Launcher, Isolated: f.Isolated, Version: f.Version, Folder: f.Folder,
			Image: f.Image, ImageThere: f.ImageThere, ImageVersion: f.ImageVersion,
		}
		e.Available, e.Why = l.Available()
		if running, err := l.List(ctx); err == nil {
			e.Running = len(running)
		}
		return e
	}
}

// engineBeside looks at what a server with these settings would start browsers by, with none running. It is nil where only another process
// knows.
func engineBeside(c config.Config) func(ctx context.Context) doctor.Engine {
	if c.LauncherSocket != "" {
		return nil
	}
	return func(ctx context.Context) doctor.Engine {
		why := ""
		if c.Launcher != processes {
			var answers bool
			if answers, why = docker.Answers(ctx, "", c.BrowserImage, buildCommand); answers || c.Launcher == "docker" {
				return doctor.Engine{Launcher: "docker", Available: answers, Why: why, Isolated: true, Image: c.BrowserImage, ImageThere: answers}
			}
		}
		e := doctor.Engine{Launcher: processes}
		program, err := agentProgram(c)
		if err != nil {
			e.Why = err.Error()
			return e
		}
		e.Available, e.Why = process.Available(process.Options{Agent: program})
		return e
	}
}

// backupsOf looks into the folder of backups; nightly is nil where none runs here.
func backupsOf(c config.Config, nightly *backup.Nightly) doctor.Backups {
	b := doctor.Backups{Dir: backupSource(c, "").Dir}
	list, err := backup.List(b.Dir)
	if len(list) > 0 {
		newest := list[len(list)-1]
		b.Newest, b.Size = newest.Created, newest.Size
	}
	b.Failed = err
	if nightly != nil {
		if at, err := nightly.Failed(); err != nil && at.After(b.Newest) {
			b.Failed = err
		}
	}
	return b
}

// doctorSocket is where the doctor of a running server answers, for its own user alone.
func doctorSocket(dataDir string) (folder, name string) {
	return filepath.Join(dataDir, "admin"), "doctor.sock"
}

// listenForDoctor opens the socket that turtus doctor asks at. A server does without, and says so.
func listenForDoctor(dataDir string) (listener net.Listener, err error) {
	folder, name := doctorSocket(dataDir)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	err = inFolder(folder, func(short string) error {
		path := filepath.Join(short, name)
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // of a server that was killed
			return err
		}
		if listener, err = net.Listen("unix", path); err != nil {
			return err
		}
		listener.(*net.UnixListener).SetUnlinkOnClose(false) // the short path is gone by then
		return nil
	})
	return listener, err
}

// serveDoctor answers turtus doctor until ctx ends.
func serveDoctor(ctx context.Context, listener net.Listener, d *doctor.Doctor, dataDir string) {
	server := &http.Server{ReadHeaderTimeout: headerTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(d.Examine(r.Context(), nil, "")) // a reader who left
	})}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	_ = server.Serve(listener) // until it is closed
	folder, name := doctorSocket(dataDir)
	_ = os.Remove(filepath.Join(folder, name))
}

// inFolder runs f with a short path of a folder: that of a socket may have 107 bytes only, and a data folder can lie deep.
func inFolder(folder string, f func(short string) error) error {
	fd, err := unix.Open(folder, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", folder, err)
	}
	defer unix.Close(fd)
	return f(fmt.Sprintf("/proc/self/fd/%d", fd))
}

// askDoctor asks the server that runs on the data folder.
func askDoctor(ctx context.Context, dataDir string) (r wire.DoctorReport, err error) {
	folder, name := doctorSocket(dataDir)
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
		err = inFolder(folder, func(short string) (err error) {
			conn, err = (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(short, name))
			return err
		})
		return conn, err
	}}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://doctor/", nil)
	if err != nil {
		return r, err
	}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return r, err
	}
	defer answer.Body.Close()
	return r, json.NewDecoder(answer.Body).Decode(&r)
}

// errUnwell ends `turtus doctor` with 1; the report has said everything.
var errUnwell = errors.New("something does not work")

func doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look for what is wrong with this server, and say the mend", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r := report(cmd.Context())
			out := cmd.OutOrStdout()
			if asJSON {
				encoder := json.NewEncoder(out)
				encoder.SetIndent("", "  ")
				if err := encoder.Encode(r); err != nil {
					return err
				}
			} else {
				doctor.Print(out, r, isTerminal(os.Stdout) && os.Getenv("NO_COLOR") == "", width(os.Stdout))
			}
			if doctor.Failed(r) {
				return errUnwell
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}

func width(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return 100
	}
	return int(size.Col)
}

// report is the running server's; where none answers, this command looks by itself at what it can.
func report(ctx context.Context) wire.DoctorReport {
	c, err := config.Load(os.Environ())
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		return doctor.Wrong(wrong, version, time.Now())
	}
	r, err := askDoctor(ctx, c.DataDir)
	if err == nil {
		return r
	}
	b := doctor.Box{Config: c, Version: version, Absent: doctor.Nobody, Engine: engineBeside(c), Backups: func() doctor.Backups { return backupsOf(c, nil) }}
	url := c.DatabaseURL
	if locked(c.DataDir) {
		b.Absent = doctor.Silent
		if text, err := os.ReadFile(filepath.Join(c.DataDir, urlFile)); err == nil && url == "" {
			url = strings.TrimSpace(string(text))
		}
	}
	if url != "" {
		b.Database = func(ctx context.Context) (doctor.Database, error) { return doctor.LookAtDatabase(ctx, url) }
	}
	return doctor.New(b).Examine(ctx, nil, "")
}

// locked says whether a server has the folder. It takes nothing and makes nothing.
func locked(dataDir string) bool {
	f, err := os.Open(filepath.Join(dataDir, "turtus.lock"))
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
