package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

// attempts is how often a Unit is tried when the database makes it fail
// through no fault of its own.
const attempts = 8

// patience bounds one transaction.
const patience = time.Minute

// commit brings every job of a batch to its end: written or err is set. A
// batch that fails as a whole is done again one by one, so that one bad Unit
// harms no stranger.
func (d *database) commit(batch []*job) {
	err := d.try(batch, false)
	if err == nil {
		return
	}
	if !certain(err) {
		for _, j := range batch {
			j.err = unavailable(err)
		}
		return
	}
	for _, j := range batch {
		d.alone(j)
	}
}

// alone tries one job, looking at everything it touches beforehand, so that
// what another server did meanwhile is seen and named.
func (d *database) alone(j *job) {
	var err error
	for i := range attempts {
		if i > 0 {
			time.Sleep(time.Duration(rand.Int64N(int64(5*time.Millisecond) << i)))
		}
		j.written, j.err = nil, nil
		if err = d.try([]*job{j}, true); err == nil {
			return
		}
		if !certain(err) {
			err = unavailable(err)
			break
		}
		if !again(err) {
			err = failed("committing a unit", err)
			break
		}
	}
	if nothingSent(err) {
		err = unavailable(err)
	}
	j.written, j.err = nil, err
}

// again tells whether trying again can help. A key that was there at the
// insert is seen by the next look, but for keys nobody looks at: the id of a
// message is new or it is a mistake.
func again(err error) bool {
	var pg *pgconn.PgError
	if nothingSent(err) {
		return true
	}
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case stateSerialisation, stateDeadlock, stateLockTimeout, stateTaken, stateStale:
		return true
	case stateUnique:
		return pg.TableName != "message"
	}
	return false
}

// certain tells whether a failure says that nothing was committed. When the
// connection breaks around the commit, nobody can know.
func certain(err error) bool {
	if nothingSent(err) {
		return true
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Severity == "ERROR"
}

// unsent is a failure before anything was written.
type unsent struct{ error }

func (e *unsent) Unwrap() error { return e.error }

func nothingSent(err error) bool {
	var u *unsent
	return errors.As(err, &u) || pgconn.SafeToRetry(err)
}

// unavailable is what a client is told when the database does not answer.
func unavailable(cause error) error {
	e := &fhir.Error{
		Kind: fhir.Unavailable, Issue: fhir.IssueTimeout, Cause: cause,
		Text: "The database did not answer, so it is not known whether this was stored. Look before you send it again.",
	}
	if nothingSent(cause) {
		e.Text = "The database does not answer. Nothing was stored; try again later."
	}
	return e
}

// answer tells the waiting caller.
func (j *job) answer() { j.done <- result{j.written, j.err} }

// txn is one transaction of several jobs.
type txn struct {
	d    *database
	conn *pgxpool.Conn
	jobs []*job
	held map[string]*held // rows found under lock, by "Type/id"
	grds map[string]int64
	uniq map[uniqueKey]*store.Unique
}

type uniqueKey struct {
	space  string
	digest [32]byte
}

// held is a current row under lock.
type held struct {
	place        store.Place
	ver, updated int64
	aux          int64
}

// try runs a batch. After nil every job has its answer.
func (d *database) try(batch []*job, careful bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := d.write.Acquire(ctx)
	if err != nil {
		return &unsent{fmt.Errorf("connecting: %w", err)}
	}
	defer conn.Release()
	t := &txn{d: d, conn: conn, jobs: batch}
	err = t.run(ctx, careful)
	if err != nil && conn.Conn().PgConn().TxStatus() != 'I' {
		// The pool closes a connection that is still in a transaction; most
		// can be saved.
		if _, rerr := conn.Exec(ctx, "ROLLBACK"); rerr != nil {
			return errors.Join(err, conn.Conn().Close(ctx))
		}
	}
	return err
}

func (t *txn) run(ctx context.Context, careful bool) error {
	b := &pgx.Batch{}
	b.Queue("BEGIN")
	b.Queue(markSQL)
	if careful || t.looks() {
		t.queueLocks(b)
		if err := t.conn.SendBatch(ctx, b).Close(); err != nil {
			return beforeWriting(err)
		}
		if err := t.judge(ctx); err != nil {
			return beforeWriting(err)
		}
		if len(t.jobs) == 0 {
			_, err := t.conn.Exec(ctx, "ROLLBACK")
			return err
		}
		b = &pgx.Batch{}
	}
	b, err := t.paused(ctx, b, "marked")
	if err != nil {
		return err
	}
	return t.write(ctx, b)
}

// beforeWriting marks the end of a connection, so that the Unit is tried on
// another. What the database says for a reason stays as it is.
func beforeWriting(err error) error {
	var pg *pgconn.PgError
	var fe *fhir.Error
	if errors.As(err, &fe) || errors.As(err, &pg) && pg.Severity == "ERROR" {
		return err
	}
	return &unsent{err}
}

// paused sends what is queued so far and pauses, when a test asks for it.
func (t *txn) paused(ctx context.Context, b *pgx.Batch, stage string) (*pgx.Batch, error) {
	if t.d.pause == nil {
		return b, nil
	}
	err := t.conn.SendBatch(ctx, b).Close()
	t.d.pause(stage)
	return &pgx.Batch{}, err
}

// looks tells whether anything must be looked at before writing. New resources
// under ids of the server, facts, messages and audit rows need no look.
func (t *txn) looks() bool {
	for _, j := range t.jobs {
		if len(j.touches) > 0 {
			return true
		}
	}
	return false
}
