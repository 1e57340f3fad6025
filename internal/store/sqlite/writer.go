package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jamii-health/jamii/internal/store"
)

// querier is what reads need: a pool, a transaction or the writer.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// A task is something to write. run may be called twice: when a neighbour
// fails the joint transaction, each task is run again in its own.
type task struct {
	run     func(*tx) error
	started atomic.Bool
	done    chan error
}

// writer is the one goroutine that writes.
type writer struct {
	tx    *tx
	now   func() time.Time
	tasks chan *task

	mu     sync.RWMutex // held for writing only to close
	closed bool
	ended  chan struct{}
}

// maxJoined bounds how many tasks share a transaction, and so how long the
// first of them waits for the others.
const maxJoined = 256

var errClosed = errors.New("the database is closed")

func newWriter(ctx context.Context, db *sql.DB, now func() time.Time) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	w := &writer{
		tx:    &tx{conn: conn, stmts: map[string]*sql.Stmt{}, now: now},
		now:   now,
		tasks: make(chan *task, maxJoined),
		ended: make(chan struct{}),
	}
	go w.loop()
	return w, nil
}

// do runs a function in a write transaction, perhaps with others, and returns
// when it is durable or has failed. When ctx ends before its turn it is not
// run; after that its outcome is waited for, so that the answer is the truth.
func (w *writer) do(ctx context.Context, run func(*tx) error) error {
	t := &task{run: run, done: make(chan error, 1)}
	if err := w.submit(ctx, t); err != nil {
		return err
	}
	select {
	case err := <-t.done:
		return err
	case <-ctx.Done():
		if t.started.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return <-t.done
	}
}

func (w *writer) submit(ctx context.Context, t *task) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.tasks <- t:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) close() {
	w.mu.Lock()
	already := w.closed
	w.closed = true
	w.mu.Unlock()
	if !already {
		close(w.tasks)
	}
	<-w.ended
}

func (w *writer) loop() {
	defer close(w.ended)
	defer w.tx.close()
	for first := range w.tasks {
		batch := append(make([]*task, 0, 64), first)
	drain:
		for len(batch) < maxJoined {
			select {
			case t, open := <-w.tasks:
				if !open {
					break drain
				}
				batch = append(batch, t)
			default:
				break drain
			}
		}
		w.commit(batch)
	}
}

// commit runs tasks in one transaction. A task that was dropped has written
// nothing and stays out; any other failure undoes the transaction, and each
// task is run again alone.
func (w *writer) commit(batch []*task) {
	todo := batch[:0]
	for _, t := range batch {
		if t.started.CompareAndSwap(false, true) {
			todo = append(todo, t)
		}
	}
	if len(todo) == 0 {
		return
	}
	errs, err := w.together(todo)
	if err != nil && len(todo) > 1 {
		for _, t := range todo {
			errs, err := w.together([]*task{t})
			t.done <- errors.Join(errs[0], err)
		}
		return
	}
	for i, t := range todo {
		if err != nil {
			t.done <- err
		} else {
			t.done <- errs[i]
		}
	}
}

// together returns what each task said, or why the transaction was undone.
func (w *writer) together(tasks []*task) (errs []error, err error) {
	errs = make([]error, len(tasks))
	if err := w.tx.begin(); err != nil {
		return errs, err
	}
	for i, t := range tasks {
		errs[i] = t.run(w.tx)
		var dropped *store.Dropped
		if errs[i] != nil && !errors.As(errs[i], &dropped) {
			err, errs[i] = errs[i], nil
			break
		}
	}
	if err == nil {
		err = w.tx.commit()
	}
	if err != nil {
		w.tx.rollback()
	}
	return errs, err
}

// tx is the write transaction. There is one at a time.
type tx struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	now   func() time.Time

	updated int64     // the newest moment given to a version
	keys    []keyRow  // rows of search_key not yet inserted
	after   []func()  // to run when the transaction is durable
	started time.Time // of the transaction
}

// Statements are run without the context of the request: a Unit that is
// half written for a client that went away would undo its neighbours.
var background = context.Background()

func (t *tx) begin() error {
	t.keys, t.after = t.keys[:0], nil
	if err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("beginning: %w", err)
	}
	t.started = t.now()
	if err := t.row("SELECT IFNULL(MAX(updated), 0) FROM version").Scan(&t.updated); err != nil {
		t.rollback()
		return fmt.Errorf("beginning: %w", err)
	}
	return nil
}

func (t *tx) commit() error {
	if err := t.flush(); err != nil {
		return err
	}
	if err := t.exec("COMMIT"); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	for _, f := range t.after {
		f()
	}
	return nil
}

// rollback ends a transaction that failed. SQLite may have ended it itself,
// then there is nothing to undo.
func (t *tx) rollback() {
	_, _ = t.conn.ExecContext(background, "ROLLBACK")
}

func (t *tx) close() {
	for _, s := range t.stmts {
		_ = s.Close() // the connection closes next
	}
	_ = t.conn.Close() // so does the pool, which reports
}

// tick returns the next moment for a version: now, and never one given before.
func (t *tx) tick() int64 {
	t.updated = max(t.now().UnixMicro(), t.updated+1)
	return t.updated
}

// stmt prepares each text once. Texts of unbounded variety go to the
// connection instead.
func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if s := t.stmts[query]; s != nil {
		return s, nil
	}
	s, err := t.conn.PrepareContext(background, query)
	if err != nil {
		return nil, fmt.Errorf("preparing: %w", err)
	}
	t.stmts[query] = s
	return s, nil
}

func (t *tx) exec(query string, args ...any) error {
	s, err := t.stmt(query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(background, args...)
	return err
}

// changed is exec, and tells how many rows it changed.
func (t *tx) changed(query string, args ...any) (int64, error) {
	s, err := t.stmt(query)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(background, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	s, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(background, args...)
}

// scanner is a row that may turn out to be an error.
type scanner interface{ Scan(dest ...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

func (t *tx) row(query string, args ...any) scanner {
	s, err := t.stmt(query)
	if err != nil {
		return failed{err}
	}
	return s.QueryRowContext(background, args...)
}

// maxRows bounds the rows of one INSERT, so that few statements are prepared.
const maxRows = 32

// insert writes rows of n values each, given one after the other.
func (t *tx) insert(into string, n int, values []any) error {
	group := "(?" + strings.Repeat(",?", n-1) + ")"
	for len(values) > 0 {
		rows := min(len(values)/n, maxRows)
		query := into + " VALUES " + group + strings.Repeat(","+group, rows-1)
		if err := t.exec(query, values[:rows*n]...); err != nil {
			return err
		}
		values = values[rows*n:]
	}
	return nil
}

// tx as a querier, for searches inside the transaction.
func (t *tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.conn.QueryContext(ctx, query, args...)
}

// QueryRowContext is QueryContext for one row.
func (t *tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.conn.QueryRowContext(ctx, query, args...)
}
