// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/basicauthextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/bearertokenauthextension"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpsprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/otelcol-arc/otelcol-arc/internal/notifiers"
	"github.com/otelcol-arc/otelcol-arc/provider/configfileprovider"
)

// notifierConfig has the notifiers of a configuration, and the authenticators that they
// can use.
type notifierConfig struct {
	channels []channel
	alerts   []alertProcessor // of the same pipelines
	host     host
	auth     map[component.ID]*confmap.Conf
}

// layout is the part of a configuration that lists the components in use.
type layout struct {
	Service struct {
		Extensions []component.ID `mapstructure:"extensions"`
		Pipelines  map[pipeline.ID]struct {
			Processors []component.ID `mapstructure:"processors"`
			Exporters  []component.ID `mapstructure:"exporters"`
		} `mapstructure:"pipelines"`
	} `mapstructure:"service"`
}

// authenticators are the extensions that a channel's HTTP client can name.
func authenticators() map[component.Type]extension.Factory {
	all := map[component.Type]extension.Factory{}
	for _, f := range []extension.Factory{basicauthextension.NewFactory(), bearertokenauthextension.NewFactory()} {
		all[f.Type()] = f
	}
	return all
}

// resolve reads a configuration as the collector does.
func resolve(ctx context.Context, uris []string) (*confmap.Conf, error) {
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: uris,
		ProviderFactories: []confmap.ProviderFactory{
			envprovider.NewFactory(), configfileprovider.NewFactory(), yamlprovider.NewFactory(),
			httpprovider.NewFactory(), httpsprovider.NewFactory(),
		},
		DefaultScheme: "env",
	})
	if err != nil {
		return nil, err
	}
	conf, err := resolver.Resolve(ctx)
	return conf, errors.Join(err, resolver.Shutdown(ctx))
}

func loadNotifiers(ctx context.Context, uris []string) (*notifierConfig, error) {
	conf, err := resolve(ctx, uris)
	if err != nil {
		return nil, err
	}
	var l layout
	if err := conf.Unmarshal(&l, confmap.WithIgnoreUnused()); err != nil {
		return nil, err
	}
	s := &notifierConfig{host: host{}, auth: map[component.ID]*confmap.Conf{}}
	for _, id := range l.Service.Extensions {
		if _, ok := authenticators()[id.Type()]; ok {
			if s.auth[id], err = section(conf, "extensions", id); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range l.usedNotifiers() {
		settings, err := section(conf, "exporters", id)
		if err != nil {
			return nil, err
		}
		s.channels = append(s.channels, channel{name: id.String(), id: id, settings: settings})
	}
	for _, id := range l.alertProcessors() {
		settings, err := section(conf, "processors", id)
		if err != nil {
			return nil, err
		}
		processor, err := readAlertProcessor(id, settings)
		if err != nil {
			return nil, err
		}
		s.alerts = append(s.alerts, processor)
	}
	return s, nil
}

// section is the configuration of one component. It is not read through a map, in
// which a password of digits would be a number.
func section(conf *confmap.Conf, kind string, id component.ID) (*confmap.Conf, error) {
	key := kind + confmap.KeyDelimiter + id.String()
	if !conf.IsSet(key) {
		return nil, fmt.Errorf("service names %q, which %s does not have", id, kind)
	}
	return conf.Sub(key)
}

// usedNotifiers are the notifiers in logs pipelines, sorted.
func (l layout) usedNotifiers() []component.ID {
	known := notifiers.Factories()
	set := map[component.ID]struct{}{}
	for name, p := range l.Service.Pipelines {
		for _, id := range p.Exporters {
			if _, ok := known[id.Type()]; ok && name.Signal() == pipeline.SignalLogs {
				set[id] = struct{}{}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b component.ID) int {
		return slices.Compare([]string{a.Type().String(), a.Name()}, []string{b.Type().String(), b.Name()})
	})
}

// alertProcessors are those that logs pipelines name, in order.
func (l layout) alertProcessors() []component.ID {
	set := map[component.ID]struct{}{}
	for name, p := range l.Service.Pipelines {
		for _, id := range p.Processors {
			if id.Type() == alertType && name.Signal() == pipeline.SignalLogs {
				set[id] = struct{}{}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b component.ID) int { return strings.Compare(a.String(), b.String()) })
}

var alertType = component.MustNewType("alert")

// host is a component.Host with the authenticators.
type host map[component.ID]component.Component

// GetExtensions returns the authenticators.
func (h host) GetExtensions() map[component.ID]component.Component { return h }

// start starts the authenticators.
func (s *notifierConfig) start(ctx context.Context) error {
	for id, settings := range s.auth {
		factory := authenticators()[id.Type()]
		cfg := factory.CreateDefaultConfig()
		if err := settings.Unmarshal(cfg); err != nil {
			return fmt.Errorf("extensions::%s: %w", id, err)
		}
		if err := confmap.Validate(cfg); err != nil {
			return fmt.Errorf("extensions::%s: %w", id, err)
		}
		e, err := factory.Create(ctx, extensiontest.NewNopSettings(id.Type()), cfg)
		if err != nil {
			return fmt.Errorf("extensions::%s: %w", id, err)
		}
		if err := e.Start(ctx, s.host); err != nil {
			return fmt.Errorf("extensions::%s: %w", id, err)
		}
		s.host[id] = e
	}
	return nil
}

func (s *notifierConfig) shutdown(ctx context.Context) {
	for _, e := range s.host {
		_ = e.Shutdown(ctx) // the process ends
	}
}
