package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/google/uuid"
)

// dataFolder is the folder of everything the server keeps, owned by one server at a time:
//
//	postgres/      the private PostgreSQL
//	browsers/      homes of the running browsers
//	agents/        the socket at which browsers in containers find the hub; mounted into them
//	server.id      tells this server's containers from another's of the same engine
//	containers     is there once browsers ran in containers
//	secrets/       0700: signing keys, the secrets of the hub and the relay, the hash of the setup token
//	tls/           0700: certificates by ACME, and the authority of turtus cert
//	turtus.lock    held by the server that uses the folder; its process id
//	admin/         0700: the socket of the running server's doctor
//	backups/       the nightly backups, where no other folder is set
//	database.url   how the server's private PostgreSQL is reached, while it runs
type dataFolder struct {
	path string
	lock *os.File
}

// inUseError says that another server has the folder.
type inUseError struct {
	path string
	pid  int
}

func (e *inUseError) Error() string {
	if e.pid == 0 {
		return "the data folder " + e.path + " is in use by another turtus"
	}
	return fmt.Sprintf("the data folder %s is in use by another turtus, process %d: end that one, or set TURTUS_DATA_DIR to another folder", e.path, e.pid)
}

// makeDataFolder makes the folder where it does not exist, and returns its whole path.
func makeDataFolder(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // PostgreSQL and the browsers run as other users and have folders in it
	}
	if err := os.MkdirAll(path, mode); err != nil {
		return "", fmt.Errorf("make the data folder (TURTUS_DATA_DIR): %w", err)
	}
	return path, nil
}

// openDataFolder makes the folder where it does not exist and takes its lock, which the kernel gives back when the process ends.
func openDataFolder(path string) (*dataFolder, error) {
	path, err := makeDataFolder(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(path, "turtus.lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("use the data folder (TURTUS_DATA_DIR): %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			text, _ := io.ReadAll(io.LimitReader(f, 32))
			pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
			return nil, &inUseError{path, pid}
		}
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("write to the data folder: %w", err)
	}
	return &dataFolder{path, f}, nil
}

func (d *dataFolder) join(parts ...string) string {
	return filepath.Join(append([]string{d.path}, parts...)...)
}

func (d *dataFolder) close() { _ = d.lock.Close() }

// secret reads 32 random bytes by name, or makes them. The folder secrets exists.
func (d *dataFolder) secret(name string) ([]byte, error) {
	path := d.join("secrets", name)
	secret, err := os.ReadFile(path)
	if err == nil && len(secret) == 32 {
		return secret, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	secret = make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	if err := os.WriteFile(path+".new", secret, 0o600); err != nil {
		return nil, fmt.Errorf("store a secret: %w", err)
	}
	return secret, os.Rename(path+".new", path)
}

// identity names this data folder's server among others of one machine. It is no secret.
func (d *dataFolder) identity() (string, error) {
	path := d.join("server.id")
	text, err := os.ReadFile(path)
	if id, wrong := uuid.ParseBytes(bytes.TrimSpace(text)); err == nil && wrong == nil {
		return id.String(), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the server's id: %w", err)
	}
	id := uuid.NewString()
	if err := os.WriteFile(path+".new", []byte(id+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("store the server's id: %w", err)
	}
	return id, os.Rename(path+".new", path)
}

const urlFile = "database.url"
