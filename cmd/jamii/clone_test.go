package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// How long a newcomer waits from git clone to the first decided claim, with
// full module and build caches; and with empty ones, which takes the network
// and minutes, when it is asked for:
//
//	CLONE=cold go test ./cmd/jamii -run CloneToFirstClaim -v
func TestCloneToFirstClaim(t *testing.T) {
	root, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		t.Log("no git checkout to clone: nothing is measured")
		return
	}
	source := strings.TrimSpace(string(root))
	env, states := os.Environ(), []string{"full caches"}
	if os.Getenv("CLONE") == "cold" {
		caches := t.TempDir()
		env = append(env, "GOMODCACHE="+filepath.Join(caches, "mod"), "GOCACHE="+filepath.Join(caches, "build"), "GOFLAGS=-modcacherw")
		states = []string{"empty caches", "full caches"}
	}
	for _, state := range states {
		h := newHouse(t)
		start := time.Now()
		for _, args := range [][]string{
			{"git", "clone", "--quiet", source, "clone"},
			{"make", "-C", "clone", "build"},
		} {
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Dir, cmd.Env = h.dir, env
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", args, err, out)
			}
		}
		h.dir = filepath.Join(h.dir, "clone")
		h.program = filepath.Join(h.dir, "bin/jamii")
		s := h.serve("--demo")
		code, text := h.call("demo", h.file("data/demo.secret"), http.MethodPost, "/fhir/Claim/$submit", h.file("data/demo-claim.json"))
		if code != http.StatusCreated {
			t.Fatalf("%d %s", code, text)
		}
		t.Logf("from git clone to the first decided claim, %s: %s", state, time.Since(start).Round(100*time.Millisecond))
		s.stop()
	}
}
