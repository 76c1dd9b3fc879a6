// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

//go:embed prices.yaml
var embedded []byte

// maxFileSize bounds a price file, in bytes. One entry has some 300.
const maxFileSize = 16 << 20

// maxResolved bounds how many names are remembered, found or not. When there
// are more, remembering begins anew: a program does not have as many models,
// so the names are made up and nothing is lost.
const maxResolved = 10_000

// Table is a price list. It is safe for concurrent use.
type Table struct {
	version    string
	models     []*Model
	byProvider map[string]*Model // provider/name
	byName     map[string]*Model

	mu       sync.RWMutex // guards resolved
	resolved map[spelled]*Model
}

// spelled is a model as telemetry names it.
type spelled struct {
	provider, name string
}

// Embedded returns the table that is built in.
func Embedded() (*Table, error) {
	return Load(nil)
}

// Load returns the built-in table with the files laid over it, in their order.
// An entry with the name and provider of an earlier one (or without a provider,
// the name alone) takes its place and keeps its aliases; other entries are
// added. Its error names the file and key of everything that is wrong.
func Load(files []string) (*Table, error) {
	base, err := parse("prices.yaml", embedded)
	if err != nil {
		return nil, fmt.Errorf("the built-in price table: %w", err)
	}
	t := &Table{
		version:    base.version,
		byProvider: map[string]*Model{},
		byName:     map[string]*Model{},
		resolved:   map[spelled]*Model{},
	}
	t.lay(base.models)
	sum := sha256.New()
	var errs []error
	for _, file := range files {
		content, err := read(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		doc, err := parse(file, content)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		_, _ = sum.Write(content)
		t.lay(doc.models)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if len(files) > 0 {
		t.version += "+" + hex.EncodeToString(sum.Sum(nil)[:4])
	}
	return t, nil
}

func read(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err // names the file
	}
	if info.Size() > maxFileSize {
		return nil, fmt.Errorf("%s: has %d bytes, %d are the most", file, info.Size(), maxFileSize)
	}
	return os.ReadFile(file)
}

// lay puts the models over those that are there.
func (t *Table) lay(models []*Model) {
	fresh := map[string]bool{} // bare names that this layer has given a meaning
	for _, m := range models {
		if old := t.replaced(m); old != nil {
			t.replace(old, m)
		} else {
			t.models = append(t.models, m)
		}
		for _, name := range m.names {
			t.claim(name, m, fresh)
		}
	}
}

// claim lets name mean m. An entry without a provider takes the name from
// whoever has it; one with a provider takes it for that provider.
func (t *Table) claim(name string, m *Model, fresh map[string]bool) {
	if m.Provider == "" {
		for _, other := range t.models {
			if id := qualified(other.Provider, name); t.byProvider[id] == other {
				t.byProvider[id] = m
			}
		}
	}
	t.byProvider[qualified(m.Provider, name)] = m
	if m.hostOnly {
		return
	}
	// Of two providers that sell a model under one name, the bare name means the
	// first of a layer; a provider that a later layer adds does not take it.
	holder := t.byName[name]
	if holder == nil || (!fresh[name] && (m.Provider == "" || m.Provider == holder.Provider)) {
		t.byName[name] = m
		fresh[name] = true
	}
}

// replaced returns the entry that m takes the place of, or nil.
func (t *Table) replaced(m *Model) *Model {
	old := t.byName[m.names[0]]
	if m.Provider != "" {
		old = t.byProvider[qualified(m.Provider, m.names[0])]
	}
	if old == nil || old.names[0] != m.names[0] {
		return nil // not there, or an alias, which becomes an entry of its own
	}
	return old
}

// replace puts m where old is, under all its names.
func (t *Table) replace(old, m *Model) {
	if m.Provider == "" {
		m.Provider = old.Provider
	}
	for i, model := range t.models {
		if model == old {
			t.models[i] = m
		}
	}
	for _, index := range [...]map[string]*Model{t.byProvider, t.byName} {
		for name, model := range index {
			if model == old {
				index[name] = m
			}
		}
	}
}

// Find returns the model that a name means, as the provider (which may be
// empty) and the model are written in telemetry. A pair that was seen before
// costs one map look-up, and does not allocate.
func (t *Table) Find(provider, name string) (*Model, bool) {
	key := spelled{provider, name}
	t.mu.RLock()
	m, seen := t.resolved[key]
	t.mu.RUnlock()
	if seen {
		return m, m != nil
	}
	if len(name) > maxNameLength || len(provider) > maxNameLength {
		return nil, false
	}
	m = t.resolve(provider, name)
	// The strings may be part of a large message, which the table must not keep.
	key = spelled{strings.Clone(provider), strings.Clone(name)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.resolved) >= maxResolved {
		clear(t.resolved)
	}
	t.resolved[key] = m
	return m, m != nil
}

// Version identifies the table's content: the date of the built-in one and, when
// files are laid over it, a hash of them.
func (t *Table) Version() string { return t.version }

// Len returns the number of models.
func (t *Table) Len() int { return len(t.models) }
