package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
)

// bench measures one gateway.
type bench struct {
	*gateway
	options  options
	claims   []blank
	insert   float64 // bare inserts in a second
	echo     float64 // bare echoes in a second
	mu       sync.Mutex
	patients []string
	created  []string // ids of Claims
	made     int64    // numbers given out to bodies
}

// numbers reserves a range of body numbers.
func (b *bench) numbers() int64 {
	b.made += 1e7
	return b.made
}

// importing posts transactions and tells resources a second and bytes on disk.
func (b *bench) importing(ctx context.Context) ([]figure, error) {
	bundles, err := bundleBlanks(b.options.distinct / 10)
	if err != nil {
		return nil, err
	}
	const workers = 4
	list, base, bodies := clients(b.address, workers), b.numbers(), make([][]byte, workers)
	// The first bundle makes the tables, which take room while they are empty.
	if _, err := list[0].want(http.StatusOK, http.MethodPost, "/fhir", bundles[0].fill(nil, b.numbers(), "")); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	before, err := b.size(ctx)
	if err != nil {
		return nil, err
	}
	var done int64
	l := b.options.load(workers)
	m, err := drive(ctx, l, func(w int, n int64) error {
		bodies[w] = bundles[n%int64(len(bundles))].fill(bodies[w], base+n, "")
		answer, err := list[w].want(http.StatusOK, http.MethodPost, "/fhir", bodies[w])
		if err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		done++
		b.patients = append(b.patients, patientsOf(answer)...)
		return nil
	})
	closeAll(list)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	after, err := b.size(ctx)
	if err != nil {
		return nil, err
	}
	resources := done * int64(bundleSize)
	return []figure{
		{"import transaction bundles of " + thousands(int64(bundleSize)), perSecond(m.rate*float64(bundleSize)) + " resources", "6,000/s", fmt.Sprintf("%d connections, bundle %v", workers, m)},
		{"bytes on disk per resource, all indexes", thousands((after-before)/max(1, resources)) + " B", "under 2,000 B", fmt.Sprintf("%s resources, synthetic text, audit rows included", thousands(resources))},
	}, nil
}

// registered sees to it that there are Patients to refer to.
func (b *bench) registered(ctx context.Context) error {
	if len(b.patients) > 0 {
		return nil
	}
	whole := b.options
	defer func() { b.options = whole }()
	b.options.distinct, b.options.warm, b.options.measure = 50, 0, whole.measure/4
	_, err := b.importing(ctx)
	return err
}

// creating posts Claims as plain data.
func (b *bench) creating(ctx context.Context) (out []figure, err error) {
	if err := b.registered(ctx); err != nil {
		return nil, err
	}
	full := 0.0
	for _, workers := range []int{8, 64} {
		m, err := b.create(ctx, b.options.load(workers))
		if err != nil {
			return nil, err
		}
		full = m.rate
		reach := ""
		if workers == 64 {
			reach = b.only("2,500/s", "1,000/s")
		}
		out = append(out, figure{fmt.Sprintf("create a 6 kB Claim, %d connections", workers), perSecond(m.rate), reach, fmt.Sprintf("%v; %s", m, ratio(m.rate, b.insert, "bare inserts"))})
	}
	half := b.options.load(64)
	half.rate = full / 2
	m, err := b.create(ctx, half)
	if err != nil {
		return nil, err
	}
	return append(out, figure{"the same at half that load", "p99 " + short(percentile(m.latencies, 99)), b.only("15 ms", ""), m.String()}), nil
}

func (b *bench) create(ctx context.Context, l load) (measured, error) {
	list, base, bodies := clients(b.address, l.workers), b.numbers(), make([][]byte, l.workers)
	m, err := drive(ctx, l, func(w int, n int64) error {
		bodies[w] = b.claims[n%int64(len(b.claims))].fill(bodies[w], base+n, b.patients[n*7919%int64(len(b.patients))])
		answer, err := list[w].want(http.StatusCreated, http.MethodPost, "/fhir/Claim", bodies[w])
		if err != nil {
			return err
		}
		id, err := idOf(answer)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.created = append(b.created, id)
		return err
	})
	closeAll(list)
	if err != nil {
		return m, fmt.Errorf("create: %w", err)
	}
	return m, nil
}

// stored sees to it that there are Claims to read.
func (b *bench) stored(ctx context.Context) error {
	if len(b.created) > 0 {
		return nil
	}
	if err := b.registered(ctx); err != nil {
		return err
	}
	l := b.options.load(8)
	l.warm = 0
	_, err := b.create(ctx, l)
	return err
}

// reading reads Claims by id.
func (b *bench) reading(ctx context.Context) (out []figure, err error) {
	if err := b.stored(ctx); err != nil {
		return nil, err
	}
	for _, workers := range []int{8, 64} {
		m, err := b.fetch(ctx, b.options.load(workers), func(n int64) string {
			return "/fhir/Claim/" + b.created[n*7919%int64(len(b.created))]
		})
		if err != nil {
			return nil, fmt.Errorf("read: %w", err)
		}
		reach := map[int]string{8: "8,000/s", 64: "12,000/s"}[workers]
		out = append(out, figure{fmt.Sprintf("read by id, %d connections", workers), perSecond(m.rate), b.only(reach, ""), fmt.Sprintf("%v; %s", m, ratio(m.rate, b.echo, "bare echoes"))})
	}
	return out, nil
}

// searching asks one question at a time.
func (b *bench) searching(ctx context.Context) (out []figure, err error) {
	if err := b.stored(ctx); err != nil {
		return nil, err
	}
	total, err := b.count(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range []struct {
		work, reach string
		path        func(n int64) string
	}{
		{"search Claims of a patient", "p99 5 ms", func(n int64) string {
			return "/fhir/Claim?_count=20&patient=Patient/" + b.patients[n*7919%int64(len(b.patients))]
		}},
		{"search two common tokens", "p99 25 ms", func(int64) string { return "/fhir/Claim?_count=20&use=claim&priority=normal" }},
	} {
		l := b.options.load(1)
		l.warm, l.measure = l.warm/2, l.measure/2
		m, err := b.fetch(ctx, l, s.path)
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		out = append(out, figure{s.work, "p99 " + short(percentile(m.latencies, 99)), b.only(s.reach, ""), fmt.Sprintf("%s Claims, 1 connection, %s, %v", thousands(total), perSecond(m.rate), m)})
	}
	return out, nil
}

// count is how many Claims there are.
func (b *bench) count(ctx context.Context) (int64, error) {
	n, err := b.store.Count(ctx, "Claim", nil, 0)
	if err != nil {
		return 0, fmt.Errorf("counting: %w", err)
	}
	return n, nil
}

// fetch drives GETs.
func (b *bench) fetch(ctx context.Context, l load, path func(n int64) string) (measured, error) {
	list := clients(b.address, l.workers)
	defer closeAll(list)
	return drive(ctx, l, func(w int, n int64) error {
		_, err := list[w].want(http.StatusOK, http.MethodGet, path(n), nil)
		return err
	})
}

// only gives the figure to reach of this database; the design's are those of
// PostgreSQL unless it says otherwise.
func (b *bench) only(postgres, sqlite string) string {
	if b.name == "SQLite" {
		return sqlite
	}
	return postgres
}

func ratio(rate, bare float64, what string) string {
	if bare <= 0 {
		return "no bare reference"
	}
	return fmt.Sprintf("%.2f of %s", rate/bare, what)
}
