// Package store is the contract between the use cases and the database. A use
// case reads through a Reader, decides in pure code, and hands one Unit to
// Commit: either all of it happened or none.
//
// Two stores honour it, internal/store/postgres and internal/store/sqlite;
// internal/store/storetest is the suite both pass. The package knows no use
// case and no resource type.
package store

import (
	"context"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

// Store is a database.
type Store interface {
	Reader
	Committer
	Queue
	Trail
	// NewPlace makes a place for a new resource in the given part. Places are
	// never given out twice, also after a crash or when the clock jumps back.
	NewPlace(part int16) Place
	// Next reserves n numbers of a named counter and returns the first;
	// counters start at 1. Numbers of a Unit that fails are not used again.
	Next(ctx context.Context, counter string, n int64) (int64, error)
	// Secret returns the named random key of this database, 32 bytes, made on
	// first use and the same for every process.
	Secret(ctx context.Context, name string) ([]byte, error)
	// Ping tells whether the database answers and how long a durable write
	// (fsync included) takes.
	Ping(ctx context.Context) (fsync time.Duration, err error)
	Close() error
}

// Reader reads. Every method sees only committed Units.
type Reader interface {
	// Read returns the newest version of Type/id, also when that is a
	// deletion (Deleted is set, Body empty). Never known: *fhir.Error NotFound.
	Read(ctx context.Context, typ, id string) (fhir.Resource, error)
	// ReadMany returns the newest versions of those "Type/id" that exist and
	// are not deleted, in no particular order.
	ReadMany(ctx context.Context, refs []string) ([]fhir.Resource, error)
	// ReadVersion returns one version; *fhir.Error NotFound when there is none.
	ReadVersion(ctx context.Context, typ, id string, version int64) (fhir.Resource, error)
	// Search returns one page of the current, not deleted resources of a type
	// for which the expression is true. The store answers exactly the
	// expressions for which Relax says so and a superset of the others, which
	// the caller re-checks with search.Match.
	Search(ctx context.Context, q Query) (Page, error)
	// Count counts what Search would find. With limit > 0 counting stops
	// there: an answer equal to limit means "at least".
	Count(ctx context.Context, typ string, x search.Expr, limit int64) (int64, error)
	// History returns versions, newest first.
	History(ctx context.Context, h History) (Page, error)
	// Facts looks rows up in fact tables, all look-ups in one round trip and
	// one snapshot, together with the versions of the guards (0: no such
	// guard). The answers stand in the order of the questions.
	Facts(ctx context.Context, guards []string, lookups ...Lookup) (versions []int64, rows [][]Row, err error)
	// Unique returns what holds a uniqueness key; ok is false when nobody does.
	Unique(ctx context.Context, space string, digest [32]byte) (u Unique, ok bool, err error)
}

// Query is one page of a search.
type Query struct {
	Type  string
	Expr  search.Expr // nil: all
	Sort  []Sort      // none: newest first
	Limit int         // resources on the page, at least 1
	After []byte      // Page.Next of the page before; nil: from the start
}

// Sort is one sort key. A resource without a value comes last; of several
// values the smallest counts ascending, the largest descending. Ties are
// broken by place, so paging loses and repeats nothing.
type Sort struct {
	Param string // a search parameter, or "_lastUpdated", or "_id"
	Kind  search.Kind
	Desc  bool
}

// Page is part of an answer.
type Page struct {
	Resources []fhir.Resource
	Next      []byte // nil on the last page
}

// History asks for versions: of one resource, of a type (ID ""), or of all
// (both ""). Only versions below the commit horizon are returned, so that a
// later call never finds an older one.
type History struct {
	Type  string
	ID    string
	Types []string  // with Type "": only these; nil means all
	Since time.Time // updated at or after; zero: all
	At    time.Time // the versions that were current at that moment; zero: all
	// Expr limits to resources whose current version matches; nil: all. For
	// the access filter.
	Expr  search.Expr
	Limit int
	After []byte
}

// Committer writes.
type Committer interface {
	// Commit makes the Unit durable and returns what each Write became, in
	// order. It may join Units of strangers in one transaction; a Unit that is
	// dropped takes nothing with it. Failures that a caller can act on are
	// *Dropped; serialisation failures and deadlocks are retried within.
	Commit(ctx context.Context, u Unit) ([]Written, error)
	// Reindex replaces what resources are found by, without a new version, and
	// returns how many it replaced. One that has another version meanwhile, or
	// is deleted, is left as it is: whoever wrote that version indexed it.
	Reindex(ctx context.Context, list []Reindexed) (int, error)
}

// Reindexed is the new Index of the current version of a resource.
type Reindexed struct {
	Type, ID string
	Version  int64
	Index    search.Index
}

// Unit is everything one use case writes.
type Unit struct {
	Writes     []Write
	Guards     []Guard
	Conditions []Condition
	Unique     []Unique
	Release    []Unique // Space and Digest count
	Facts      []Change
	Audit      []Audit
	Messages   []Message
}

// Write is a new version of one resource.
type Write struct {
	Type string
	ID   string
	// Place is where a new resource goes (Expect 0). For later versions it is
	// not looked at.
	Place Place
	// Expect is the version this one follows: 0 creates. A resource that was
	// deleted is created again by an Expect of the deletion's version.
	Expect  int64
	Deleted bool   // this version is a deletion; Body and Index are empty
	Method  string // POST, PUT, PATCH or DELETE, for the history
	Managed bool
	Body    []byte // the record (see fhir.Record)
	Index   search.Index
}

// Written is what a Write became.
type Written struct {
	Version int64
	Updated time.Time
}

// Guard is a counter that says whether facts have changed since they were
// read. Expect 0 makes it.
type Guard struct {
	Key    string // "person/{id}", "policy/{number}"
	Expect int64
	Bump   bool // checked only, or checked and raised
}

// Condition is a search that must still find what it found when the Unit was
// made: the ids in Want, which are none for a conditional create. The store
// locks (Type, Lock), searches again and drops the Unit when the answer
// differs.
type Condition struct {
	Type string
	Lock string // the normalised query
	Expr search.Expr
	Want []string // logical ids, at most 2 are compared
}

// Unique claims a key: at most one Target holds (Space, Digest).
type Unique struct {
	Space   string
	Digest  [32]byte
	Target  string   // "Type/id"
	Content [32]byte // digest of what was sent
}

// Dropped says why a Unit was not committed. Nothing of it was written.
type Dropped struct {
	Why   Why
	Index int     // of the Guard, Write, Condition or Unique at fault
	Held  *Unique // Duplicate: who holds the key
}

// Why a Unit was dropped.
type Why uint8

// The reasons.
const (
	StaleGuard   Why = iota + 1 // a guard has another version: load the facts again and decide again
	StaleVersion                // a resource has another version than a Write expects
	Duplicate                   // a uniqueness key is held
	Changed                     // a condition finds something else
)

// Error names the reason.
func (d *Dropped) Error() string {
	return "unit dropped: " + [...]string{"", "stale guard", "stale version", "duplicate key", "condition changed"}[d.Why]
}

// Queue is the table of outgoing messages.
type Queue interface {
	// Due takes up to n messages whose time has come and hides them until
	// now + lease.
	Due(ctx context.Context, now time.Time, n int, lease time.Duration) ([]Message, error)
	// Settle records the outcome of an attempt.
	Settle(ctx context.Context, id string, a Attempt) error
	// Messages lists, newest first.
	Messages(ctx context.Context, f MessageFilter) ([]Message, error)
	// Rerun makes the messages that match due at once and returns how many.
	Rerun(ctx context.Context, f MessageFilter, now time.Time) (int, error)
	// Cancel stops the messages that match and returns how many.
	Cancel(ctx context.Context, f MessageFilter) (int, error)
}

// Message is one outgoing message to one target.
type Message struct {
	ID      string // the same in every attempt
	Target  string // name of the receiver in the configuration
	Kind    string // what it is: "resource-changed"
	Ref     string // "Type/id/_history/version" it tells of
	Body    []byte // what to send; nil: the resource at Ref
	Created time.Time

	State    MessageState
	Attempts int
	NextAt   time.Time
	Status   int    // HTTP status of the last answer, 0 none
	Answer   string // its body, shortened, secrets removed
	Error    string // fingerprint of the failure, for groups
}

// MessageState of a message.
type MessageState string

// The states.
const (
	MessageWaiting   MessageState = "waiting"
	MessageDone      MessageState = "done"
	MessageFailed    MessageState = "failed" // gave up; can be re-run
	MessageCancelled MessageState = "cancelled"
)

// Attempt is the outcome of sending a message.
type Attempt struct {
	State  MessageState
	NextAt time.Time // when waiting
	Status int
	Answer string
	Error  string
}

// MessageFilter selects messages; zero fields select all.
type MessageFilter struct {
	ID     string
	Target string
	State  MessageState
	Error  string
	Limit  int
}

// Trail is the audit trail.
type Trail interface {
	// Record writes audit rows of reads, outside any Unit.
	Record(ctx context.Context, rows []Audit) error
	// Audits searches the trail, newest first.
	Audits(ctx context.Context, f AuditFilter) ([]Audit, error)
	// Seal closes a block over the committed rows that no block covers yet:
	// SealHash over the block before and the rows. It returns how many rows it
	// sealed. Only one process seals at a time.
	Seal(ctx context.Context, now time.Time) (int, error)
	// VerifySeals recomputes every block and returns the number of rows
	// checked; a mismatch is an error that names the block.
	VerifySeals(ctx context.Context) (int64, error)
}

// Audit is one row of the trail. It holds no names and no bodies; who may read
// it sees it as an AuditEvent (IHE BALP).
type Audit struct {
	Seq         int64     // given by the store, in commit order
	ID          string    // logical id of the AuditEvent, given by the store when ""
	At          time.Time // microseconds
	Interaction string    // restful-interaction code, or "$submit"
	Action      string    // C, R, U, D, E
	Outcome     string    // 0 success, 4 client error, 8 server error
	Type        string    // resource type touched, "" for system
	Ref         string    // "Type/id" or "Type/id/_history/v"; "" for searches
	Patient     string    // "Patient/id" when the subject is known
	Agent       string    // name of the client
	User        string    // the person behind it, "" when none
	Network     string    // address of the client
	Request     string    // X-Request-Id
	Query       string    // raw query of a search, at most 4 kB
}

// AuditFilter selects rows; zero fields select all.
type AuditFilter struct {
	ID          string
	From, To    time.Time // [From, To)
	Action      string
	Interaction string
	Outcome     string
	Type        string
	Ref         string // the resource, any version
	Patient     string
	Agent       string
	BeforeSeq   int64 // for paging: rows with a smaller Seq; 0 from the newest
	Limit       int
}
