// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/configfile"
)

//go:embed prices.yaml
var embedded []byte

// MaxFileSize bounds a price file, in bytes. One entry has some 300.
const MaxFileSize = 16 << 20

// maxResolved bounds how many resolved names are cached, found or not. When there
// are more, the cache is cleared: no program uses as many models, so such names are
// made up and nothing is lost.
const maxResolved = 10_000

// Table is a price list. It is safe for concurrent use.
type Table struct {
	version string
	date    time.Time
	lists   []*List
	// exchange are the rates of other currencies, ascending.
	exchange map[string][]exchangeRate
	// byDimension are the adjustments that depend on dimensions of calls.
	byDimension []*adjustment
	models      map[*Model]struct{}
	byProvider  map[string]*Model // provider/name
	byName      map[string]*Model
	providers   map[string][]string               // that have a name in byProvider, by name; nil once it is loaded
	free        map[string]*Model                 // by provider
	sellers     map[string]string                 // providers, by their names without punctuation
	dated       atomic.Pointer[map[string]string] // names of Bedrock by those without a date, once one is asked for

	// missing are aliases of patient layers whose model no list has.
	missing []error

	resolutions atomic.Int64

	mu       sync.RWMutex // guards resolved
	resolved map[Query]*Match
}

// Embedded returns the table that is built in.
func Embedded() (*Table, error) {
	return Load(nil)
}

// base is the built-in table. Each table has entries of its own, which it changes.
func base() (generated, kept document, err error) {
	if generated, err = parseCompact(modelsTSV); err != nil {
		return document{}, document{}, fmt.Errorf("the built-in price table: models.tsv: %w", err)
	}
	if kept, err = parse("prices.yaml", embedded); err != nil {
		return document{}, document{}, fmt.Errorf("the built-in price table: %w", err)
	}
	return generated, kept, nil
}

// Repaired returns the entries that the built-in table has better than the lists it
// is made of, by provider and name.
func Repaired() (map[[2]string]bool, error) {
	_, kept, err := base()
	if err != nil {
		return nil, err
	}
	names := map[[2]string]bool{}
	for _, m := range kept.models {
		for _, name := range m.names {
			names[[2]string{m.Provider, name}] = true
		}
	}
	return names, nil
}

// Layer is a price list that overrides the built-in table.
type Layer struct {
	// Name is the file or URL that it is from.
	Name    string
	Content []byte
	// Patient layers may have aliases of models that no list has, since a list that is yet
	// to be fetched may bring them: see MissingAliases. They are errors of other layers.
	Patient bool
}

// List is one of the lists that a table is made of.
type List struct {
	// Name is BuiltIn, a file or a URL.
	Name, Version string
	// Date is when its prices were read from their sources: zero where its version is not a day.
	Date time.Time
	// Models is the number of its entries, before others override it.
	Models int
}

// BuiltIn is the name of the list that is part of the program.
const BuiltIn = "built-in"

// Load returns the built-in table, overridden by the files in their order.
func Load(files []string) (*Table, error) {
	layers, err := ReadFiles(files)
	if err != nil {
		return nil, errors.Join(err, check(layers))
	}
	return LoadLayers(layers)
}

// check reports what is wrong with layers.
func check(layers []Layer) error {
	_, err := LoadLayers(layers)
	return err
}

// LoadLayers returns the built-in table, overridden by the lists in their order.
// An entry with the name and provider of an earlier one (or without a provider,
// the name alone) takes its place and keeps its aliases; other entries are
// added. Discounts and aliases of a list apply to all that lies below it and
// what it brings itself. Its error names the list and key of everything that is wrong.
func LoadLayers(layers []Layer) (*Table, error) {
	generated, kept, err := base()
	if err != nil {
		return nil, err
	}
	t := newTable(len(generated.models))
	t.version, t.date = kept.version, kept.date()
	list := t.addList(BuiltIn, kept)
	list.Models += len(generated.models)
	t.overlay(generated.models, list)
	t.overlay(kept.models, list)
	if errs := t.addAliases(kept.aliases); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return t, t.overlayLists(layers)
}

// LoadAlone returns the table of the files, without the built-in one below them.
func LoadAlone(files []string) (*Table, error) {
	layers, err := ReadFiles(files)
	t, invalid := LoadLayersAlone(layers)
	return t, errors.Join(err, invalid)
}

// LoadLayersAlone returns the table of the lists, without the built-in one below them.
func LoadLayersAlone(layers []Layer) (*Table, error) {
	t := newTable(0)
	return t, t.overlayLists(layers)
}

func newTable(size int) *Table {
	return &Table{
		models:     make(map[*Model]struct{}, size),
		byProvider: make(map[string]*Model, 2*size),
		byName:     make(map[string]*Model, size/2),
		providers:  make(map[string][]string, 2*size),
		free:       map[string]*Model{},
		sellers:    map[string]string{},
		exchange:   map[string][]exchangeRate{},
		resolved:   map[Query]*Match{},
	}
}

// overlayLists adds the lists in turn: each replaces entries of those before.
func (t *Table) overlayLists(layers []Layer) error {
	sum := sha256.New()
	var errs []error
	for _, layer := range layers {
		_, _ = sum.Write(layer.Content)
		errs = append(errs, t.overlayList(layer))
	}
	t.assignRates()
	t.providers = nil
	if len(layers) > 0 {
		t.version += "+" + hex.EncodeToString(sum.Sum(nil)[:4])
	}
	return errors.Join(errs...)
}

