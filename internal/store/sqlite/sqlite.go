// Package sqlite is the store for one machine: a single file, no server. It
// serves up to about a million claims; beyond that the indexes outgrow memory
// and writes slow down, and PostgreSQL is the answer.
//
// One goroutine writes. It takes all Units that wait, checks and writes them
// one after the other in a single transaction (BEGIN IMMEDIATE), and makes
// them durable with one fsync (synchronous=FULL). A Unit is checked as a whole
// before anything of it is written, so one that is dropped costs its
// neighbours nothing. Reads use their own connections, each on a snapshot of
// the last commit (WAL). Another process may open the same file: the write
// lock is waited for, and nothing that can change is cached between
// transactions.
//
// All types share one set of tables, unlike PostgreSQL's table per type: here
// the schema is read again by each connection and a statement is prepared per
// connection, so 148 types times five tables would cost start-up time and
// memory and gain nothing, as no planner statistics are kept per table. Types
// and parameters are small numbers (table name), and rows of different types
// never share an index key.
//
// The order of commits is the order of version.updated, which is unique in the
// database: a poller by _lastUpdated or by history can miss nothing. The price
// is that a clock which was ahead keeps the times ahead until it is caught up.
package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	driver "modernc.org/sqlite"

	"github.com/jamii-health/jamii/internal/store"
)

// Options of a store. The zero value is good.
type Options struct {
	// Cache is the page cache of the writer in KiB, 65536 when 0; the readers
	// have a quarter of it each.
	Cache int
	// Readers is the number of connections that read, when 0 twice the number
	// of processors and at least 4.
	Readers int
	// Now is the clock, time.Now when nil.
	Now func() time.Time
	// SearchTimeout is after how long a search is refused as too costly; 0 is
	// 10 s.
	SearchTimeout time.Duration
}

// database implements store.Store.
type database struct {
	now    func() time.Time
	reads  *sql.DB
	writes *sql.DB
	writer *writer
	names  *names
	places *places
	hasher store.Hasher

	systems systems

	readers  int   // connections that read
	few      int   // fewRows; tests lower it to reach every plan
	sortable int64 // maxSorted
	patience time.Duration

	readStmt, versionStmt *sql.Stmt

	closing sync.Once
	closed  error
}

var _ store.Store = (*database)(nil)

// The settings of every connection. Temporary tables (sorting) stay in memory;
// the log is emptied into the file at 8000 pages, and cut back to 64 MB.
const pragmas = "_pragma=busy_timeout(30000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=temp_store(MEMORY)&_pragma=wal_autocheckpoint(8000)&_pragma=journal_size_limit(67108864)&_dqs=0"

// Open opens the database in the file at path, and makes it if there is none.
func Open(ctx context.Context, path string, o Options) (store.Store, error) {
	if o.Cache == 0 {
		o.Cache = 65536
	}
	if o.Readers == 0 {
		o.Readers = max(4, 2*runtime.NumCPU())
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SearchTimeout <= 0 {
		o.SearchTimeout = 10 * time.Second
	}
	writes, err := pool(path, fmt.Sprintf("&_pragma=cache_size(-%d)", o.Cache), 1)
	if err != nil {
		return nil, err
	}
	reads, err := pool(path, fmt.Sprintf("&_pragma=cache_size(-%d)&_query_only=1", o.Cache/4), o.Readers)
	if err != nil {
		writes.Close() // nothing was opened yet
		return nil, err
	}
	s := &database{now: o.Now, reads: reads, writes: writes, readers: o.Readers, few: fewRows, sortable: maxSorted, patience: o.SearchTimeout}
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("opening database %s: %w", filepath.Base(path), err)
	}
	return s, nil
}

func pool(path, more string, size int) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding database: %w", err)
	}
	dsn := (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: pragmas + more}).String()
	connector, err := driver.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

func (s *database) start(ctx context.Context) error {
	registerFunctions()
	if err := migrate(ctx, s.writes); err != nil {
		return err
	}
	var err error
	if s.writer, err = newWriter(ctx, s.writes, s.now); err != nil {
		return err
	}
	s.names = &names{reads: s.reads, writer: s.writer, known: map[string]int64{}}
	secret, err := s.Secret(ctx, "search-keys")
	if err != nil {
		return err
	}
	s.hasher = store.NewHasher(secret)
	if s.places, err = newPlaces(ctx, s.writer, s.now); err != nil {
		return err
	}
	if s.readStmt, err = s.reads.PrepareContext(ctx, readSQL); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	if s.versionStmt, err = s.reads.PrepareContext(ctx, versionSQL); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	return nil
}

// Close gives the node number back, waits for the Units that are being
// committed and closes the file.
func (s *database) Close() error {
	s.closing.Do(func() {
		if s.places != nil {
			s.closed = s.places.release()
		}
		if s.writer != nil {
			s.writer.close()
		}
		for _, db := range []*sql.DB{s.reads, s.writes} {
			if err := db.Close(); err != nil && s.closed == nil {
				s.closed = fmt.Errorf("closing database: %w", err)
			}
		}
	})
	return s.closed
}
