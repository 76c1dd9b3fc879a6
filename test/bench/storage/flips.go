// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// Outcomes of a flip.
const (
	nothingLost = "nothing lost"
	oneLost     = "one value lost"
	severalLost = "several values lost"
	otherValue  = "another value is read, and nothing reports it"
	doesNotOpen = "does not open, or the process ends"
)

// flip writes a state, and flips a bit of a copy of it, again and again.
func flip(ctx context.Context, engine string) (outcomes map[string]int, most int) {
	good, bad := temporary(), filepath.Join(temporary(), "state")
	defer remove(good)
	defer remove(filepath.Dir(bad))
	var want map[string]uint32
	if !runChild(ctx, &want, "state", engine, good) {
		panic("the state cannot be written")
	}
	random := rand.New(rand.NewPCG(7, 7))
	outcomes = map[string]int{}
	for range flips {
		check(os.RemoveAll(bad))
		check(os.CopyFS(bad, os.DirFS(good)))
		flipBit(bad, random)
		var found map[string]uint32
		if !runChild(ctx, &found, "check", engine, bad) {
			outcomes[doesNotOpen]++
			continue
		}
		lost, other := 0, 0
		for key, sum := range want {
			switch now, ok := found[key]; {
			case !ok:
				lost++
			case now != sum:
				other++
			}
		}
		most = max(most, lost)
		switch {
		case other > 0:
			outcomes[otherValue]++
		case lost > 1:
			outcomes[severalLost]++
		case lost == 1:
			outcomes[oneLost]++
		default:
			outcomes[nothingLost]++
		}
	}
	return outcomes, most
}

func flipBit(directory string, random *rand.Rand) {
	at := random.Int64N(size(directory))
	check(filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || at >= int64(len(content)) {
			at -= int64(len(content))
			return err
		}
		content[at] ^= 1 << random.IntN(8)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
		return filepath.SkipAll
	}))
}

// stateKeys are those of a ledger and a queue.
func stateKeys() (ledger, queue []string) {
	ledger = append(ledger, "totals", "hours")
	for i := range 400 {
		ledger = append(ledger, "hour/"+strconv.Itoa(i))
	}
	for i := range 300 {
		ledger = append(ledger, "journal/"+strconv.Itoa(i))
	}
	for i := 300; i < 500; i++ {
		queue = append(queue, strconv.Itoa(i))
	}
	return ledger, queue
}

// writeState writes the values, the ledger's several times, and returns their checksums.
func writeState(ctx context.Context, e engine) map[string]uint32 {
	want := map[string]uint32{}
	random := rand.New(rand.NewPCG(1, 2))
	ledger, queue := stateKeys()
	set := func(name string, c storage.Client, keys []string) {
		for len(keys) > 0 {
			n := min(20, len(keys))
			var operations []*storage.Operation
			for _, key := range keys[:n] {
				v := make([]byte, 100+random.IntN(5000))
				for i := range v {
					v[i] = byte(random.Uint32())
				}
				want[name+key] = crc32.ChecksumIEEE(v)
				operations = append(operations, storage.SetOperation(key, v))
			}
			check(c.Batch(ctx, operations...))
			keys = keys[n:]
		}
	}
	c := e.client(ctx, "ledger")
	for range 3 {
		set("ledger/", c, ledger)
	}
	c = e.client(ctx, "q0")
	for request := range 300 {
		passRequest(ctx, c, request)
	}
	set("q0/", c, queue)
	return want
}

// readState returns the checksums of the values that are read.
func readState(ctx context.Context, e engine) map[string]uint32 {
	found := map[string]uint32{}
	ledger, queue := stateKeys()
	for name, keys := range map[string][]string{"ledger": ledger, "q0": queue} {
		c := e.client(ctx, name)
		for _, key := range keys {
			o := storage.GetOperation(key)
			if err := c.Batch(ctx, o); err == nil && o.Value != nil {
				found[fmt.Sprint(name, "/", key)] = crc32.ChecksumIEEE(o.Value)
			}
		}
	}
	return found
}
