// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"slices"
	"strings"
)

// Query is what telemetry reports about the seller and the model of a call.
type Query struct {
	// Provider is as written, empty when unknown.
	Provider string
	// Model is the model of the response, else the requested one.
	Model string
	// RequestModel is the requested model, when it has another name.
	RequestModel string
	// Server is the address that was called, empty when unknown.
	Server string
	// Region is where the model runs, empty when unknown.
	Region string
}

// Match is the entry that a query means, and how it was found.
type Match struct {
	// Model is the entry. It is nil when none has the name.
	Model *Model
	// Seller is who sold the call, as far as is known; By is where that is known from.
	Seller, By string
	// Name is the name of the entry that matched, and Of which name of the query it is.
	Name, Of string
	// Region is the region whose price counts, if any.
	Region string
	// Provisioned: the call ran on capacity that is paid by the hour.
	Provisioned bool
	// Doubt is why the price may not be that of the call, empty when it is.
	Doubt string
}

// Resolve returns the entry that a query means. A query that was asked before costs
// one map lookup, and does not allocate. It is never nil.
func (t *Table) Resolve(q Query) *Match {
	t.mu.RLock()
	m, seen := t.resolved[q]
	t.mu.RUnlock()
	if seen {
		return m
	}
	m = t.resolve(q)
	t.resolutions.Add(1)
	for _, text := range [...]string{q.Provider, q.Model, q.RequestModel, q.Server, q.Region} {
		if len(text) > maxNameLength {
			return m
		}
	}
	// The strings may be part of a large message, which the table must not keep.
	q = Query{strings.Clone(q.Provider), strings.Clone(q.Model), strings.Clone(q.RequestModel), strings.Clone(q.Server), strings.Clone(q.Region)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.resolved) >= maxResolved {
		clear(t.resolved)
	}
	t.resolved[q] = m
	return m
}

// Find returns the entry that a model means at a provider, as both are written in
// telemetry; the provider may be empty.
func (t *Table) Find(provider, name string) (*Model, bool) {
	m := t.Resolve(Query{Provider: provider, Model: name})
	return m.Model, m.Model != nil
}

// Lookup is as Find, for names that are not of calls: they do not count as in use.
func (t *Table) Lookup(provider, name string) (*Model, bool) {
	m := t.resolve(Query{Provider: provider, Model: name})
	return m.Model, m.Model != nil
}

// DoubtRegion is that the price depends on a region that nothing names.
const DoubtRegion = "region"

// The names of a query that a match may be of.
const (
	ofModel   = "model"
	ofRequest = "request model"
)

func (t *Table) resolve(q Query) *Match {
	m := t.resolveName(q, q.Model)
	m.Of = ofModel
	if q.RequestModel == "" || q.RequestModel == q.Model {
		return m
	}
	// The response names a model alone where the request names what is paid: a
	// profile of Bedrock with its region, a free variant of OpenRouter. And a gateway
	// may answer with a name of its own.
	if m.Model != nil && (m.Seller != Bedrock || m.Doubt == "") && !strings.HasSuffix(q.RequestModel, freeVariant) {
		return m
	}
	if asked := t.resolveName(q, q.RequestModel); asked.Model != nil || asked.Provisioned {
		asked.Of = ofRequest
		return asked
	}
	return m
}

// resolveName finds the entry that a name means. The seller comes first: that of
// the address, of the provider, of the route in the name, of the form of the name;
// and then its entry. What is known to be another's is never taken.
func (t *Table) resolveName(q Query, name string) *Match {
	if len(name) > maxNameLength || len(q.Provider) > maxNameLength {
		return &Match{}
	}
	s := spelled{table: t, name: normalized(name), region: strings.ToLower(q.Region)}
	m := s.seller(q)
	s.resource(m)
	switch {
	case m.Provisioned, s.hidden:
	case m.Seller == nobody && m.By != "":
	case m.Seller == nobody:
		m.Model, m.Name = s.ofMaker(m)
	default:
		m.Model, m.Name = s.at(m.Seller)
		if m.Model == nil && m.Seller == openRouter && strings.HasSuffix(s.name, freeVariant) {
			m.Model, m.Name = freeModel(openRouter, strings.TrimSuffix(s.name, freeVariant)), s.name
		}
	}
	m.Doubt = s.doubt
	if m.Model != nil {
		m.Region = s.uplift(m)
	} else if free := t.free[m.Seller]; free != nil && m.Seller != nobody {
		// What is not in the table costs nothing where the whole provider is free.
		m.Model, m.Name = free, name
	} else if anyone := t.anyone(s.name); anyone != nil && !s.hidden && !m.Provisioned {
		m.Model, m.Name = anyone, s.name
	}
	return m
}

