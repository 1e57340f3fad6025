package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jamii-health/jamii/internal/store"
)

// Commit makes the Unit durable.
func (s *database) Commit(ctx context.Context, u store.Unit) ([]store.Written, error) {
	writes, err := s.prepare(ctx, u.Writes)
	if err != nil {
		return nil, err
	}
	u.Audit = s.nameAudits(u.Audit)
	var done []store.Written
	err = s.writer.do(ctx, func(tx *tx) error {
		targets, err := s.check(tx, &u, writes)
		if err != nil {
			return err
		}
		done, err = s.apply(tx, &u, writes, targets)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("committing: %w", err)
	}
	return done, nil
}

// current is the row of a resource before a Write.
type current struct {
	rid, ver int64
}

// check tells whether the whole Unit can be written, and writes nothing.
func (s *database) check(tx *tx, u *store.Unit, writes []prepared) ([]current, error) {
	for i, g := range u.Guards {
		version, err := guardVersion(tx, g.Key)
		if err != nil {
			return nil, err
		}
		if version != g.Expect {
			return nil, &store.Dropped{Why: store.StaleGuard, Index: i}
		}
	}
	targets := make([]current, len(writes))
	for i := range writes {
		w := &writes[i]
		err := tx.row("SELECT rid, ver FROM resource WHERE ref = ? AND type = ? AND id = ?", w.ref, w.typ, w.ID).Scan(&targets[i].rid, &targets[i].ver)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("checking version: %w", err)
		}
		if targets[i].ver != w.Expect {
			return nil, &store.Dropped{Why: store.StaleVersion, Index: i}
		}
	}
	for i := range u.Conditions {
		ok, err := s.holds(tx, &u.Conditions[i])
		if err != nil {
			return nil, fmt.Errorf("checking condition: %w", err)
		}
		if !ok {
			return nil, &store.Dropped{Why: store.Changed, Index: i}
		}
	}
	return targets, checkUnique(tx, u)
}

// checkUnique looks for holders of the keys that the Unit claims. A key that
// the Unit itself releases is free.
func checkUnique(tx *tx, u *store.Unit) error {
	same := func(a store.Unique) func(store.Unique) bool {
		return func(b store.Unique) bool { return a.Space == b.Space && a.Digest == b.Digest }
	}
	for i, claim := range u.Unique {
		if j := slices.IndexFunc(u.Unique[:i], same(claim)); j >= 0 {
			return &store.Dropped{Why: store.Duplicate, Index: i, Held: &u.Unique[j]}
		}
		if slices.ContainsFunc(u.Release, same(claim)) {
			continue
		}
		held, ok, err := scanUnique(tx.row(uniqueSQL, claim.Space, claim.Digest[:]), claim.Space, claim.Digest)
		if err != nil {
			return err
		}
		if ok {
			return &store.Dropped{Why: store.Duplicate, Index: i, Held: &held}
		}
	}
	return nil
}

// apply writes a Unit that was checked in this transaction.
func (s *database) apply(tx *tx, u *store.Unit, writes []prepared, targets []current) ([]store.Written, error) {
	done := make([]store.Written, len(writes))
	for i := range writes {
		updated, err := s.write(tx, &writes[i], targets[i])
		if err != nil {
			return nil, fmt.Errorf("writing resource: %w", err)
		}
		done[i] = store.Written{Version: targets[i].ver + 1, Updated: time.UnixMicro(updated).UTC()}
	}
	if err := applyGuards(tx, u.Guards); err != nil {
		return nil, fmt.Errorf("writing guards: %w", err)
	}
	for _, r := range u.Release {
		if err := tx.exec("DELETE FROM submission WHERE space = ? AND digest = ?", r.Space, r.Digest[:]); err != nil {
			return nil, fmt.Errorf("releasing key: %w", err)
		}
	}
	for _, c := range u.Unique {
		if err := tx.exec("INSERT INTO submission (space, digest, target, content) VALUES (?, ?, ?, ?)", c.Space, c.Digest[:], c.Target, c.Content[:]); err != nil {
			return nil, fmt.Errorf("claiming key: %w", err)
		}
	}
	for i := range u.Facts {
		if err := applyFact(tx, &u.Facts[i]); err != nil {
			return nil, fmt.Errorf("writing facts: %w", err)
		}
	}
	if err := insertAudit(tx, u.Audit); err != nil {
		return nil, err
	}
	return done, insertMessages(tx, u.Messages)
}

func guardVersion(tx *tx, key string) (version int64, err error) {
	err = tx.row("SELECT version FROM guard WHERE key = ?", key).Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("checking guard: %w", err)
	}
	return version, nil
}

// applyGuards makes and raises guards; one that is named twice is raised once.
func applyGuards(tx *tx, guards []store.Guard) error {
	for i, g := range guards {
		if slices.ContainsFunc(guards[:i], func(b store.Guard) bool { return b.Key == g.Key && (b.Bump || b.Expect == 0) }) {
			continue
		}
		var err error
		switch {
		case g.Expect == 0:
			err = tx.exec("INSERT INTO guard (key, version) VALUES (?, 1)", g.Key)
		case g.Bump:
			err = tx.exec("UPDATE guard SET version = version + 1 WHERE key = ?", g.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const uniqueSQL = "SELECT target, content FROM submission WHERE space = ? AND digest = ?"

func scanUnique(row scanner, space string, digest [32]byte) (u store.Unique, ok bool, err error) {
	u = store.Unique{Space: space, Digest: digest}
	var content []byte
	err = row.Scan(&u.Target, &content)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Unique{}, false, nil
	case err != nil:
		return store.Unique{}, false, fmt.Errorf("reading key: %w", err)
	}
	copy(u.Content[:], content)
	return u, true, nil
}

// Unique returns what holds a uniqueness key.
func (s *database) Unique(ctx context.Context, space string, digest [32]byte) (store.Unique, bool, error) {
	return scanUnique(s.reads.QueryRowContext(ctx, uniqueSQL, space, digest[:]), space, digest)
}

// holds searches again for what a condition found.
func (s *database) holds(tx *tx, c *store.Condition) (bool, error) {
	if err := tx.flush(); err != nil {
		return false, err
	}
	found, err := s.firstIDs(background, tx, c.Type, c.Expr, 2)
	if err != nil {
		return false, err
	}
	if len(found) != min(len(c.Want), 2) {
		return false, nil
	}
	for _, id := range found {
		if !slices.Contains(c.Want, id) {
			return false, nil
		}
	}
	return true, nil
}
