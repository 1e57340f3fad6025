package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the folder of the program, "" as long as no test needs it.
var built string

// program builds the command once, as make build does.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "jamii-test-")
	if err != nil {
		return "", err
	}
	built = dir
	name := filepath.Join(dir, "jamii")
	out, err := exec.Command("go", "build", "-o", name, "-ldflags", "-X main.version=test", ".").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return name, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// house is a folder in which processes run.
type house struct {
	*testing.T
	dir, program, address string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	name, err := program()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &house{T: t, dir: t.TempDir(), program: name, address: l.Addr().String()}
}

// jamii runs a command to its end.
func (h *house) jamii(args ...string) (code int, stdout, stderr string) {
	h.Helper()
	cmd := exec.Command(h.program, args...)
	cmd.Dir = h.dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		h.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// want runs a command that must end with a code.
func (h *house) want(code int, args ...string) (stdout, stderr string) {
	h.Helper()
	got, out, errs := h.jamii(args...)
	if got != code {
		h.Fatalf("jamii %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out, errs)
	}
	return out, errs
}

// server is a running jamii serve.
type server struct {
	h   *house
	cmd *exec.Cmd
	log *journal
	// ready is how long it took from the start to the first answer.
	ready time.Duration
}

// journal is what a process prints, while it prints.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// serve starts a server and waits for its first answer.
func (h *house) serve(args ...string) *server {
	h.Helper()
	s := &server{h: h, log: &journal{}}
	s.cmd = exec.Command(h.program, append([]string{"serve", "--listen", h.address}, args...)...)
	s.cmd.Dir, s.cmd.Stderr, s.cmd.Stdout = h.dir, s.log, s.log
	start := time.Now()
	if err := s.cmd.Start(); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = s.cmd.Process.Kill() })
	for {
		if resp, err := http.Get("http://" + h.address + "/fhir/Patient"); err == nil {
			resp.Body.Close()
			s.ready = time.Since(start)
			return s
		}
		if time.Since(start) > 20*time.Second {
			h.kill(s)
			h.Fatalf("no answer:\n%s", s.log)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// kill ends a server as a power cut does.
func (h *house) kill(s *server) {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// stop ends a server as the system does, and wants it to end well.
func (s *server) stop() {
	s.h.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.h.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.h.Fatalf("stopping: %v\n%s", err, s.log)
	}
}

// call sends a request as a client; secret is a file in the folder.
func (h *house) call(name, secret, method, path, body string) (int, string) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+h.address+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/fhir+json")
	if name != "" {
		req.SetBasicAuth(name, secret)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		h.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// file reads a file of the folder.
func (h *house) file(name string) string {
	h.Helper()
	data, err := os.ReadFile(filepath.Join(h.dir, name))
	if err != nil {
		h.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

// write makes a file in the folder.
func (h *house) write(name, text string) {
	h.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
}

// root is the folder of the project.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// start begins a command and does not wait for it.
func (h *house) start(args ...string) *exec.Cmd {
	h.Helper()
	cmd := exec.Command(h.program, args...)
	cmd.Dir = h.dir
	if err := cmd.Start(); err != nil {
		h.Fatal(err)
	}
	return cmd
}
