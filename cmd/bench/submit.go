package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/jamii-health/jamii/fhir"
)

// insured is a person with paid cover.
type insured struct{ patient string }

// enrolled is the day on which all households enrolled and paid: their
// policies began on 2025-07-17.
const enrolled = "2025-07-20"

// submitting sends Claims to be decided, for households that paid.
func (b *bench) submitting(ctx context.Context) ([]figure, error) {
	people, err := b.enrol(ctx, b.options.households)
	if err != nil {
		return nil, fmt.Errorf("preparing households: %w", err)
	}
	claims := b.submissions()
	work := func(l load) (measured, error) {
		list, base, bodies := clients(b.address, l.workers), b.numbers(), make([][]byte, l.workers)
		defer closeAll(list)
		return drive(ctx, l, func(w int, n int64) error {
			bodies[w] = claims[n%int64(len(claims))].fill(bodies[w], base+n, people[n*7919%int64(len(people))].patient)
			answer, err := list[w].want(http.StatusCreated, http.MethodPost, "/fhir/Claim/$submit", bodies[w])
			if err == nil && n == 0 && !strings.Contains(string(answer), `"outcome":"complete"`) {
				return errors.New("the first Claim was not decided")
			}
			return err
		})
	}
	m, err := work(b.options.load(64))
	if err != nil {
		return nil, fmt.Errorf("submit: %w", err)
	}
	out := []figure{{"Claim/$submit, 64 connections", perSecond(m.rate), b.only("1,500/s", ""), fmt.Sprintf("%s persons, 5 lines, %v; %s", thousands(int64(len(people))), m, ratio(m.rate, b.insert, "bare inserts"))}}
	half := b.options.load(64)
	half.rate = m.rate / 2
	if m, err = work(half); err != nil {
		return nil, fmt.Errorf("submit: %w", err)
	}
	return append(out, figure{"the same at half that load", "p99 " + short(percentile(m.latencies, 99)), b.only("under 20 ms", ""), m.String()}), nil
}

// lines that the family plan pays at a hospital. None is limited in frequency,
// so that a person can have many.
var lines = [][]string{
	{"service S101 1 50", "service S301 1 100", "item I101 10 1", "item I103 10 2", "service S302 1 50"},
	{"service S102 1 150", "service S303 1 60", "item I107 30 1", "item I102 1 45", "service S103 1 30"},
}

// submissions are Claims to be decided.
func (b *bench) submissions() []blank {
	var out []blank
	for day := 1; day <= 28; day++ {
		for _, set := range lines {
			var items []string
			for i, l := range set {
				var kind, code, quantity, price string
				if _, err := fmt.Sscan(l, &kind, &code, &quantity, &price); err != nil {
					panic("bench: a line of the table cannot be read: " + err.Error())
				}
				items = append(items, fmt.Sprintf(`{"sequence":%d,"productOrService":{"coding":[{"system":%q,"code":%q}]},"quantity":{"value":%s},"unitPrice":{"value":%s,"currency":"NPR"}}`,
					i+1, b.pack.System(kind), code, quantity, price))
			}
			out = append(out, newBlank(fmt.Appendf(nil, `{"resourceType":"Claim","identifier":[{"system":%q,"value":"B-%s"}],"status":"active",`+
				`"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}]},"use":"claim",`+
				`"patient":{"reference":"Patient/%s"},"billablePeriod":{"start":"2025-08-%02d"},"created":"2025-08-31","insurer":%s,"provider":%s,`+
				`"priority":{"coding":[{"code":"normal"}]},`+
				`"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11.9"}]}}],`+
				`"insurance":[{"sequence":1,"focal":true,"coverage":{"identifier":{"system":%q,"value":"any"}}}],"item":[%s]}`,
				b.pack.System("claim"), numberMark, personMark, day, b.logical("insurer", b.pack.Insurer.Code), b.logical("facility", "HO01"),
				b.pack.System("policy"), strings.Join(items, ","))))
		}
	}
	return out
}

// logical is a reference by identifier.
func (b *bench) logical(system, value string) string {
	return fmt.Sprintf(`{"identifier":{"system":%q,"value":%q}}`, b.pack.System(system), value)
}