// anyone is the entry of a user's file that no provider is named for, if the name is
// exactly that.
func (t *Table) anyone(name string) *Model {
	if m := t.byProvider[qualified("", name)]; m != nil && m.Provider == "" {
		return m
	}
	return nil
}

// spelled is a model's name that is being resolved.
type spelled struct {
	table  *Table
	name   string
	region string
	hidden bool   // the name is that of a resource, which does not contain the model's
	open   bool   // who serves it is unknown: it must not be a model of open weights
	doubt  string // why the price is uncertain
}

// normalized is a name in lower case, with hyphens for blanks: Claude 3.5 Sonnet.
func normalized(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "-")
}

// seller finds out who sold the call, and removes the route that names the seller
// from the model's name.
func (s *spelled) seller(q Query) *Match {
	if id, region := serverOf(q.Server); id != "" {
		if region != "" {
			s.region = region
		}
		return &Match{Seller: id, By: "server.address"}
	}
	id, known := SellerOf(q.Provider)
	switch {
	case id != nobody && known && s.bedrockBehind(id):
		return &Match{Seller: Bedrock, By: "form of the name"}
	case id != nobody && known:
		s.open = q.Server != "" && apiCopied[id]
		return &Match{Seller: id, By: "provider"}
	case id != nobody && isBedrock(s.name) && s.table.sellers[squeeze(id)] == "":
		return &Match{Seller: Bedrock, By: "form of the name"} // nobody else has such names
	case id != nobody:
		if own := s.table.sellers[squeeze(id)]; own != "" {
			id = own
		}
		return &Match{Seller: id, By: "provider"}
	}
	s.open = true
	if id, rest, ok := cutRoute(s.name); ok && !onlyOrgs[strings.TrimSuffix(s.name, "/"+rest)] {
		s.name, s.open = rest, false
		// Of two routes the last names who sells: litellm_proxy/azure/gpt-4o.
		if id != nobody {
			return &Match{Seller: id, By: "route"}
		}
		return s.seller(Query{})
	}
	if head, _, ok := strings.Cut(s.name, "/"); ok {
		if own := s.table.sellers[squeeze(head)]; own != "" && orgs[head] == "" {
			s.name, s.open = s.name[len(head)+1:], false
			return &Match{Seller: own, By: "route"}
		}
	}
	if isBedrock(s.name) {
		s.open = false
		return &Match{Seller: Bedrock, By: "form of the name"}
	}
	if strings.HasPrefix(s.name, "projects/") || strings.HasPrefix(s.name, "publishers/") {
		s.open = false
		return &Match{Seller: Vertex, By: "form of the name"}
	}
	return &Match{}
}

// apiCopied are makers of open weights, whose APIs and SDKs people use with servers of
// their own too: at an address that is not the maker's, such a model has no price.
var apiCopied = map[string]bool{
	"openai": true, "mistral": true, "deepseek": true, "dashscope": true, "zai": true, "bigmodel": true,
	"moonshot": true, "minimax": true, "ai21": true, "cohere": true, "xai": true, Google: true,
}

// bedrockBehind reports whether a name is one of Bedrock's although telemetry names the maker
// as the provider: SDKs of makers call Bedrock, too, and the instrumentations of those name the
// maker, as Claude Code does. A maker's name alone before a dot could be Oracle's: xai.grok-4.3.
func (s *spelled) bedrockBehind(maker string) bool {
	if strings.HasPrefix(s.name, "arn:aws") {
		return maker == Anthropic && strings.Contains(s.name, ":bedrock:")
	}
	profile, name, _ := cutProfile(s.name)
	vendor, _, _ := strings.Cut(name, ".")
	return isBedrock(s.name) && orgs[vendor] == maker && (maker == Anthropic || profile != "" || strings.Contains(name, ":")) &&
		s.table.byProvider[qualified(maker, s.name)] == nil
}

// cutRoute takes the seller that a framework writes before a model off its name:
// azure/gpt-4o, anthropic:claude-sonnet-4-5.
func cutRoute(name string) (seller, rest string, ok bool) {
	head, tail, found := strings.Cut(name, "/")
	if !found || strings.ContainsRune(head, ':') {
		// PROVIDER:MODEL; but a tag is behind a colon too: mistral:7b, mistral:latest.
		head, tail, found = strings.Cut(name, ":")
		if !found || tail == "" || tail == "latest" || tail[0] >= '0' && tail[0] <= '9' {
			return "", name, false
		}
	}
	id, known := sellers[squeeze(head)]
	if !known || tail == "" {
		return "", name, false
	}
	return id, tail, true
}

