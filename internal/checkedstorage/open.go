// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package checkedstorage

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// OpenError is that a storage, which there is, cannot be used: its file is damaged, say.
type OpenError struct{ error }

// Error names the key of the configuration.
func (e OpenError) Error() string { return "storage: " + e.error.Error() }

// Unwrap returns the error of the storage.
func (e OpenError) Unwrap() error { return e.error }

// Owner is the component that a client of a storage belongs to.
type Owner struct {
	Kind component.Kind
	ID   component.ID
	// Name distinguishes several clients of a component. It may be empty.
	Name string
}

// Open opens a storage extension of the host. The error is an [OpenError] unless there
// is no such extension. For onDamage see [New].
func Open(ctx context.Context, host component.Host, extension component.ID, owner Owner, onDamage func(key string, stored []byte)) (*Client, error) {
	found, ok := host.GetExtensions()[extension]
	if !ok {
		return nil, fmt.Errorf("storage: there is no extension %q", extension)
	}
	provider, ok := found.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage: extension %q is not a storage", extension)
	}
	client, err := provider.GetClient(ctx, owner.Kind, owner.ID, owner.Name)
	if err != nil {
		return nil, OpenError{err}
	}
	return New(client, onDamage), nil
}
