package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// launch starts a jamii binary on an empty database with a client that may do
// all, and points c at it.
func launch(c *client, binary, database string) (stop func(), err error) {
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if database == "" {
		database = "sqlite:" + filepath.Join(dir, "jamii.db")
	}
	binary, err = filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	if out, err := exec.Command(binary, "migrate", "--database", database).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("migrate: %w: %s", err, out)
	}
	secret := filepath.Join(dir, "secret")
	add := exec.Command(binary, "client", "add", "conformance", "--scope", "system/*.cruds", "--any-facility", "--secret-file", secret, "--database", database)
	if out, err := add.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("client add: %w: %s", err, out)
	}
	key, err := os.ReadFile(secret)
	if err != nil {
		return nil, err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return nil, err
	}
	serve := exec.Command(binary, "serve", "--listen", address, "--database", database)
	serve.Dir, serve.Stderr = dir, os.Stderr
	if err := serve.Start(); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	stop = func() {
		if err := serve.Process.Signal(syscall.SIGTERM); err == nil {
			_, err = serve.Process.Wait()
			if err != nil {
				fmt.Fprintln(os.Stderr, "stopping the server:", err)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	c.base, c.user = "http://"+address+"/fhir", "conformance:"+strings.TrimSpace(string(key))
	for range 300 {
		res, err := http.Get(c.base + "/metadata")
		if err == nil {
			return stop, res.Body.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return nil, fmt.Errorf("the server did not answer at %s", address)
}
