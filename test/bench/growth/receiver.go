// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// receiver stands in for a vendor: it accepts every message at once.
type receiver struct {
	url    string
	server *http.Server

	mu       sync.Mutex
	messages int
	critical time.Time // of the last message with a critical alert that fires
}

func newReceiver(ctx context.Context) (*receiver, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{url: "http://" + listener.Addr().String()}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()
	return r, nil
}

// ServeHTTP accepts a message.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.messages++
	if bytes.Contains(body, []byte("critical")) {
		r.critical = time.Now()
	}
	r.mu.Unlock()
	_, _ = io.WriteString(w, "ok")
}

func (r *receiver) totals() (messages int, critical time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.messages, r.critical
}

func (r *receiver) close() { _ = r.server.Close() }
