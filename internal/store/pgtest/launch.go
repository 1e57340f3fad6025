package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// superuser is the role that initdb makes.
const superuser = "postgres"

// supervise makes the cluster, starts the server, and stops it when standard
// input closes. It is a shell script and not a goroutine, so that it outlives
// a test that panics or times out, and no leak detector sees it.
//
// fsync stays on: tests measure and prove durable commits. initdb itself need
// not sync.
const supervise = `
"$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$2/log" 2>&1 || {
  touch "$2/failed"
  read -r _
  rm -rf "$2"
  exit 1
}
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c unix_socket_permissions=0777 \
  -c max_connections=200 -c shared_buffers=128MB -c fsync=on -c synchronous_commit=on \
  -c max_wal_size=4GB -c checkpoint_timeout=30min -c autovacuum_naptime=30s \
  -c jit=off -c max_parallel_workers_per_gather=0 >>"$2/log" 2>&1 &
pid=$!
read -r _
kill -QUIT $pid
wait $pid
rm -rf "$2"
`

// launch starts the supervisor.
func (s *server) launch(bin string) error {
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe: %w", err)
	}
	defer read.Close()
	cmd := exec.Command("/bin/sh", "-c", supervise, "sh", bin, s.dir)
	cmd.Dir = s.dir
	cmd.Stdin = read
	// A session of its own: Ctrl-C goes to the test, not to the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() == 0 {
		// PostgreSQL refuses to run as root.
		cred, err := unprivileged()
		if err != nil {
			return errors.Join(err, write.Close())
		}
		cmd.SysProcAttr.Credential = cred
		if err := os.Chown(s.dir, int(cred.Uid), int(cred.Gid)); err != nil {
			return errors.Join(fmt.Errorf("giving the cluster's folder away: %w", err), write.Close())
		}
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("starting the supervisor: %w", err), write.Close())
	}
	s.alive = write
	return nil
}

// unprivileged is the account that the server runs under when we are root.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("we are root, PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
}

// binaries returns the folder that holds initdb and postgres, installing
// Debian's package when that is possible.
func binaries() (string, error) {
	if dir, ok := find(); ok {
		return dir, nil
	}
	if err := install(); err != nil {
		return "", fmt.Errorf("initdb and postgres are neither in PATH nor in the usual places: install PostgreSQL 15 or newer: %w", err)
	}
	if dir, ok := find(); ok {
		return dir, nil
	}
	return "", errors.New("the package postgresql is installed, but initdb and postgres are not found")
}

// places are where distributions put the binaries.
var places = []string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
}

func find() (string, bool) {
	candidates := filepath.SplitList(os.Getenv("PATH"))
	for _, p := range places {
		dirs, err := filepath.Glob(p)
		if err != nil {
			continue
		}
		for i := len(dirs) - 1; i >= 0; i-- { // newest last in the glob
			candidates = append(candidates, dirs[i])
		}
	}
	for _, dir := range candidates {
		if executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir, true
		}
	}
	return "", false
}

func executable(name string) bool {
	st, err := os.Stat(name)
	return err == nil && !st.IsDir() && st.Mode()&0o111 != 0
}

// install runs apt-get; test processes that start together take turns.
func install() error {
	if os.Geteuid() != 0 {
		return errors.New("not root, so it cannot be installed from here")
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return errors.New("there is no apt-get to install it with")
	}
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), "jamii-pg-install.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening the lock file: %w", err)
	}
	defer lock.Close() // gives the lock back
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("waiting for another installation: %w", err)
	}
	if _, ok := find(); ok {
		return nil
	}
	for _, args := range [][]string{{"update", "-q"}, {"install", "-y", "-q", "--no-install-recommends", "postgresql"}} {
		cmd := exec.Command(apt, args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", args[0], err, out[max(0, len(out)-2000):])
		}
	}
	return nil
}