// MissingAliases reports aliases of patient layers whose model no list has, with file,
// line and key.
func (t *Table) MissingAliases() error { return errors.Join(t.missing...) }

func (t *Table) overlayList(layer Layer) error {
	doc, err := parse(layer.Name, layer.Content)
	if err != nil {
		return err
	}
	list := t.addList(layer.Name, doc)
	t.overlay(doc.models, list)
	maps.Copy(t.exchange, doc.exchange)
	errs := t.addAliases(doc.aliases)
	if layer.Patient {
		t.missing, errs = append(t.missing, errs...), nil
	}
	t.adjust(doc.adjustments)
	for _, provider := range doc.free {
		t.free[provider] = &Model{Provider: provider, source: layer.Name, list: list, prices: newSchedule(period{tariffs: [tiers]*tariff{Standard: freeTariff}})}
	}
	return errors.Join(errs...)
}

func (t *Table) addList(name string, doc document) *List {
	list := &List{Name: name, Version: doc.version, Date: doc.date(), Models: len(doc.models)}
	t.lists = append(t.lists, list)
	return list
}

// Lists are what the table is made of, the built-in one first.
func (t *Table) Lists() []*List { return t.lists }

// Models are all entries.
func (t *Table) Models() iter.Seq[*Model] { return maps.Keys(t.models) }

// addAliases gives models further names.
func (t *Table) addAliases(aliases []alias) []error {
	var errs []error
	for _, a := range aliases {
		if a.provider == Google {
			if m := t.resolve(Query{Provider: Vertex, Model: a.model}).Model; m != nil {
				t.addName(Vertex, a.name, m)
			}
		}
		m := t.resolve(Query{Provider: a.provider, Model: a.model}).Model // not cached: later files may replace it
		if m == nil {
			errs = append(errs, fmt.Errorf("%s.model: no price is known of %q", a.where, a.model))
			continue
		}
		t.addName(a.provider, a.name, m)
		if a.provider == "" || t.byName[a.name] == nil && !m.hostOnly {
			t.byName[a.name] = m
		}
	}
	return errs
}

// ReadFiles reads price files. Those that can be read are returned with an error too.
func ReadFiles(files []string) ([]Layer, error) {
	var layers []Layer
	var errs []error
	for _, file := range files {
		content, err := read(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		layers = append(layers, Layer{Name: file, Content: content})
	}
	return layers, errors.Join(errs...)
}

func read(file string) ([]byte, error) {
	return configfile.ReadFile(file, MaxFileSize)
}

// overlay adds the models, which replace entries of the same names.
func (t *Table) overlay(models []*Model, list *List) {
	fresh := map[string]bool{} // bare names that this layer has given a meaning
	for _, m := range models {
		m.list = list
		if old := t.replacedBy(m); old != nil {
			t.replace(old, m)
		}
		t.models[m] = struct{}{}
		for _, name := range m.names {
			t.assignName(name, m, fresh)
		}
	}
}

// assignName makes m the entry of a name. An entry without a provider takes the name from
// whoever has it; one with a provider takes it for that provider.
func (t *Table) assignName(name string, m *Model, fresh map[string]bool) {
	if m.Provider == "" {
		for _, provider := range t.providers[name] {
			t.byProvider[qualify(provider, name)] = m
		}
	}
	t.addName(m.Provider, name, m)
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

// addName makes m the entry of a name at a provider.
func (t *Table) addName(provider, name string, m *Model) {
	id := qualify(provider, name)
	t.sellers[squeeze(provider)] = provider
	if _, known := t.byProvider[id]; !known {
		t.providers[name] = append(t.providers[name], provider)
	}
	t.byProvider[id] = m
	t.dated.Store(nil)
}

// replacedBy returns the entry that m takes the place of, or nil.
func (t *Table) replacedBy(m *Model) *Model {
	old := t.byName[m.names[0]]
	if m.Provider != "" {
		old = t.byProvider[qualify(m.Provider, m.names[0])]
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
	delete(t.models, old)
	for _, name := range old.names {
		for _, provider := range t.providers[name] {
			if id := qualify(provider, name); t.byProvider[id] == old {
				t.byProvider[id] = m
			}
		}
		if t.byName[name] == old {
			t.byName[name] = m
		}
		if !slices.Contains(m.names, name) {
			m.names = append(slices.Clip(m.names), name)
		}
	}
}

// Version identifies the table's content: the date of the built-in one and, when
// files override it, a hash of them.
func (t *Table) Version() string { return t.version }

// Len returns the number of models.
func (t *Table) Len() int { return len(t.models) }

// Date is the day on which the built-in prices were read.
func (t *Table) Date() time.Time { return t.date }

// Resolutions returns how many names had to be searched for, since they were
// not remembered.
func (t *Table) Resolutions() int64 { return t.resolutions.Load() }

// ListsInUse are the lists that names were resolved to an entry of since the table was
// made.
func (t *Table) ListsInUse() map[*List]bool {
	lists := map[*List]bool{}
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, m := range t.resolved {
		if m.Model != nil {
			lists[m.Model.list] = true
		}
	}
	return lists
}

// InUse are the entries that names were resolved to since the table was made, by
// provider and name.
func (t *Table) InUse() []*Model {
	seen := map[*Model]bool{}
	t.mu.RLock()
	for _, m := range t.resolved {
		if m.Model != nil {
			seen[m.Model] = true
		}
	}
	t.mu.RUnlock()
	return slices.SortedFunc(maps.Keys(seen), func(a, b *Model) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Name, b.Name))
	})
}
