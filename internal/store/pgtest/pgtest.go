// Package pgtest gives tests and benchmarks a real PostgreSQL: a private
// server per test process, durable (fsync on), reached through a Unix socket
// and gone when the process ends, however it ends.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is a running PostgreSQL.
type server struct {
	dir string // holds the data, the socket and the log
	// alive is the write end of the pipe that the supervisor reads: when this
	// process ends the pipe closes, and the supervisor stops the server.
	alive *os.File
}

// shared starts the one server of this process on first use.
var shared = sync.OnceValues(start)

var databases atomic.Int64

// DSN returns the connection string of a fresh, empty database. It goes with
// the server: to drop it earlier takes a checkpoint, longer than most tests. A
// machine without PostgreSQL, and without the means to install it, fails the
// test.
func DSN(t testing.TB) string {
	t.Helper()
	dsn, _, err := Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

// Database is DSN for programs that are no tests, such as the benchmarks. The
// server it starts on first use ends with the program.
func Database(ctx context.Context) (dsn string, drop func(context.Context) error, err error) {
	srv, err := shared()
	if err != nil {
		return "", nil, fmt.Errorf("starting PostgreSQL for tests: %w", err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := srv.exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, fmt.Errorf("creating a database for the test: %w", err)
	}
	return srv.dsn(name), func(ctx context.Context) error { return srv.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)") }, nil
}

func (s *server) dsn(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.dir}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

func (s *server) exec(ctx context.Context, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.dsn("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// start makes a cluster in a temporary folder and waits until it answers.
func start() (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	// A Unix socket's path holds about 100 bytes: keep the folder short.
	root := os.TempDir()
	if len(root) > 60 {
		root = "/tmp"
	}
	dir, err := os.MkdirTemp(root, "jamii-pg-")
	if err != nil {
		return nil, fmt.Errorf("making the folder of the cluster: %w", err)
	}
	s := &server{dir: dir}
	if err := s.launch(bin); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.wait(30 * time.Second); err != nil {
		log := tail(filepath.Join(dir, "log"), 4000)
		return nil, fmt.Errorf("%w\n%s", errors.Join(err, s.alive.Close()), log)
	}
	return s, nil
}

// wait returns when the server answers.
func (s *server) wait(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for {
		err := s.exec(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		if _, failed := os.Stat(filepath.Join(s.dir, "failed")); failed == nil {
			return errors.New("the cluster could not be made")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer within %s: %w", limit, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tail returns the last bytes of a file, for an error message.
func tail(name string, n int) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-n):])
}
