// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"errors"

	"go.opentelemetry.io/collector/component"
)

// Board is an extension that shows what processors know. Its methods and those
// of the sources may be called at any time from several goroutines. What they
// return takes a source away again; it may be called more than once.
type Board interface {
	ShowUsage(id component.ID, source Usage) (hide func())
	ShowAlerts(id component.ID, source Alerts) (hide func())
}

// ErrReadOnly is the answer to a change that the configuration does not allow.
var ErrReadOnly = errors.New("read-only: silences need writable of the dashboard extension and silences_from_dashboard of the alert processor")

// Boards are those among the extensions of a host.
func Boards(host component.Host) []Board {
	var boards []Board
	for _, extension := range host.GetExtensions() {
		if board, ok := extension.(Board); ok {
			boards = append(boards, board)
		}
	}
	return boards
}
