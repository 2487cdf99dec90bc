package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"turtus/services/postgres"
	"turtus/services/postgres/cluster"
	"turtus/services/postgres/migrations"
)

// URLVariable names an existing server to use instead of a private one, as a postgres:// URL.
const URLVariable = "TURTUS_TEST_DATABASE_URL"

// server is what the tests of this process share.
type server struct {
	admin *url.URL // makes databases
	owner *url.URL // owns them
	stop  func()

	mu       sync.Mutex
	template string
}

var shared struct {
	sync.Mutex
	*server
	err error
}

// sharedServer starts the server on first use. A failure is remembered: each further test would only wait for it again.
func sharedServer(ctx context.Context) (*server, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = newServer(ctx)
	}
	return shared.server, shared.err
}

func stopShared() {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		shared.server.stop()
	}
	shared.server, shared.err = nil, nil
}

func newServer(ctx context.Context) (*server, error) {
	if given := os.Getenv(URLVariable); given != "" {
		u, err := url.Parse(given)
		if err != nil || u.Scheme == "" {
			return nil, fmt.Errorf("%s is not a postgres:// URL", URLVariable)
		}
		return &server{admin: u, owner: u, stop: func() {}}, nil
	}
	dir, err := os.MkdirTemp("", "turtus-pgtest-")
	if err != nil {
		return nil, err
	}
	removed, err := removeAtEnd(dir)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	c, err := cluster.Start(ctx, cluster.Config{DataDir: dir, Ephemeral: true})
	if err != nil {
		removed()
		return nil, err
	}
	s := &server{stop: func() {
		hurry, cancel := context.WithCancel(context.Background())
		cancel() // nothing in it is worth a checkpoint
		_ = c.Stop(hurry)
		removed()
	}}
	if s.admin, err = url.Parse(c.AdminURL()); err == nil {
		s.owner, err = url.Parse(c.URL())
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) url(name string) string {
	u := *s.owner
	u.Path = "/" + name
	return u.String()
}

// migratedTemplate returns the name of a database with the schema, making it on first use.
func (s *server) migratedTemplate(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.template != "" {
		return s.template, nil
	}
	sum, err := hashOf(migrations.FS)
	if err != nil {
		return "", err
	}
	name := "turtus_template_" + sum
	if err := s.makeTemplate(ctx, name); err != nil {
		return "", err
	}
	s.template = name
	return name, nil
}

// templateLock keeps test processes on one given server from making the template twice.
const templateLock = 0x7475727465737400

// makeTemplate makes it under another name first: one with its final name is complete.
func (s *server) makeTemplate(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // gives the lock back
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return err
	}
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil || exists {
		return err
	}
	making := name + "_making"
	if err := s.drop(ctx, making); err != nil {
		return err
	}
	if err := s.create(ctx, making, "template0"); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, s.url(making), postgres.Options{MaxConns: 1})
	if err != nil {
		return err
	}
	err = postgres.Migrate(ctx, pool)
	pool.Close()
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+quote(making)+" RENAME TO "+quote(name))
	return err
}

func (s *server) create(ctx context.Context, name, template string) error {
	statement := "CREATE DATABASE " + quote(name) + " TEMPLATE " + quote(template)
	if s.owner.User.Username() != s.admin.User.Username() {
		statement += " OWNER " + quote(s.owner.User.Username())
	}
	return s.exec(ctx, statement)
}

func (s *server) drop(ctx context.Context, name string) error {
	return s.exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)")
}

func (s *server) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, statement)
	return err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func randomName() string { return "turtus_test_" + strings.ToLower(rand.Text()) }

// hashOf names a schema by the contents of its migrations.
func hashOf(source fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := source.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		fmt.Fprintln(h, path)
		_, err = io.Copy(h, f)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:6]), err
}
