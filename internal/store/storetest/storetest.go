// Package storetest is the suite that every store passes: what
// internal/store promises, as tests. A store's own test calls Run, RunReopen
// and RunSeals with a way to open an empty database.
//
// The resource types here are invented (Bird, Tree): a store must take any
// well-formed name and know none.
package storetest

import (
	"testing"

	"github.com/jamii-health/jamii/internal/store"
)

// A check is one named test of the suite.
type check struct {
	name string
	run  func(*testing.T, *suite)
}

var checks = []check{
	{"unknown things are not found", testUnknown},
	{"a resource lives", testLife},
	{"writes that follow another version are dropped", testStaleVersion},
	{"bodies come back byte by byte", testBodies},
	{"flags of a version come back", testFlags},
	{"versions and times only grow", testMonotone},
	{"ids made by the server and by clients", testIDs},
	{"many resources at once", testReadMany},
	{"odd type names are refused", testOddTypes},
	{"type names that are reserved words", testReservedTypes},
	{"places are never given twice", testPlaces},

	{"every condition of a search", testExpressions},
	{"dates by every prefix", testDates},
	{"numbers as supersets", testNumbers},
	{"chains", testChains},
	{"reverse chains", testHas},
	{"_lastUpdated in a condition", testUpdatedCondition},
	{"an update replaces what is found", testReindex},
	{"very long and odd values", testOddValues},
	{"what is found can be replaced", testRewrite},
	{"many alternatives", testManyAlternatives},
	{"random conditions agree with the model", testProperty},

	{"sorting", testSort},
	{"paging loses and repeats nothing", testPaging},
	{"paging while others write", testPagingWhileWriting},
	{"counting", testCount},
	{"history of one resource, a type, all", testHistory},
	{"history limited by time", testHistoryTime},
	{"history limited by an expression", testHistoryExpr},
	{"history in pages", testHistoryPaging},
	{"polling by _lastUpdated misses nothing", testPoll},
	{"polling the history misses nothing", testPollHistory},

	{"a unit is all or nothing", testAtomic},
	{"a unit that does two things to one key", testUnitTwice},
	{"a dropped unit harms no stranger", testStrangers},
	{"a thousand writes in one unit", testBigUnit},
	{"an ended context", testContext},
	{"guards", testGuards},
	{"of parallel bumps exactly one wins", testGuardRace},
	{"unique keys", testUnique},
	{"of parallel claims of a key one wins", testUniqueRace},
	{"conditions", testConditions},
	{"of sixteen conditional creates one wins", testConditionRace},
	{"of parallel updates one wins", testUpdateRace},

	{"facts", testFacts},
	{"facts by a range", testFactsBetween},
	{"facts and guards in one snapshot", testFactsSnapshot},
	{"counters", testCounters},
	{"secrets", testSecrets},
	{"ping", testPing},

	{"messages", testMessages},
	{"messages are leased", testLease},
	{"messages are leased once", testLeaseRace},
	{"messages are run again and cancelled", testRerun},
	{"audit rows", testAudit},
	{"audit filters", testAuditFilters},
	{"audit rows are sealed", testSeal},
}

// Run holds a store to the contract. open gives a store over an empty
// database and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, newSuite(t, open(t))) })
	}
}

// RunReopen checks what must outlive a process. fresh makes an empty database
// and returns a function that opens a store on it, any number of times, also
// while another is open; the caller closes the stores.
func RunReopen(t *testing.T, fresh func(t *testing.T) (open func() store.Store)) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, func() store.Store)
	}{
		{"everything is there after reopening", testReopen},
		{"places after reopening", testReopenPlaces},
		{"two processes", testTwoProcesses},
		{"two processes seal one chain", testTwoSealers},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, fresh(t)) })
	}
}

// Tampering is a change to the audit trail that VerifySeals must find.
type Tampering uint8

// The ways to tamper. Each is done to the row, or to the block, with the
// smallest number.
const (
	AlterRow    Tampering = iota + 1 // another agent
	RemoveRow                        // the row is gone
	RemoveBlock                      // the block is gone, its rows stay
)

// RunSeals checks that tampering with sealed audit rows is found. tamper
// changes the database behind the store's back.
func RunSeals(t *testing.T, open func(t *testing.T) (st store.Store, tamper func(Tampering) error)) {
	for what, name := range map[Tampering]string{
		AlterRow: "altered row", RemoveRow: "removed row", RemoveBlock: "removed block",
	} {
		t.Run(name, func(t *testing.T) {
			st, tamper := open(t)
			testTampering(t, newSuite(t, st), func() error { return tamper(what) })
		})
	}
}
