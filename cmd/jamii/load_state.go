package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/jamii-health/jamii/internal/store"
)

// loadState is what the state file holds.
type loadState struct {
	ID       string                   `json:"id"`       // of this load
	Database string                   `json:"database"` // which database it goes into
	Files    map[string]*fileProgress `json:"files"`

	name  string
	fresh bool // there was no file
}

// fileProgress is how far a file is loaded. A file that has changed since
// begins anew.
type fileProgress struct {
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Next     int       `json:"next"`             // entry or line to go on with
	Trying   string    `json:"trying,omitempty"` // a commit that was begun
	Refused  int       `json:"refused,omitempty"`
	Done     bool      `json:"done"`

	refused []int // where, as far as Refused does not count it yet
}

// refuse notes that what stands at a place was refused. It is counted when the
// load is past the place, so that a load that was cut short and sees the place
// again counts it once.
func (p *fileProgress) refuse(at int) { p.refused = append(p.refused, at) }

// past moves on to a place.
func (p *fileProgress) past(next int) {
	p.Next, p.Trying = max(p.Next, next), ""
	later := p.refused[:0]
	for _, at := range p.refused {
		if at < p.Next {
			p.Refused++
		} else {
			later = append(later, at)
		}
	}
	p.refused = later
}

// finish marks the file as loaded.
func (p *fileProgress) finish() {
	p.Refused += len(p.refused)
	p.refused, p.Trying, p.Done = nil, "", true
}

// databaseID names a database without telling anything of it.
func databaseID(ctx context.Context, s store.Store) (string, error) {
	secret, err := s.Secret(ctx, "load-state")
	if err != nil {
		return "", fmt.Errorf("naming the database: %w", err)
	}
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:8]), nil
}

// openState reads the state file, or begins a new one.
func openState(name, database string) (*loadState, error) {
	s := &loadState{ID: uuid.NewString(), Database: database, Files: map[string]*fileProgress{}, name: name, fresh: true}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	s.fresh = false
	if err := json.Unmarshal(data, s); err != nil || s.Files == nil {
		return nil, fmt.Errorf("%s is no state file of a load; remove it, or name another with --state", name)
	}
	if s.Database != database {
		return nil, fmt.Errorf("%s is the state of a load into another database; remove it, or name another with --state", name)
	}
	return s, nil
}

// of returns the progress of a file.
func (s *loadState) of(name string, info fs.FileInfo) (*fileProgress, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	p := s.Files[path]
	if p == nil || p.Size != info.Size() || !p.Modified.Equal(info.ModTime()) {
		p = &fileProgress{Size: info.Size(), Modified: info.ModTime()}
		s.Files[path] = p
	}
	return p, nil
}

// save replaces the state file as a whole.
func (s *loadState) save() error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("state of the load: %w", err)
	}
	if err := os.WriteFile(s.name+".new", data, 0o600); err != nil {
		return fmt.Errorf("state of the load: %w", err)
	}
	if err := os.Rename(s.name+".new", s.name); err != nil {
		return fmt.Errorf("state of the load: %w", err)
	}
	return nil
}
