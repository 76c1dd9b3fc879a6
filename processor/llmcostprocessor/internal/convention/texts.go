// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"encoding/binary"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// Texts are what calls have in common whose records have the same keys and the same texts, but
// for those that differ from call to call, such as IDs. An application calls few models in few
// ways, so what follows from the texts is worked out once for many calls.
type Texts struct {
	of     *candidate
	known  *scope
	family family
	// call has the names of a call, and nothing else.
	call Call
	// Derived is the caller's: what it has worked out for calls of these texts. It may depend
	// on PriceKeys, too.
	Derived any
}

// PriceKeys are the attributes besides those of conventions whose texts calls have in common.
var PriceKeys = [...]string{"server.address", "cloud.region", "llm.system", "llm.provider"}

// named are the fields whose texts calls have in common.
var named = setOf(provider, model, requestModel, operation, tier, speed)

// unsteady are the fields of records that each record reads by itself: they decide how a call ended.
var unsteady = setOf(errorType, status, level, success)

// There are no more fields than a set has numbers.
var _ [maxKeys - int(fields)]struct{}

func setOf(all ...field) (s numberSet) {
	for _, f := range all {
		s.add(int(f))
	}
	return s
}

// findTexts finds the places of the texts that records of a layout have in common: the names, the
// markers, which decide what convention counts, and those of PriceKeys. There are none where the
// keys do not decide how a call ended.
func (l *layout) findTexts(numbers []int) {
	common := make([]bool, len(numbers))
	for i := range l.following {
		c := &l.following[i]
		if c.markedAt >= 0 {
			common[c.markedAt] = true
		}
		for _, s := range c.steps {
			switch {
			case unsteady.has(int(s.field)):
				return
			case named.has(int(s.field)):
				common[s.at] = true
			default:
				c.rest = append(c.rest, s)
			}
		}
	}
	for at, number := range numbers {
		if common[at] || number >= 0 && l.table.priceKeys.has(number) {
			l.texts = append(l.texts, at)
		}
	}
}

const (
	// maxTexts bounds those that a reader remembers.
	maxTexts = 1024
	// maxTextBytes bounds the key of one.
	maxTextBytes = 1024
	// textsPause is for how many records no texts are remembered after those before were not
	// worth it: records that mostly have texts of their own.
	textsPause = 16 * maxTexts
)

// shared remembers texts.
type shared struct {
	known map[string]*Texts
	key   []byte // of the record that is read
	hits  int    // since known was emptied
	pause int
}

// find returns the texts of a record, if they are known. It is called before remember.
func (s *shared) find(l *layout, values []pcommon.Value, scope pcommon.InstrumentationScope) *Texts {
	s.key = s.key[:0]
	if len(l.texts) == 0 || l.id == 0 {
		return nil
	}
	key := binary.AppendUvarint(s.key, l.id)
	key = appendText(appendText(key, scope.Name()), scope.Version())
	for _, at := range l.texts {
		if values[at].Type() != pcommon.ValueTypeStr {
			return nil
		}
		key = appendText(key, values[at].Str())
	}
	if len(key) > maxTextBytes {
		return nil
	}
	s.key = key
	t := s.known[string(key)]
	if t != nil {
		s.hits++
	}
	return t
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// remember remembers the texts of the call that was read, if they decide what is read of it:
// that it is a call, how it ended and of which model.
func (s *shared) remember(c *candidate, r *record, call *Call) *Texts {
	if len(s.key) == 0 || !r.isPlain() || call.Status != Success || call.Problem != "" || r.text(model) == "" && r.text(requestModel) == "" {
		return nil
	}
	if s.pause > 0 {
		s.pause--
		return nil
	}
	if s.known == nil || len(s.known) >= maxTexts {
		if s.known != nil && s.hits < maxTexts {
			s.pause = textsPause
		}
		s.known, s.hits = map[string]*Texts{}, 0
	}
	t := &Texts{of: c, known: r.known, family: r.family, call: Call{
		Convention: call.Convention, Provider: strings.Clone(call.Provider), Model: strings.Clone(call.Model),
		RequestModel: strings.Clone(call.RequestModel), Operation: strings.Clone(call.Operation),
		ServiceTier: strings.Clone(r.namedTier()), Inferred: call.Inferred,
	}}
	t.call.Tier = price.TierOf(t.call.ServiceTier)
	s.known[string(s.key)] = t
	return t
}

// isPlain reports whether the record is one of a call that did not fail, and has counts, all of
// which can be read.
func (r *record) isPlain() bool { return !r.failed && r.counts.given != 0 && !r.unreadable }

// readAs reads a record whose texts are known. It is false, and nothing is read, for one that
// they do not decide.
func (r *record) readAs(t *Texts, values []pcommon.Value, scope string, failed bool, out *Call) bool {
	r.facts = facts{of: t.of.compiled, scope: scope, known: t.known, family: t.family, failed: failed}
	for _, s := range t.of.rest {
		r.put(s.place, values[s.at])
	}
	if !r.isPlain() {
		return false
	}
	*out = t.call
	out.Attribution, out.ResponseID = r.attribution(), r.responseID(Success)
	r.usage(out)
	if out.ServiceTier == "" && r.objectTier != "" {
		out.ServiceTier, out.Tier = r.objectTier, price.TierOf(r.objectTier)
	}
	out.FirstToken = r.firstToken()
	return true
}