// ofMaker returns the maker's entry of a name whose seller is unknown.
func (s *spelled) ofMaker(m *Match) (*Model, string) {
	name := s.name
	if head, tail, ok := strings.Cut(name, "/"); ok {
		maker := orgs[head]
		if maker == "" || strings.ContainsRune(tail, '/') {
			return s.wrapped()
		}
		m.Seller, m.By, s.name = maker, "maker in the name", tail
		return s.at(maker)
	}
	for spelling := range spellings(name) {
		if model := s.table.byName[spelling]; model != nil {
			m.Seller, m.By = model.Provider, "maker of the model"
			return model, spelling
		}
	}
	return nil, ""
}

// wrapped are the names that Google's libraries write: models/NAME.
func (s *spelled) wrapped() (*Model, string) {
	if rest, ok := strings.CutPrefix(s.name, "models/"); ok && !strings.ContainsRune(rest, '/') {
		s.name = rest
		return s.ofMaker(&Match{})
	}
	return nil, ""
}

// at finds the entry of a seller that the name refers to: as it is written, and then
// without more and more of its prefixes and suffixes.
func (s *spelled) at(seller string) (*Model, string) {
	s.name = s.cutOwn(seller, s.name)
	if seller == Bedrock {
		return s.atBedrock()
	}
	if m, name := s.exact(seller, s.name); m != nil {
		return m, name
	}
	// Who made it, which the seller may leave out: anthropic/claude-sonnet-4-5.
	head, tail, ok := strings.Cut(s.name, "/")
	if _, org := orgs[head]; ok && org && tail != "" {
		return s.exact(seller, tail)
	}
	return nil, ""
}

// cutOwn takes what the seller's own route and its resources put before a name off it.
func (s *spelled) cutOwn(seller, name string) string {
	for {
		rest := name
		if id, tail, ok := cutRoute(name); ok && (id == seller || id == nobody) {
			rest = tail
		} else if head, tail, ok := strings.Cut(name, "/"); ok && tail != "" && s.table.sellers[squeeze(head)] == seller {
			rest = tail
		}
		if i := strings.LastIndex(rest, "models/"); (i == 0 || i > 0 && rest[i-1] == '/') && !strings.HasPrefix(rest, "accounts/") {
			rest = rest[i+len("models/"):]
		}
		for _, api := range [...]string{"converse/", "invoke/", "responses/"} {
			rest = strings.TrimPrefix(rest, api)
		}
		if rest == name {
			return name
		}
		if s.table.byProvider[qualified(seller, name)] != nil {
			return name // it is a name as a whole
		}
		name = rest
	}
}

// exact finds a name at a seller as it is written, or without what is behind it.
func (s *spelled) exact(seller, name string) (*Model, string) {
	variant := false
	for {
		for spelling := range spellings(name) {
			if m := s.table.byProvider[qualified(seller, spelling)]; m != nil && (!s.open || !m.hostOnly) {
				return m, spelling
			}
		}
		short, ok := cutVariant(seller, name)
		if !ok || variant {
			return nil, ""
		}
		name, variant = short, true
	}
}

// freeVariant is behind the names of OpenRouter's models that cost nothing.
const freeVariant = ":free"

// cutVariant cuts the ways in which OpenRouter picks a host for the same model. Others
// (:thinking, :extended) are models of their own.
func cutVariant(seller, name string) (string, bool) {
	if seller != openRouter {
		return name, false
	}
	for _, variant := range [...]string{":nitro", ":floor", ":online", ":exacto", ":beta"} {
		if short, ok := strings.CutSuffix(name, variant); ok {
			return short, true
		}
	}
	return name, false
}

func freeModel(seller, name string) *Model {
	return &Model{Name: name, Provider: seller, names: []string{name + freeVariant}, source: "variants " + freeVariant + " cost nothing", prices: newSchedule(period{tariffs: [tiers]*tariff{Standard: freeTariff}})}
}

func qualified(provider, name string) string {
	return provider + "/" + name
}

// spellings yields the name, and the name without what is behind it, more and
// more of it.
func spellings(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !yield(name) {
			return
		}
		seen := []string{name}
		for _, cut := range [...]func(string) (string, bool){cutMark, cutFineTune, cutVersion, cutDate, cutRevision, cutLatest, noDots, cutDate} {
			short, ok := cut(name)
			if !ok || slices.Contains(seen, short) {
				continue
			}
			if !yield(short) {
				return
			}
			name = short
			seen = append(seen, name)
		}
	}
}
