package postgres

import (
	"testing"
	"time"

	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/pgtest"
)

func freshDSN(t testing.TB) string {
	t.Helper()
	return pgtest.DSN(t)
}

func node(p store.Place) int64 { return p.RID >> seqBits & (nodes - 1) }

func TestNodesDiffer(t *testing.T) {
	dsn := freshDSN(t)
	seen := map[int64]bool{}
	for range 3 {
		st := open(t, dsn)
		defer st.Close()
		n := node(st.NewPlace(1))
		if seen[n] {
			t.Fatalf("two servers have node %d", n)
		}
		seen[n] = true
	}
}

// TestFloor: a later owner of a number starts above everything the one before
// it may have given out, also when the clock says otherwise.
func TestFloor(t *testing.T) {
	dsn := freshDSN(t)
	st := open(t, dsn)
	d := st.(*database)
	// As if the clock had been an hour ahead for a while.
	d.lease.mu.Lock()
	d.lease.next = time.Now().Add(time.Hour).UnixMilli() << seqBits
	d.lease.mu.Unlock()
	ahead := st.NewPlace(1)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	st = open(t, dsn)
	defer st.Close()
	p := st.NewPlace(1)
	if node(p) != node(ahead) {
		t.Fatalf("node %d was given back, got %d", node(ahead), node(p))
	}
	if p.RID <= ahead.RID {
		t.Errorf("place %d follows %d of the same node", p.RID, ahead.RID)
	}
}

// TestFloorAfterCrash: the floor in the database lies above what was given
// out although nobody gave the lease back.
func TestFloorAfterCrash(t *testing.T) {
	dsn := freshDSN(t)
	st := open(t, dsn)
	defer st.Close()
	d := st.(*database)
	p := st.NewPlace(1)
	var floor int64
	if err := connect(t, dsn).QueryRow(t.Context(), `SELECT floor FROM node WHERE number = $1`, d.lease.number()).Scan(&floor); err != nil {
		t.Fatal(err)
	}
	if ms := p.RID >> (nodeBits + seqBits); ms > floor {
		t.Errorf("place of %d ms lies above the floor %d", ms, floor)
	}
}

// TestLostLease: a server whose number was taken, because it slept too long,
// takes another before it gives out places above its floor.
func TestLostLease(t *testing.T) {
	dsn := freshDSN(t)
	st := open(t, dsn)
	defer st.Close()
	d := st.(*database)
	before := st.NewPlace(1)
	if _, err := connect(t, dsn).Exec(t.Context(), `UPDATE node SET owner = 'another'`); err != nil {
		t.Fatal(err)
	}
	if err := d.lease.renew(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	after := st.NewPlace(1)
	if node(after) == node(before) {
		t.Errorf("node %d is used by two servers", node(after))
	}
	if after.RID <= before.RID {
		t.Errorf("place %d follows %d", after.RID, before.RID)
	}
}

// TestManyAtOnce: more places in a millisecond than it has numbers.
func TestManyAtOnce(t *testing.T) {
	st := fresh(t)
	last := int64(-1)
	for range 50_000 {
		p := st.NewPlace(1023)
		if p.RID <= last {
			t.Fatalf("%d follows %d", p.RID, last)
		}
		last = p.RID
	}
	if q, ok := store.PlaceOf(store.Place{Part: 1023, RID: last}.ID()); !ok || q.RID != last {
		t.Errorf("place %d does not fit an id", last)
	}
}
