// Package postgres is the store on PostgreSQL 15 or newer.
//
// Each resource type has two tables made from one template (kind.go): current
// rows with their search keys under one GIN index, and append-only versions
// with the bodies. What hashes cannot answer stands in the tables word and
// span. Commit joins Units of strangers in one transaction (queue.go,
// batch.go); horizon.go says how readers see commits in one order.
package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jamii-health/jamii/internal/store"
)

// Options of Open; the zero value is good for one server.
type Options struct {
	Writers       int           // transactions that commit at the same time; 0 is 4
	Readers       int           // connections for everything else; 0 is 16, at least 4 per core
	SearchTimeout time.Duration // after which a search is refused as too costly; 0 is 10 s
	Log           *slog.Logger  // for failures of background work; nil is slog.Default
	Tracer        pgx.QueryTracer

	layouts layouts // of hot columns; nil is hot.csv
	tuning  *tuning // of searches; nil is tuned
}

// builtin is what hot.csv says.
var builtin = sync.OnceValue(func() layouts { return readLayouts(hotCSV) })

type database struct {
	opts    Options
	read    *pgxpool.Pool
	write   *pgxpool.Pool
	hash    store.Hasher
	kinds   kinds
	facts   map[*store.Table]*factSQL
	seen    seen
	pending pending
	samples samples
	tuning  tuning
	queue   *queue
	lease   lease

	stop     context.CancelFunc // ends background work
	workers  sync.WaitGroup
	closing  sync.Once
	sortable int64 // see sort.go

	// pause is called inside transactions, when they are marked and when they
	// are stamped (see horizon.go); tests stretch transactions with it.
	pause func(stage string)
}

// Open connects, brings the schema up to date and starts the committers.
func Open(ctx context.Context, dsn string, opts Options) (store.Store, error) {
	if opts.Writers <= 0 {
		opts.Writers = 4
	}
	if opts.Readers <= 0 {
		opts.Readers = max(16, 4*runtime.GOMAXPROCS(0))
	}
	if opts.SearchTimeout <= 0 {
		opts.SearchTimeout = 10 * time.Second
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.layouts == nil {
		opts.layouts = builtin()
	}
	if opts.tuning == nil {
		opts.tuning = &tuned
	}
	if err := migrate(ctx, dsn, opts.Log); err != nil {
		return nil, err
	}
	d := &database{opts: opts, queue: newQueue(), kinds: kinds{byID: map[string]*kind{}, layouts: opts.layouts}, facts: factStatements(), sortable: sortable, tuning: *opts.tuning}
	if err := d.connect(ctx, dsn); err != nil {
		return nil, err
	}
	if err := d.prepare(ctx); err != nil {
		d.read.Close()
		d.write.Close()
		return nil, err
	}
	d.start()
	return d, nil
}

// connect opens two pools, so that committers never wait for readers.
func (d *database) connect(ctx context.Context, dsn string) (err error) {
	// No search may hold a connection for ever; jit costs more than it gains
	// on short statements; indexes are in memory or on fast disks.
	d.read, err = d.pool(ctx, dsn, d.opts.Readers, map[string]string{
		"statement_timeout": strconv.FormatInt(d.opts.SearchTimeout.Milliseconds(), 10),
	})
	if err != nil {
		return err
	}
	// Six more than the committers: for counters, messages, making tables and
	// the workers. What writes is never better off reading a whole table, but a
	// plan made while the table was small believes so.
	d.write, err = d.pool(ctx, dsn, d.opts.Writers+6, map[string]string{
		"statement_timeout": "20000", "lock_timeout": "20000", "enable_seqscan": "off",
	})
	if err != nil {
		d.read.Close()
	}
	return err
}

func (d *database) pool(ctx context.Context, dsn string, size int, params map[string]string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("reading the connection string: %w", err)
	}
	cfg.MaxConns = int32(size)
	cfg.ConnConfig.StatementCacheCapacity = 1024
	cfg.ConnConfig.DescriptionCacheCapacity = 1024
	cfg.ConnConfig.Tracer = d.opts.Tracer
	rp := cfg.ConnConfig.RuntimeParams
	for k, v := range map[string]string{
		"application_name": "jamii", "timezone": "UTC", "jit": "off", "random_page_cost": "1.1",
		// A transaction whose owner died must not hold the horizon back.
		"idle_in_transaction_session_timeout": "30000",
	} {
		rp[k] = v
	}
	for k, v := range params {
		rp[k] = v
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	return pool, nil
}

// prepare loads what every call needs.
func (d *database) prepare(ctx context.Context) error {
	secret, err := d.Secret(ctx, "search keys")
	if err != nil {
		return err
	}
	d.hash = store.NewHasher(secret)
	if _, err := d.allKinds(ctx); err != nil {
		return err
	}
	return d.lease.take(ctx, d)
}

// start runs the committers and the workers.
func (d *database) start() {
	ctx, cancel := context.WithCancel(context.Background())
	d.stop = cancel
	for range d.opts.Writers {
		d.workers.Go(d.commitLoop)
	}
	d.workers.Go(func() { d.every(ctx, 100*time.Millisecond, "cleaning pending lists", d.cleanPending) })
	d.workers.Go(func() { d.every(ctx, time.Second, "filling hot columns", d.fill) })
	d.workers.Go(func() { d.every(ctx, time.Second, "sampling keys", d.resample) })
	d.workers.Go(func() { d.every(ctx, leaseStep/3, "renewing the node's lease", d.lease.renew) })
}

// every runs a job until the store closes; failures are logged once per row
// of failures.
func (d *database) every(ctx context.Context, pause time.Duration, what string, job func(context.Context, *database) error) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := job(ctx, d)
		if err != nil && ctx.Err() == nil && !failing {
			d.opts.Log.Error("background work failed", "work", what, "error", err)
		}
		failing = err != nil
	}
}

// Close commits what is waiting, gives the node number back and disconnects.
func (d *database) Close() error {
	var err error
	d.closing.Do(func() {
		d.queue.close()
		d.stop()
		d.workers.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err = d.lease.giveBack(ctx, d)
		d.read.Close()
		d.write.Close()
	})
	return err
}

const pingSQL = `UPDATE node SET pinged = ` + nowSQL + ` WHERE number = $1`

// Ping measures the commit of one small write.
func (d *database) Ping(ctx context.Context) (time.Duration, error) {
	tx, err := d.write.Begin(ctx)
	if err != nil {
		return 0, fmt.Errorf("reaching the database: %w", err)
	}
	defer rollback(ctx, tx)
	if _, err := tx.Exec(ctx, pingSQL, d.lease.number()); err != nil {
		return 0, fmt.Errorf("writing to the database: %w", err)
	}
	start := time.Now()
	if err := tx.Commit(ctx); err != nil {
		return 0, fmt.Errorf("committing to the database: %w", err)
	}
	return time.Since(start), nil
}

// rollback ends a transaction that was not committed; after a commit it does
// nothing. A failure closes the connection, which ends it too.
func rollback(ctx context.Context, tx pgx.Tx) {
	if err := tx.Rollback(context.WithoutCancel(ctx)); err != nil {
		return
	}
}
