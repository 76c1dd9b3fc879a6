// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package boltfile

import (
	"errors"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// ErrInUse is that another process, or this one, has the file open.
var ErrInUse = errors.New("the file is open elsewhere")

// Lock keeps others from opening the file until release is called. bbolt locks it: opened for reading,
// it checks the metadata pages alone and follows no page. A file whose metadata is damaged cannot be
// opened by others either.
func Lock(path string) (release func() error, err error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Nanosecond})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, ErrInUse
	}
	if err != nil {
		return func() error { return nil }, nil //nolint:nilerr // Read reports what is damaged
	}
	return db.Close, nil
}
