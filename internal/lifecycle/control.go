// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-arc/otelcol-arc/internal/lifecycle/early"
	"github.com/otelcol-arc/otelcol-arc/internal/lifecycle/parallelstop"
	"github.com/otelcol-arc/otelcol-arc/internal/retrieval"
)

const (
	// StopTimeout is how long stopping may take. Docker kills after 10 s.
	StopTimeout = 9 * time.Second
	// validateTimeout is how long reading and validating a configuration may take.
	validateTimeout = 30 * time.Second
	// reportInterval is the least time between two reports of displaced connections.
	reportInterval = 10 * time.Second
)

// ready is what the Collector logs right before it asks for its signals.
const ready = "Everything is ready. Begin running and processing data."

// takeOver are the times, after that entry, at which SIGHUP is taken from the Collector.
// Where the level of the log hides the entry, they are after the start. They are few, since
// a signal is lost that arrives in the milliseconds of such a moment.
var takeOver = []time.Duration{50 * time.Millisecond, 500 * time.Millisecond, 10 * time.Second, 30 * time.Second, 2 * time.Minute}

// control handles the signals of the process.
type control struct {
	logger   atomic.Pointer[zap.Logger]
	validate func(context.Context) ([]byte, error)
	exit     func(code int)

	exporters *parallelstop.Group

	isReady atomic.Bool
	ready   chan struct{} // closed when the Collector has logged that it is ready
	mu      sync.Mutex    // guards reload
	reload  confmap.WatcherFunc
}

// Run runs the Collector with handling of its signals.
func Run(set otelcol.CollectorSettings, run func(otelcol.CollectorSettings) error) error {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		signal.Reset(syscall.SIGHUP)
		return run(set) // a command that ends by itself
	}
	c := &control{validate: validateSelf, exit: os.Exit, ready: make(chan struct{}), exporters: parallelstop.NewGroup()}
	components := set.Factories
	set.Factories = func() (otelcol.Factories, error) {
		factories, err := components()
		factories.Exporters = c.exporters.Factories(factories.Exporters)
		return factories, err
	}
	c.logger.Store(zap.NewNop())
	go c.handle(early.Signals, make(chan os.Signal, 1))
	set.LoggingOptions = append(set.LoggingOptions, zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		c.logger.Store(zap.New(core))
		return watchingCore{stepsCore{explainingCore{core}}, c.onReady}
	}))
	retrieval.Observe(&set.ConfigProviderSettings.ResolverSettings, c.onRetrieve)
	return run(set)
}

// onRetrieve is called before a part of the configuration is read.
func (c *control) onRetrieve(_ string, watcher confmap.WatcherFunc) {
	c.mu.Lock()
	c.reload = watcher
	c.mu.Unlock()
}

// onReady is called when the Collector has logged that it is ready. When it has been
// ready before, after a reload, it does not ask for its signals.
func (c *control) onReady() {
	if c.isReady.CompareAndSwap(false, true) {
		close(c.ready)
	}
}

// handle runs as long as the process.
func (c *control) handle(reloads, stops chan os.Signal) {
	becomesReady := c.ready
	began, next := time.Now(), 2 // it is not ready before
	timer := time.NewTimer(takeOver[next])
	crowded := time.NewTicker(reportInterval)
	defer crowded.Stop()
	var displaced int64
	for {
		select {
		case <-crowded.C:
			displaced = c.reportDisplaced(displaced)
		case <-becomesReady:
			becomesReady = nil
			began, next = time.Now(), 0
			timer.Reset(takeOver[next])
		case <-timer.C:
			// Ignore takes the signal from the Collector, without a moment in which it
			// would end the process.
			signal.Ignore(syscall.SIGHUP)
			signal.Notify(reloads, syscall.SIGHUP)
			signal.Notify(stops, syscall.SIGTERM, os.Interrupt)
			if next++; next < 2 || !c.isReady.Load() && next < len(takeOver) {
				timer.Reset(time.Until(began.Add(takeOver[next])))
			}
		case <-reloads:
			c.onSIGHUP()
		case <-stops:
			go c.onStop()
		}
	}
}

// reportDisplaced logs that connections were closed because others connected. It
// returns how many have been in all.
func (c *control) reportDisplaced(before int64) int64 {
	now := confignet.Displacements()
	if now > before {
		c.logger.Load().Warn("Too many connections, closed those that were idle longest; raise the limit of file descriptors, or find out who connects",
			zap.Int64("closed", now-before), zap.Int("limit", confignet.Limit()))
	}
	return now
}

// onSIGHUP has the configuration applied if it is right.
func (c *control) onSIGHUP() {
	logger := c.logger.Load()
	c.mu.Lock()
	reload := c.reload
	c.mu.Unlock()
	if reload == nil {
		return // nothing has been read yet
	}
	ctx, cancel := context.WithTimeout(context.Background(), validateTimeout)
	defer cancel()
	output, err := c.validate(ctx)
	if err != nil {
		logger.Error("The configuration is wrong; the previous one stays active", zap.Error(err), zap.String("output", strings.TrimSpace(string(output))))
		return
	}
	logger.Info("The configuration is valid and is applied")
	go reload(&confmap.ChangeEvent{}) // which waits while another change is applied
}

// onStop ends the process if stopping takes too long.
func (c *control) onStop() {
	time.Sleep(StopTimeout)
	c.logger.Load().Error("Stopping took too long, ending the process; queues on disk are sent after the next start, what was in memory is lost",
		zap.Duration("timeout", StopTimeout), zap.Stringers("exporters", c.exporters.Stopping()))
	_ = c.logger.Load().Sync()
	c.exit(1)
}

// validateSelf validates the configuration that the process was started with, in a
// process of its own: creating components is not to affect those that run.
func validateSelf(ctx context.Context) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, self, append([]string{"validate"}, os.Args[1:]...)...).CombinedOutput() //nolint:gosec // this program
}
