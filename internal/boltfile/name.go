// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package boltfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/component"
)

// maxFileName is that of the file systems that there are. A longer name is hashed.
const maxFileName = 255

// Name is the name of the file that file_storage has for a client of a component.
func Name(kind component.Kind, id component.ID, name string) string {
	parts := []string{"other", id.Type().String(), id.Name()}
	switch kind {
	case component.KindReceiver, component.KindProcessor, component.KindExporter, component.KindExtension, component.KindConnector:
		parts[0] = strings.ToLower(kind.String())
	}
	if name != "" {
		parts = append(parts, name)
	}
	var to strings.Builder
	for _, char := range strings.Join(parts, "_") {
		switch {
		case char >= 'a' && char <= 'z', char >= 'A' && char <= 'Z', char >= '0' && char <= '9', char == '.', char == '-', char == '_':
			to.WriteRune(char)
		default:
			fmt.Fprintf(&to, "~%04X", char)
		}
	}
	if to.Len() > maxFileName {
		sum := sha256.Sum256([]byte(to.String()))
		return hex.EncodeToString(sum[:])
	}
	return to.String()
}
