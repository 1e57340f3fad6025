package sample

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

// functions are what templates call to draw values. Whatever they return is
// either a plain word, safe inside a JSON string, or JSON itself.
func (m *Maker) functions() template.FuncMap {
	return template.FuncMap{
		"base":    func() string { return fhir.Base },
		"ref":     m.ref,
		"id":      m.id,
		"uuid":    m.uuid,
		"value":   m.value,
		"word":    m.word,
		"coded":   m.coded,
		"pick":    func(list ...string) string { return list[m.random.IntN(len(list))] },
		"chance":  func(percent int) bool { return m.random.IntN(100) < percent },
		"times":   m.times,
		"num":     m.number,
		"money":   func(low, high int) string { return fmt.Sprintf("%d.%02d", m.number(low, high), 25*m.random.IntN(4)) },
		"digits":  m.digits,
		"day":     func() string { return m.moment().Format(time.DateOnly) },
		"born":    func() string { return m.moment().AddDate(-1-m.random.IntN(80), 0, 0).Format(time.DateOnly) },
		"till":    func(days int) string { return m.last.AddDate(0, 0, m.number(1, days)).Format(time.DateOnly) },
		"later":   func() string { return m.last.Add(time.Hour).In(kathmandu).Format(time.RFC3339) },
		"instant": func() string { return fhir.Instant(m.moment()) },
		"zoned":   func() string { return m.moment().In(kathmandu).Format(time.RFC3339) },
		"add":     func(a, b int) int { return a + b },
	}
}

// start is the first of the two years in which everything happens.
var start = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

var kathmandu = time.FixedZone("", 5*3600+45*60)

// moment draws one; till and later follow the last one drawn.
func (m *Maker) moment() time.Time {
	m.last = start.Add(time.Duration(m.random.Int64N(int64(2 * 365 * 24 * time.Hour)))).Truncate(time.Microsecond)
	return m.last
}

func (m *Maker) number(low, high int) int { return low + m.random.IntN(high-low+1) }

func (m *Maker) digits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + m.random.IntN(10)))
	}
	return b.String()
}

// times counts from 1 to a number drawn between low and high.
func (m *Maker) times(low, high int) []int {
	out := make([]int, m.number(low, high))
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// id is a logical id as the server makes them.
func (m *Maker) id() string {
	rid := m.moment().UnixMilli()<<22 | m.random.Int64N(1<<22)
	return store.Place{Part: int16(m.random.IntN(store.Parts)), RID: rid & (1<<63 - 1)}.ID()
}

func (m *Maker) uuid() string {
	a, b := m.random.Uint64(), m.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a), uint16(a>>32), a>>52, 0x8000|b>>50, b&(1<<48-1))
}

// ref is a reference: the given one, or one to something of the type.
func (m *Maker) ref(name, typ string) string {
	if given, ok := m.given[name]; ok {
		return given
	}
	return typ + "/" + m.id()
}

// value is a business identifier: the given one, or the prefix with digits.
func (m *Maker) value(name, prefix string, digits int) string {
	if given, ok := m.given[name]; ok {
		return given
	}
	return prefix + m.digits(digits)
}

// word draws from a list of words.txt. Early words come more often, as in life.
func (m *Maker) word(list string) (string, error) {
	words := m.words[list]
	if len(words) == 0 {
		return "", fmt.Errorf("words.txt has no list %q", list)
	}
	return words[min(m.random.IntN(len(words)), m.random.IntN(len(words)))], nil
}

// coded draws "code=display" and makes a Coding's members of it.
func (m *Maker) coded(list, system string) (string, error) {
	word, err := m.word(list)
	if err != nil {
		return "", err
	}
	code, display, ok := strings.Cut(word, "=")
	if !ok {
		return "", fmt.Errorf("words.txt: %s: %q has no display", list, word)
	}
	text, err := json.Marshal(display)
	if err != nil {
		return "", fmt.Errorf("words.txt: %w", err)
	}
	return fmt.Sprintf(`"system":%s,"code":%s,"display":%s`, strconv.Quote(system), strconv.Quote(code), text), nil
}
