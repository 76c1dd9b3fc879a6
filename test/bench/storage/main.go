// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command storage compares wal_storage with file_storage and with the engine pebble, for
// the way in which the queues of exporters use a storage: a request is put, read and
// deleted. It prints a table.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

const (
	runs      = 5
	valueSize = 2000
	flips     = 100
)

func main() {
	if len(os.Args) > 1 {
		child(os.Args[1:])
		return
	}
	ctx := context.Background()
	fmt.Println("| | " + strings.Join(engineNames, " | ") + " |")
	fmt.Println("| --- |" + strings.Repeat(" --- |", len(engineNames)))
	for _, clients := range []int{1, 3} {
		measured := map[string][]queueResult{}
		for range runs {
			for _, engine := range engineNames { // interleaved
				var r queueResult
				runChild(ctx, &r, "queue", engine, strconv.Itoa(clients))
				measured[engine] = append(measured[engine], r)
			}
		}
		row(queues(clients)+": requests a second", func(e string) string {
			return fmt.Sprintf("%.0f", median(measured[e], func(r queueResult) float64 { return r.Rate }))
		})
		row(queues(clients)+": CPU a request", func(e string) string {
			return fmt.Sprintf("%.0f µs", median(measured[e], func(r queueResult) float64 { return r.CPU }))
		})
		row(queues(clients)+": syncs a request", func(e string) string { return syncs(ctx, e, clients) })
		row(queues(clients)+": size of the files then", func(e string) string {
			return fmt.Sprintf("%.1f MiB", median(measured[e], func(r queueResult) float64 { return r.Size }))
		})
	}
	row("10,000 requests queued, killed: time to open", func(e string) string { return reopen(ctx, e) })
	outcomes := map[string]map[string]int{}
	most := map[string]int{}
	for _, e := range engineNames {
		outcomes[e], most[e] = flip(ctx, e)
	}
	for _, outcome := range []string{nothingLost, oneLost, severalLost, otherValue, doesNotOpen} {
		row(fmt.Sprintf("%d flipped bits: %s", flips, outcome), func(e string) string { return strconv.Itoa(outcomes[e][outcome]) })
	}
	row("most values lost by a flip, of 902", func(e string) string { return strconv.Itoa(most[e]) })
}

func queues(n int) string {
	if n == 1 {
		return "1 queue"
	}
	return fmt.Sprintf("%d queues", n)
}

func row(name string, of func(engine string) string) {
	fmt.Print("| " + name + " |")
	for _, e := range engineNames {
		fmt.Print(" " + of(e) + " |")
	}
	fmt.Println()
}

