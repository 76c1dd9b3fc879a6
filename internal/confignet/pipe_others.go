// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package confignet

import (
	"context"
	"errors"
	"net"
	"time"
)

var errPipe = errors.New("transport npipe: named pipes exist on Windows only")

func validatePipe(string) error { return errPipe }

func dialPipe(context.Context, string, time.Duration) (net.Conn, error) { return nil, errPipe }

func listenPipe(string) (net.Listener, error) { return nil, errPipe }
