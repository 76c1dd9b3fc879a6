// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package confignet

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"time"

	"github.com/Microsoft/go-winio"
)

// pipePath is \\SERVER\pipe\NAME, see https://learn.microsoft.com/windows/win32/ipc/pipe-names
var pipePath = regexp.MustCompile(`(?i)^\\\\[^\\]+\\pipe\\[^\\]+$`)

func validatePipe(path string) error {
	if len(path) > 256 || !pipePath.MatchString(path) {
		return fmt.Errorf(`endpoint: a named pipe is \\SERVER\pipe\NAME, of 256 characters at most, not %q`, path)
	}
	return nil
}

func dialPipe(ctx context.Context, path string, timeout time.Duration) (net.Conn, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	return winio.DialPipeContext(ctx, path)
}

func listenPipe(path string) (net.Listener, error) { return winio.ListenPipe(path, nil) }