// enrol registers households of two, enrols them in the family plan and pays.
func (b *bench) enrol(ctx context.Context, households int) ([]insured, error) {
	const workers = 16
	var group sync.WaitGroup
	var mu sync.Mutex
	var out []insured
	var failed error
	for w := range workers {
		group.Go(func() {
			for n := w; n < households && ctx.Err() == nil; n += workers {
				two, err := b.family(ctx, n)
				mu.Lock()
				out = append(out, two...)
				failed = errors.Join(failed, err)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	group.Wait()
	return out, errors.Join(failed, ctx.Err())
}

// family goes through the use cases that a client would call over HTTP.
func (b *bench) family(ctx context.Context, n int) ([]insured, error) {
	var ids []string
	for i, born := range []string{"1984-03-01", "1987-06-15"} {
		id, err := b.make(ctx, "Patient", fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":%q,"value":"N%d-%d"}],"name":[{"family":"Bench"}],"gender":"female","birthDate":%q}`,
			b.pack.System("national-id"), n, i, born))
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	role := func(code string) string {
		return fmt.Sprintf(`"extension":[{"url":"%s/StructureDefinition/household-role","valueCode":%q}]`, fhir.Base, code)
	}
	if _, err := b.make(ctx, "Group", fmt.Sprintf(`{"resourceType":"Group","type":"person","actual":true,"code":{"coding":[{"system":"%s/CodeSystem/group-type","code":"household"}]},`+
		`"member":[{%s,"entity":{"reference":"Patient/%s"}},{%s,"entity":{"reference":"Patient/%s"}}]}`, fhir.Base, role("head"), ids[0], role("8"), ids[1])); err != nil {
		return nil, err
	}
	if err := b.cover(ctx, n, ids[0]); err != nil {
		return nil, err
	}
	return []insured{{ids[0]}, {ids[1]}}, nil
}

func (b *bench) make(ctx context.Context, typ, text string) (string, error) {
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		return "", err
	}
	res, err := b.registry.Create(ctx, b.call(), typ, n, "")
	if err != nil {
		return "", fmt.Errorf("%s: %w", typ, explain(err))
	}
	return res.Resource.ID, nil
}

// cover enrols the household of a head and pays the invoice.
func (b *bench) cover(ctx context.Context, n int, head string) error {
	request, err := fhir.Parse(fmt.Appendf(nil, `{"resourceType":"EnrollmentRequest","contained":[{"resourceType":"Coverage","id":"c","status":"draft",`+
		`"beneficiary":{"reference":"Patient/%[1]s"},"payor":[%[2]s],"class":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/coverage-class","code":"plan"}]},"value":"HIB"}]}],`+
		`"status":"active","created":%[3]q,"insurer":%[2]s,"candidate":{"reference":"Patient/%[1]s"},"coverage":{"reference":"#c"}}`,
		head, b.logical("insurer", b.pack.Insurer.Code), enrolled))
	if err != nil {
		return err
	}
	done, err := b.registry.Enrol(ctx, b.call(), request, nil)
	if err != nil {
		return fmt.Errorf("enrol: %w", explain(err))
	}
	invoice := ""
	for _, res := range done.More {
		if res.Type == "Invoice" {
			invoice = res.Ref()
		}
	}
	notice, err := fhir.Parse(fmt.Appendf(nil, `{"resourceType":"PaymentNotice","extension":[{"url":"%s/StructureDefinition/payment-type","valueCode":"C"}],"status":"active",`+
		`"request":{"reference":%q},"created":%[3]q,"payment":{"identifier":{"system":%[4]q,"value":"R%[5]d"}},"paymentDate":%[3]q,"recipient":%[6]s,"amount":{"value":3500.00,"currency":"NPR"}}`,
		fhir.Base, invoice, enrolled, b.pack.System("receipt"), n, b.logical("insurer", b.pack.Insurer.Code)))
	if err != nil {
		return err
	}
	if _, err := b.registry.Pay(ctx, b.call(), notice); err != nil {
		return fmt.Errorf("pay: %w", explain(err))
	}
	return nil
}

// explain lists all that an error holds against a request.
func explain(err error) error {
	var fe *fhir.Error
	if errors.As(err, &fe) {
		return fmt.Errorf("%w: %v", err, fe.All())
	}
	return err
}
