// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import "github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"

// maxAccounts bounds those that are remembered: as many as an hour has rows. To forget them
// costs time and nothing else.
const maxAccounts = maxHourRows

// accounts remembers where calls were counted since the ledger was last packed.
type accounts struct {
	known map[string]*ledger.Account
	key   []byte // of the last one
}

// of is the account of a call with so many dimensions; nil for none.
func (a *accounts) of(c *ledger.Call, dimensions int) *ledger.Account {
	if len(c.Model) > ledger.MaxValueBytes || c.Model == ledger.Overflow {
		return nil // the key does not have all of the name
	}
	a.key = ledger.AppendKey(a.key[:0], c, dimensions)
	if known, ok := a.known[string(a.key)]; ok {
		return known
	}
	if a.known == nil || len(a.known) >= maxAccounts {
		a.known = map[string]*ledger.Account{}
	}
	account := &ledger.Account{Key: string(a.key)}
	a.known[account.Key] = account
	return account
}
