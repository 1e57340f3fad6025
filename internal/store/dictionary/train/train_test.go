package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/jamii-health/jamii/internal/store/dictionary/sample"
)

func TestSameProgramSameBytes(t *testing.T) {
	one, err := train(1, 20)
	if err != nil {
		t.Fatal(err)
	}
	two, err := train(1, 20)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Error("training twice gave other bytes")
	}
	info, err := zstd.InspectDictionary(one)
	if err != nil {
		t.Fatal(err)
	}
	if info.ID() != 1 {
		t.Errorf("number %d, want 1", info.ID())
	}
}

func TestDictionaryInUseNeverChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r4.dict")
	if err := os.WriteFile(file, []byte("in use"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(file, 1); !errors.Is(err, errInUse) {
		t.Errorf("got %v, want %v", err, errInUse)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "in use" {
		t.Errorf("the file was changed: %q %v", data, err)
	}
}

func TestCoverTakesWhatManySamplesShare(t *testing.T) {
	samples := [][]byte{
		[]byte("aaaa-only-here-1 SHARED BY ALL OF THEM bbbb"),
		[]byte("cccc-only-here-2 SHARED BY ALL OF THEM dddd"),
		[]byte("eeee-only-here-3 SHARED BY ALL OF THEM ffff"),
	}
	got := newCover(samples).content(64, 64)
	if want := []byte("SHARED BY ALL OF THEM"); !bytes.Contains(got, want) {
		t.Errorf("content %q lacks %q", got, want)
	}
	if bytes.Count(got, []byte("SHARED")) != 1 {
		t.Errorf("content %q holds the same twice", got)
	}
}

func TestCoverNeverCrossesSamples(t *testing.T) {
	// The end of one and the start of the next make no substring.
	c := newCover([][]byte{[]byte("0123456789"), []byte("abcdefghij")})
	for at, h := range c.hashes {
		crosses := at%10+window > 10
		if crosses != (h == none) {
			t.Errorf("position %d: hash %v", at, h)
		}
	}
}

func TestNothingShared(t *testing.T) {
	if got := newCover([][]byte{[]byte("0123456789"), []byte("abcdefghij")}).content(100, 50); len(got) != 0 {
		t.Errorf("content %q of samples that share nothing", got)
	}
}

func TestPlan(t *testing.T) {
	counts, err := planned()
	if err != nil {
		t.Fatal(err)
	}
	made, err := sample.Names()
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range counts {
		if !slices.Contains(made, name) || n <= rare {
			t.Errorf("plan.txt: %s %d: not made, or no more than the rare ones", name, n)
		}
	}
}
