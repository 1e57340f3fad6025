package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// How long a newcomer waits from git clone to the first decided claim, with an
// empty module and build cache, and with full ones. It needs the network and
// minutes, so it runs only when JAMII_CLONE names the repository to clone:
//
//	JAMII_CLONE=$PWD go test ./cmd/jamii -run CloneToFirstClaim -v
func TestCloneToFirstClaim(t *testing.T) {
	source := os.Getenv("JAMII_CLONE")
	if source == "" {
		t.Log("JAMII_CLONE names no repository; nothing is measured")
		return
	}
	caches := t.TempDir()
	env := append(os.Environ(), "GOMODCACHE="+filepath.Join(caches, "mod"), "GOCACHE="+filepath.Join(caches, "build"), "GOFLAGS=-modcacherw")
	for _, state := range []string{"empty caches", "full caches"} {
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
