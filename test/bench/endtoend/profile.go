// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// profiledFor makes profiles of some hundred samples, of which there is one in 10 ms of CPU time.
const profiledFor = 15 * time.Second

// profiles writes a CPU profile of each system under each load, or of those that are named, as
// ours-spans-100.
func (b *bench) profiles(ctx context.Context, folder string, only []string) error {
	measured = profiledFor
	systems := map[string]system{"bare": bare, "ours": ours, "contrib": contrib}
	if peers, err := b.upstreamPeers(); err == nil {
		systems["upstream"], systems["same"] = peers[0], peers[1]
	}
	for of, s := range systems {
		for name, t := range map[string]demand{
			"spans-10":  {spanSenders, 10, spanBatches},
			"spans-100": {spanSenders, 100, spanBatches},
			"events-10": {eventSenders, 10, eventBatches},
		} {
			file := of + "-" + name
			if len(only) > 0 && !slices.Contains(only, file) {
				continue
			}
			// The handler of profiles costs nothing until it is asked.
			answering := system{name: s.name, derive: func(c settings) settings { return profiled(s.derive(c)) }, binary: s.binary}
			written := make(chan error, 1)
			go func() { written <- profile(ctx, filepath.Join(folder, file+".prof")) }()
			if _, err := b.load(ctx, answering, t); err != nil {
				return err
			}
			if err := <-written; err != nil {
				return err
			}
		}
	}
	return nil
}

// profile asks for a profile of the time that is measured, as soon as the
// process has started.
func profile(ctx context.Context, path string) error {
	for !ready(ctx) {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(warmUp)
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%.0f", at(portProfiles), measured.Seconds())
	content, err := get(ctx, url)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o600)
}
