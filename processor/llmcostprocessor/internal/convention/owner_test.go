// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Each key of a user or session passes the shortcut by which others are left out.
func TestKeysOfOwners(t *testing.T) {
	for key, at := range owners {
		assert.True(t, mayBeOwner(key), key)
		a := OwnerOf(newSpan(t, attributes{key: "ada", "http.request.method": "GET"}).Attributes())
		want := Attribution{User: "ada"}
		if at.field == session {
			want = Attribution{Session: "ada"}
		}
		assert.Equal(t, want, a, key)
	}
	for _, key := range []string{"", "d", "id", "user", "http.request.method", "server.address", "order.id", "userid"} {
		assert.Equal(t, Attribution{}, OwnerOf(newSpan(t, attributes{key: "ada"}).Attributes()), key)
	}
}
