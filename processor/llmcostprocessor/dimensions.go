// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/dimension"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// dimensions read the values of the configured dimensions.
type dimensions struct {
	names  []string
	labels []string // of metrics
	all    []*reader
	// user, session and agent are the places of the dimensions that have these; -1 for none.
	user, session, agent int
	owners               [3]string // their names; "" for none
	hidesAgent           bool
	// ofOwner: a user or session is read, which has more keys than the configured ones.
	ofOwner bool
}

// reader reads one dimension.
type reader struct {
	name, file string
	key        string   // of the configuration
	keys       []string // none of a dimension that is dropped, or no longer configured
	unlisted   string
	hash       bool
	table      atomic.Pointer[dimension.Table] // nil without a file
}

func newDimensions(configured []DimensionConfig) (*dimensions, error) {
	d := &dimensions{names: dimensionNames(configured), labels: dimensionLabels(configured), all: make([]*reader, len(configured))}
	for i, each := range []struct {
		keys  []string
		words []string
	}{{userKeys, []string{"user"}}, {sessionKeys, []string{"session", "conversation", "thread"}}, {agentKeys, []string{"agent"}}} {
		if at := dimensionOf(configured, each.keys, each.words...); at >= 0 {
			d.owners[i] = configured[at].String()
			d.hidesAgent = i == 2 && configured[at].hides()
		}
	}
	d.findOwners()
	tables, err := loadTables(configured)
	if err != nil {
		return nil, err
	}
	for i := range configured {
		each := &configured[i]
		r := &reader{key: fmt.Sprintf("dimensions::%d", i), name: each.String(), file: each.Table, unlisted: each.Unlisted, hash: each.Hash}
		d.all[i] = r
		if !each.Drop {
			r.keys = each.keys()
			d.ofOwner = d.ofOwner || slices.ContainsFunc(r.keys, func(key string) bool {
				return key == attrUser || key == attrSession || key == attrConversation
			})
		}
		r.table.Store(tables[i])
	}
	return d, nil
}

// findOwners notes the places of the dimensions that have the user, the session and the agent.
func (d *dimensions) findOwners() {
	place := func(name string) int {
		if name == "" {
			return -1
		}
		return slices.Index(d.names, name)
	}
	d.user, d.session, d.agent = place(d.owners[0]), place(d.owners[1]), place(d.owners[2])
}

// read is what is counted for the first key that has a value.
func (r *reader) read(get func(key string) string) string {
	for _, key := range r.keys {
		if value := get(key); value != "" {
			return r.valueFor(value)
		}
	}
	return ""
}

// valueFor is what is counted for a value of the telemetry.
func (r *reader) valueFor(value string) string {
	if table := r.table.Load(); table != nil {
		mapped, listed := table.Lookup(value)
		if value = mapped; !listed {
			value = r.unlisted
		}
	}
	if r.hash && value != "" {
		value = dimension.Hash(value)
	}
	return value
}

// ofResource reads the values of a resource. They are copied out of the telemetry.
func (d *dimensions) ofResource(to *ledger.Dimensions, attributes pcommon.Map) {
	owner := d.ownerOf(attributes)
	for i := range d.all {
		to[i] = strings.Clone(d.all[i].read(func(key string) string {
			switch value := attributeOf(attributes, key); {
			case value != "":
				return value
			case key == attrUser:
				return owner.User
			case key == attrSession, key == attrConversation:
				return owner.Session
			}
			return ""
		}))
	}
}

// ownerOf is the user and session of a resource or of a span of no convention, where a
// dimension has these.
func (d *dimensions) ownerOf(attributes pcommon.Map) (owner convention.Attribution) {
	if d.ofOwner {
		owner = convention.OwnerOf(attributes)
	}
	return owner
}

// attributeOf is an attribute of whatever type, as text; empty if a filter has redacted it.
func attributeOf(attributes pcommon.Map, key string) string {
	value, ok := attributes.Get(key)
	if !ok {
		return ""
	}
	text := value.AsString()
	if convention.IsRedacted(text) {
		return ""
	}
	return text
}

// The keys for which conventions have keys of their own.
const (
	attrAgent        = "gen_ai.agent.name"
	attrUser         = "user.id"
	attrSession      = "session.id"
	attrConversation = "gen_ai.conversation.id"
)

// valueOfRecord is what a record itself has for a key.
func valueOfRecord(key string, a *convention.Attribution, attributes pcommon.Map) string {
	switch key {
	case attrService:
		return "" // of resources alone
	case attrAgent:
		if a.Agent != "" {
			return a.Agent
		}
	case attrUser:
		if a.User != "" {
			return a.User
		}
	case attrSession, attrConversation:
		// A record may have both, which are not the same: a framework makes up an ID
		// of the conversation next to the application's of the session.
		return cmp.Or(attributeOf(attributes, key), a.Session)
	}
	return attributeOf(attributes, key)
}

// values are the dimensions that a record itself has, and the model that a span names
// for the calls within it; nil for none.
func (c *core) values(b *batch, a *convention.Attribution, model string, attributes pcommon.Map) *identity.Values {
	var values ledger.Dimensions
	found := false
	for i := range c.dimensions.all {
		values[i] = c.dimensions.all[i].read(func(key string) string { return valueOfRecord(key, a, attributes) })
		found = found || values[i] != ""
	}
	if !found && model == "" {
		return nil
	}
	return b.attributions.of(&values, len(c.dimensions.all), model)
}