func median(results []queueResult, of func(queueResult) float64) float64 {
	var all []float64
	for _, r := range results {
		all = append(all, of(r))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// runChild runs this program again, and reads what it prints.
func runChild(ctx context.Context, result any, args ...string) bool {
	command := exec.CommandContext(ctx, os.Args[0], args...)
	output, err := command.Output()
	return err == nil && json.Unmarshal(output, result) == nil
}

type queueResult struct{ Rate, CPU, Size float64 }

func child(args []string) {
	ctx := context.Background()
	switch args[0] {
	case "queue":
		clients, err := strconv.Atoi(args[2])
		check(err)
		printJSON(measureQueue(ctx, args[1], clients))
	case "fill":
		fill(ctx, args[1], args[2])
	case "open":
		began := time.Now()
		e := open(ctx, args[1], args[2])
		o := storage.GetOperation("9999")
		check(e.client(ctx, "q0").Batch(ctx, o))
		if len(o.Value) != valueSize {
			log.Fatalf("the value has %d bytes", len(o.Value))
		}
		printJSON(time.Since(began).Seconds() * 1e3)
	case "state":
		e := open(ctx, args[1], args[2])
		printJSON(writeState(ctx, e))
		e.close(ctx)
	case "check":
		e := open(ctx, args[1], args[2])
		printJSON(readState(ctx, e))
		e.close(ctx)
	}
}

func remove(directory string) { check(os.RemoveAll(directory)) }

func printJSON(result any) { check(json.NewEncoder(os.Stdout).Encode(result)) }

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func temporary() string {
	directory, err := os.MkdirTemp("", "storage")
	check(err)
	return directory
}

func measureQueue(ctx context.Context, name string, clients int) queueResult {
	directory := temporary()
	defer remove(directory)
	e := open(ctx, name, directory)
	const requests = 300
	cpu, began := cpuTime(), time.Now()
	var all sync.WaitGroup
	for i := range clients {
		c := e.client(ctx, fmt.Sprint("q", i))
		all.Go(func() {
			for request := range requests {
				passRequest(ctx, c, request)
			}
		})
	}
	all.Wait()
	n := float64(clients * requests)
	result := queueResult{Rate: n / time.Since(began).Seconds(), CPU: float64((cpuTime() - cpu).Microseconds()) / n, Size: float64(size(directory)) / (1 << 20)}
	e.close(ctx)
	return result
}

// passRequest does what exporterhelper's queue does with a request.
func passRequest(ctx context.Context, c storage.Client, number int) {
	metadata, key := make([]byte, 40), strconv.Itoa(number)
	check(c.Batch(ctx, storage.SetOperation("qmv0", metadata), storage.SetOperation(key, value(number))))
	check(c.Batch(ctx, storage.SetOperation("qmv0", metadata), storage.GetOperation(key)))
	check(c.Batch(ctx, storage.SetOperation("qmv0", metadata), storage.DeleteOperation(key)))
}

func value(number int) []byte {
	r := rand.New(rand.NewPCG(uint64(number), 1))
	v := make([]byte, valueSize)
	for i := range v {
		v[i] = byte(r.Uint32())
	}
	return v
}

func cpuTime() time.Duration {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func size(directory string) (total int64) {
	check(filepath.WalkDir(directory, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	}))
	return total
}

var syncCalls = regexp.MustCompile(`(?m)^\s*[0-9.]+\s+[0-9.]+\s+[0-9]+\s+([0-9]+)\s+(?:[0-9]+\s+)?(?:fsync|fdatasync|sync_file_range)$`)

// syncs counts them with strace, if there is one.
func syncs(ctx context.Context, engine string, clients int) string {
	if _, err := exec.LookPath("strace"); err != nil {
		return "–"
	}
	command := exec.CommandContext(ctx, "strace", "-f", "-c", "-e", "trace=fsync,fdatasync,sync_file_range", os.Args[0], "queue", engine, strconv.Itoa(clients))
	output, err := command.CombinedOutput()
	if err != nil {
		return "–"
	}
	calls := 0
	for _, match := range syncCalls.FindAllStringSubmatch(string(output), -1) {
		n, err := strconv.Atoi(match[1])
		check(err)
		calls += n
	}
	return fmt.Sprintf("%.2f", float64(calls)/float64(300*clients))
}

func fill(ctx context.Context, name, directory string) {
	c := open(ctx, name, directory).client(ctx, "q0")
	for from := 0; from < 10000; from += 100 {
		operations := []*storage.Operation{storage.SetOperation("qmv0", make([]byte, 40))}
		for number := from; number < from+100; number++ {
			operations = append(operations, storage.SetOperation(strconv.Itoa(number), value(number)))
		}
		check(c.Batch(ctx, operations...))
	}
	check(syscall.Kill(os.Getpid(), syscall.SIGKILL))
}

func reopen(ctx context.Context, engine string) string {
	var all []float64
	for range runs {
		directory := temporary()
		var none, milliseconds float64
		runChild(ctx, &none, "fill", engine, directory)
		if !runChild(ctx, &milliseconds, "open", engine, directory) {
			return "does not open"
		}
		all = append(all, milliseconds)
		check(os.RemoveAll(directory))
	}
	slices.Sort(all)
	return fmt.Sprintf("%.0f ms", all[len(all)/2])
}
