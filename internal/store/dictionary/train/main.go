// Command train makes a compression dictionary of stored bodies from synthetic
// resources. Run it in the project's root, as make dictionary does.
//
// Dictionary 1 is in use: a database may hold bodies that only it can read, so
// its file never changes. To train on better samples write a new number and
// add it to the table in package dictionary.
package main

import (
	"bytes"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/jamii-health/jamii/internal/store/dictionary/sample"
)

// plan says how many of each resource are learnt from, in the proportion of
// what is stored; of the others rare ones, which is more than their share.
//
//go:embed plan.txt
var plan string

const (
	rare  = 100
	seed  = 1
	piece = 1024
	size  = 64 << 10
)

func main() {
	out := flag.String("out", "internal/store/dictionary/r4-1.dict", "file to write")
	number := flag.Uint("number", 1, "number of the dictionary")
	flag.Parse()
	if err := write(*out, uint32(*number)); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

var errInUse = errors.New("the trained bytes differ from the file, and a dictionary in use never changes: train another number")

func write(out string, number uint32) error {
	data, err := train(number, 1)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(out)
	switch {
	case err == nil && bytes.Equal(old, data):
		fmt.Printf("%s: %d bytes, unchanged\n", out, len(data))
		return nil
	case err == nil:
		return errInUse
	}
	if err := os.WriteFile(out, data, 0o644); err != nil {
		return fmt.Errorf("writing the dictionary: %w", err)
	}
	fmt.Printf("%s: %d bytes\n", out, len(data))
	return nil
}

// train makes the dictionary; divide makes fewer samples, for tests.
func train(number uint32, divide int) ([]byte, error) {
	samples, err := samples(divide)
	if err != nil {
		return nil, err
	}
	history := newCover(samples).content(size/divide, piece)
	data, err := zstd.BuildDict(zstd.BuildDictOptions{
		ID: number, Contents: samples, History: history, Offsets: [3]int{1, 4, 8}, Level: zstd.SpeedDefault, CompatV155: true,
	})
	if err != nil {
		return nil, fmt.Errorf("building the dictionary: %w", err)
	}
	return data, nil
}

func samples(divide int) ([][]byte, error) {
	m, err := sample.New(seed)
	if err != nil {
		return nil, err
	}
	names, err := sample.Names()
	if err != nil {
		return nil, err
	}
	counts, err := planned()
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, name := range names {
		n := counts[name]
		if n == 0 {
			n = rare
		}
		for range n / divide {
			data, err := m.Make(name, nil)
			if err != nil {
				return nil, err
			}
			out = append(out, data)
		}
	}
	return out, nil
}

// planned reads the plan.
func planned() (map[string]int, error) {
	counts := map[string]int{}
	for line := range strings.Lines(plan) {
		var name string
		var n int
		if _, err := fmt.Sscan(line, &name, &n); err != nil {
			return nil, fmt.Errorf("plan.txt: %w", err)
		}
		counts[name] = n
	}
	return counts, nil
}
