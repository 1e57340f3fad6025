package store

// A fact table holds what the engine needs to know, typed and indexed, written
// in the Unit of the use case that decides it. Tables are described here as
// data, and each store reads and writes all of them with one piece of code;
// migrations create them.

// Column is a column of a fact table. Int columns hold int64, Bytes []byte,
// Text string; dates are text YYYY-MM-DD and amounts decimal text, so that no
// store rounds them.
type Column struct {
	Name string
	Type ColumnType
}

// ColumnType of a column.
type ColumnType uint8

// The types. No column is ever null: absent is "", 0 or an empty slice.
const (
	Text ColumnType = iota + 1
	Int
	Bytes
)

// Table describes a fact table. The first Key columns are the primary key.
type Table struct {
	Name    string
	Columns []Column
	Key     int
	Indexes [][]string // column names
}

// Row is one row: Values stand in the order of Table.Columns.
type Row struct {
	Table  *Table
	Values []any
}

// Change writes a row: insert, or replace the row with the same key; with
// Delete only the key columns count.
type Change struct {
	Row    Row
	Delete bool
}

// Lookup asks for the rows of a table whose Column has one of Values (text
// columns only), ordered by key. No Column means all rows.
type Lookup struct {
	Table  *Table
	Column string
	Values []string
	// From and To bound a second text column, both included, "" is open.
	Between  string
	From, To string
	Limit    int // 0: all
}

func text(names ...string) []Column {
	cols := make([]Column, len(names))
	for i, n := range names {
		cols[i] = Column{n, Text}
	}
	return cols
}

func columns(groups ...[]Column) (out []Column) {
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

// The fact tables. Columns named "data" hold JSON of what nothing searches.
var (
	// Policies are household policies. status and stage as in openIMIS;
	// value is the contribution due, paid the sum of payments that count.
	Policies = &Table{
		Name: "policy", Key: 1,
		Columns: columns(text("number", "household", "holder", "insurer", "plan", "scheme", "stage", "value", "paid",
			"enrolled", "start", "effective", "expiry", "invoice"),
			[]Column{{"status", Int}, {"seq", Int}, {"data", Bytes}}),
		Indexes: [][]string{{"household"}, {"holder"}, {"expiry"}},
	}
	// Members are the insured persons of a policy; effective "" is not yet
	// covered.
	Members = &Table{
		Name: "policy_member", Key: 2,
		Columns: columns(text("policy", "person", "joined", "effective", "expiry", "coverage"), []Column{{"data", Bytes}}),
		Indexes: [][]string{{"person"}},
	}
	// Payments are contributions; a receipt is unique within a plan.
	Payments = &Table{
		Name: "payment", Key: 2,
		Columns: columns(text("plan", "receipt", "policy", "amount", "paid_on", "kind", "action", "state", "notice"),
			[]Column{{"seq", Int}, {"data", Bytes}}),
		Indexes: [][]string{{"policy"}, {"notice"}},
	}
	// Claims are submitted claims: state as in openIMIS, 0 when cancelled.
	Claims = &Table{
		Name: "claim_fact", Key: 1,
		Columns: columns(text("claim", "identifier", "provider", "person", "insurer", "used", "target", "category", "response", "task", "scheme", "asked", "paid"),
			[]Column{{"state", Int}, {"seq", Int}, {"data", Bytes}}),
		Indexes: [][]string{{"person"}, {"response"}},
	}
	// Lines are the lines of submitted claims.
	Lines = &Table{
		Name: "claim_line", Key: 2,
		Columns: columns(text("claim", "sequence", "person", "policy", "product", "kind", "code", "target", "quantity", "category", "paid"),
			[]Column{{"status", Int}, {"reason", Int}}),
		Indexes: [][]string{{"person", "target"}},
	}
	// Ledger is append-only: what a claim took from a policy. n counts the
	// rows of a claim; a reversal is a row with the opposite signs.
	Ledger = &Table{
		Name: "ledger", Key: 2,
		Columns: columns(text("claim", "n", "policy", "person", "deducted", "counted", "paid", "category", "booked"),
			[]Column{{"hospital", Int}}),
		Indexes: [][]string{{"policy"}},
	}
	// Decisions keep what was decided on which facts, for replay.
	Decisions = &Table{
		Name: "decision", Key: 2,
		Columns: columns(text("claim", "n", "engine", "scheme", "digest"), []Column{{"facts", Bytes}}),
	}
	// Clients are API clients. hash is the SHA-256 of the secret.
	Clients = &Table{
		Name: "api_client", Key: 1,
		Columns: columns(text("name", "scopes", "facilities", "created"), []Column{{"any_facility", Int}, {"hash", Bytes}, {"data", Bytes}}),
	}
	// Schemes are the published versions of scheme packs.
	Schemes = &Table{
		Name: "scheme", Key: 1,
		Columns: columns(text("digest", "name", "effective", "published"), []Column{{"seq", Int}, {"pack", Bytes}}),
		Indexes: [][]string{{"name"}},
	}
	// Reindexes are the passes by which a search parameter that was added later
	// takes in what is stored. digest names the version of the parameter, walked
	// is how far the pass is (lastUpdated, microseconds), busy until when the
	// process that makes it holds it.
	Reindexes = &Table{
		Name: "reindex", Key: 2,
		Columns: columns(text("param", "type", "digest", "owner"),
			[]Column{{"walked", Int}, {"seen", Int}, {"total", Int}, {"busy", Int}, {"finished", Int}}),
	}
)

// Tables are all fact tables.
var Tables = []*Table{Policies, Members, Payments, Claims, Lines, Ledger, Decisions, Clients, Schemes, Reindexes}

// Text returns a text column of the row by name; "" for an unknown name is a
// programmer's mistake and panics.
func (r Row) Text(column string) string { return r.value(column).(string) }

// Int returns an int column of the row.
func (r Row) Int(column string) int64 { return r.value(column).(int64) }

// Bytes returns a bytes column of the row.
func (r Row) Bytes(column string) []byte { return r.value(column).([]byte) }

func (r Row) value(column string) any {
	for i, c := range r.Table.Columns {
		if c.Name == column {
			return r.Values[i]
		}
	}
	panic("store: table " + r.Table.Name + " has no column " + column)
}

// Make builds a row from values by column name; columns not named are empty.
// A name that the table lacks, or a value of another type, panics: it is a
// programmer's mistake.
func (t *Table) Make(values map[string]any) Row {
	row := Row{Table: t, Values: make([]any, len(t.Columns))}
	used := 0
	for i, c := range t.Columns {
		v, ok := values[c.Name]
		if ok {
			used++
		}
		switch c.Type {
		case Int:
			n, _ := v.(int64)
			row.Values[i] = n
		case Bytes:
			b, _ := v.([]byte)
			if b == nil {
				b = []byte{}
			}
			row.Values[i] = b
		default:
			s, _ := v.(string)
			row.Values[i] = s
		}
		if ok && v != nil && !sameKind(v, c.Type) {
			panic("store: " + t.Name + "." + c.Name + ": wrong type")
		}
	}
	if used != len(values) {
		panic("store: table " + t.Name + ": a column is not known")
	}
	return row
}

func sameKind(v any, t ColumnType) bool {
	switch v.(type) {
	case string:
		return t == Text
	case int64:
		return t == Int
	case []byte:
		return t == Bytes
	}
	return false
}
