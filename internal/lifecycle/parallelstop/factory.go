// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package parallelstop

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/xconsumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/xexporter"
)

// aliased is what the Collector asks for the former name of a component.
type aliased interface {
	DeprecatedAlias() component.Type
	SetDeprecatedAlias(alias component.Type)
}

// factory makes exporters that stop with a group.
type factory struct {
	exporter.Factory
	aliased
	group *Group
}

// profilesFactory is a factory that makes exporters of profiles, too.
type profilesFactory struct {
	factory
	profiles xexporter.Factory
}

// Factories returns the factories with exporters that stop with the group.
func (g *Group) Factories(of map[component.Type]exporter.Factory) map[component.Type]exporter.Factory {
	wrapped := make(map[component.Type]exporter.Factory, len(of))
	for name, f := range of {
		wrapped[name] = g.factory(f)
	}
	return wrapped
}

// file is the type of contrib's file exporter. Those of several signals share the file, and
// stopping two of them at once can panic. They wait for no backend.
const file = "file"

func (g *Group) factory(of exporter.Factory) exporter.Factory {
	f := factory{Factory: of, group: g}
	f.aliased, _ = of.(aliased)
	if f.aliased == nil || of.Type().String() == file {
		return of // it stops in its turn; without aliases, it is made by a later version of the Collector
	}
	if p, ok := of.(xexporter.Factory); ok {
		return profilesFactory{factory: f, profiles: p}
	}
	return f
}

// CreateTraces returns an exporter that stops with the group.
func (f factory) CreateTraces(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Traces, error) {
	inner, err := f.Factory.CreateTraces(ctx, set, config)
	if err != nil {
		return nil, err
	}
	return struct {
		consumer.Traces
		*member
	}{inner, f.group.member(set.ID, inner)}, nil
}

// CreateMetrics returns an exporter that stops with the group.
func (f factory) CreateMetrics(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Metrics, error) {
	inner, err := f.Factory.CreateMetrics(ctx, set, config)
	if err != nil {
		return nil, err
	}
	return struct {
		consumer.Metrics
		*member
	}{inner, f.group.member(set.ID, inner)}, nil
}

// CreateLogs returns an exporter that stops with the group.
func (f factory) CreateLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	inner, err := f.Factory.CreateLogs(ctx, set, config)
	if err != nil {
		return nil, err
	}
	return struct {
		consumer.Logs
		*member
	}{inner, f.group.member(set.ID, inner)}, nil
}

// CreateProfiles returns an exporter that stops with the group.
func (f profilesFactory) CreateProfiles(ctx context.Context, set exporter.Settings, config component.Config) (xexporter.Profiles, error) {
	inner, err := f.profiles.CreateProfiles(ctx, set, config)
	if err != nil {
		return nil, err
	}
	return struct {
		xconsumer.Profiles
		*member
	}{inner, f.group.member(set.ID, inner)}, nil
}

// ProfilesStability returns how stable the exporter of profiles is.
func (f profilesFactory) ProfilesStability() component.StabilityLevel {
	return f.profiles.ProfilesStability()
}
