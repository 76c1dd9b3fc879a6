// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/json"
	"fmt"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Usage is what was used, by kind. It is stored by the names of the kinds.
type Usage usage.Amounts

// Amounts are the same.
func (u *Usage) Amounts() *usage.Amounts { return (*usage.Amounts)(u) }

// Prompt and Completion are all tokens in and out.
func (u *Usage) Prompt() int64 { return u.Amounts().Prompt() }

// Completion returns all tokens out.
func (u *Usage) Completion() int64 { return u.Amounts().Completion() }

func (u *Usage) add(o *Usage) {
	for kind, n := range o {
		u[kind] += n
	}
}

func (u *Usage) subtract(o *Usage) {
	for kind, n := range o {
		u[kind] -= n
	}
}

// MarshalJSON writes what is not zero, by name.
func (u Usage) MarshalJSON() ([]byte, error) {
	named := map[string]int64{}
	for kind, n := range u {
		if n != 0 {
			named[usage.Kind(kind).String()] = n
		}
	}
	return json.Marshal(named)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (u *Usage) UnmarshalJSON(content []byte) error {
	var named map[string]int64
	if err := json.Unmarshal(content, &named); err != nil {
		return err
	}
	*u = Usage{}
	for name, n := range named {
		kind, known := usage.Named(name)
		if !known {
			return fmt.Errorf("usage of the unknown kind %q", name)
		}
		u[kind] = n
	}
	return nil
}

// Marks are the largest values that left as counters.
type Marks struct {
	Calls      [statuses]int64         `json:"calls"`
	Prompt     int64                   `json:"prompt"`
	Completion int64                   `json:"completion"`
	Usage      Usage                   `json:"usage"`
	Cost       money.Sum               `json:"cost"`
	Durations  [len(Bounds) + 1]uint64 `json:"durations"`
	Elapsed    Elapsed                 `json:"elapsed"`
}

// raise raises the marks to a row, where it is above them.
func (m *Marks) raise(r *Row) {
	for i := range m.Calls {
		m.Calls[i] = max(m.Calls[i], r.Calls[i])
	}
	m.Prompt, m.Completion = max(m.Prompt, r.Usage.Prompt()), max(m.Completion, r.Usage.Completion())
	for kind, n := range r.Usage {
		m.Usage[kind] = max(m.Usage[kind], n)
	}
	if m.Cost.Less(r.Cost) {
		m.Cost = r.Cost
	}
	for i := range m.Durations {
		m.Durations[i] = max(m.Durations[i], r.Durations[i])
	}
	if e := r.Elapsed; e.Seconds > m.Elapsed.Seconds || e.Seconds == m.Elapsed.Seconds && e.Nanos > m.Elapsed.Nanos {
		m.Elapsed = e
	}
}

// add adds the marks of a model that was loaded: several may be one by now.
func (m *Marks) add(o *Marks) {
	for i := range m.Calls {
		m.Calls[i] += o.Calls[i]
	}
	m.Prompt += o.Prompt
	m.Completion += o.Completion
	m.Usage.add(&o.Usage)
	m.Cost.AddSum(o.Cost)
	for i := range m.Durations {
		m.Durations[i] += o.Durations[i]
	}
	m.Elapsed.add(o.Elapsed)
}

// Timed is the number of calls whose duration is known.
func (m *Marks) Timed() uint64 {
	var n uint64
	for _, calls := range m.Durations {
		n += calls
	}
	return n
}
