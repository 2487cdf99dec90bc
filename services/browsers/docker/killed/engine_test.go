package killed

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

const patience = 2 * time.Minute

// testImage has the agent of these tests and nothing else.
const testImage = "turtus-test-killed"

// engine is a Docker Engine of a test's own.
type engine struct {
	*testing.T
	*client.Client
	dir    string
	flags  []string
	daemon *program
}

// newEngine starts one that has the image; flags are dockerd's.
func newEngine(t *testing.T, flags ...string) *engine {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Skip("starts and kills a Docker Engine of its own: as root, with docker.io installed, set TURTUS_TEST_ENGINE=required")
	}
	require.NoError(t, exec.Command("ip", "link", "set", "lo", "up").Run())
	dir, err := os.MkdirTemp("", "dockerd-") // a socket's path is short
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "daemon.json"), []byte("{}"), 0o600)) // not this machine's own
	e := &engine{T: t, dir: dir, flags: flags}
	e.Client, err = client.NewClientWithOpts(client.WithHost(e.address()), client.WithAPIVersionNegotiation())
	require.NoError(t, err)
	t.Cleanup(e.end)
	e.begin()
	e.load()
	return e
}

func (e *engine) address() string { return "unix://" + filepath.Join(e.dir, "docker.sock") }

// begin returns when it answers.
func (e *engine) begin() {
	e.Helper()
	e.daemon = run(e.T, append([]string{
		"dockerd", "--data-root", filepath.Join(e.dir, "data"), "--exec-root", filepath.Join(e.dir, "run"),
		"--pidfile", filepath.Join(e.dir, "pid"), "--host", e.address(), "--config-file", filepath.Join(e.dir, "daemon.json"),
	}, e.flags...))
	e.daemon.await(func() bool {
		_, err := e.Ping(context.Background())
		return err == nil
	})
}

// end has it take everything along, which is not so for one that is killed.
func (e *engine) end() {
	list, _ := e.ContainerList(context.Background(), container.ListOptions{All: true})
	for _, c := range list {
		_ = e.ContainerRemove(context.Background(), c.ID, container.RemoveOptions{Force: true})
	}
	e.daemon.end(syscall.SIGTERM)
	_ = e.Close()
	_ = syscall.Unmount(filepath.Join(e.dir, "data"), syscall.MNT_DETACH) // dockerd mounts it on itself
	_ = os.RemoveAll(e.dir)
}

// all are its containers, in whatever state.
func (e *engine) all() []container.Summary {
	e.Helper()
	list, err := e.ContainerList(context.Background(), container.ListOptions{All: true})
	require.NoError(e, err)
	return list
}

// only is the one container that runs, and its process.
func (e *engine) only() (id string, pid int) {
	e.Helper()
	list := e.all()
	require.Len(e, list, 1)
	found, err := e.ContainerInspect(context.Background(), list[0].ID)
	require.NoError(e, err)
	require.True(e, found.State.Running)
	return found.ID, found.State.Pid
}

// load makes the image, with no registry and no builder.
func (e *engine) load() {
	e.Helper()
	text, err := os.ReadFile(build(e.T, "./agent", "CGO_ENABLED=0"))
	require.NoError(e, err)
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	require.NoError(e, w.WriteHeader(&tar.Header{Name: "agent", Mode: 0o755, Size: int64(len(text))}))
	_, err = w.Write(text)
	require.NoError(e, err)
	require.NoError(e, w.Close())
	body, err := e.ImageImport(context.Background(), image.ImportSource{Source: &layer, SourceName: "-"}, testImage,
		image.ImportOptions{Changes: []string{`ENTRYPOINT ["/agent"]`}})
	require.NoError(e, err)
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	require.NoError(e, err)
}

// build makes a program of this module, once for all tests.
func build(t *testing.T, pkg string, env ...string) string {
	t.Helper()
	file := filepath.Join(programs, filepath.Base(pkg))
	if _, err := os.Stat(file); err == nil {
		return file
	}
	cmd := exec.Command("go", "build", "-o", file, pkg)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return file
}
