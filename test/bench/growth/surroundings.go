// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension"
	"github.com/otelcol-arc/otelcol-arc/extension/walstorageextension"
	"github.com/otelcol-arc/otelcol-arc/internal/extensionhost"
)

// surroundings are the extensions that a component has in the binary: wal_storage and the dashboard.
type surroundings struct {
	host    component.Host // has both
	address string         // of the dashboard
	started []extension.Extension
}

// startSurroundings starts them, with the storage in a directory.
func startSurroundings(ctx context.Context, directory string) (s surroundings, err error) {
	s.host = componenttest.NewNopHost()
	storage, err := s.start(ctx, walstorageextension.NewFactory(), settings{"directory": directory})
	if err != nil {
		return s, err
	}
	if s.address, err = freeAddress(ctx); err != nil {
		return s, err
	}
	page, err := s.start(ctx, dashboardextension.NewFactory(), settings{"endpoint": s.address})
	if err != nil {
		return s, err
	}
	s.host = extensionhost.With(s.host, map[component.ID]component.Component{component.MustNewID("wal_storage"): storage, component.MustNewID("dashboard"): page})
	return s, nil
}

func (s *surroundings) start(ctx context.Context, factory extension.Factory, config settings) (extension.Extension, error) {
	cfg := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(config).Unmarshal(cfg); err != nil {
		return nil, err
	}
	created, err := factory.Create(ctx, extensiontest.NewNopSettings(factory.Type()), cfg)
	if err != nil {
		return nil, err
	}
	s.started = append(s.started, created)
	return created, created.Start(ctx, s.host)
}

// stop stops the dashboard, and then the storage.
func (s *surroundings) stop(ctx context.Context) error {
	var errs []error
	for len(s.started) > 0 {
		last := len(s.started) - 1
		errs = append(errs, s.started[last].Shutdown(ctx))
		s.started = s.started[:last]
	}
	return errors.Join(errs...)
}

// get reads a response of the dashboard to its end, and returns its size.
func (s *surroundings) get(ctx context.Context, path string) (size int64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
		return 0, fmt.Errorf("%s: %s: %s", path, response.Status, text)
	}
	return io.Copy(io.Discard, response.Body)
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
