// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package logfilesexporter

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/DeRuina/timberjack"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/exporter/logfilesexporter/internal/metadata"
)

// NewFactory makes the factory of the log files exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(metadata.Type, createDefaultConfig, exporter.WithLogs(createLogs, metadata.LogsStability))
}

func createLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	c := config.(*Config)
	f := &files{config: c, log: set.Logger, now: time.Now}
	return exporterhelper.NewLogs(ctx, set, config, f.write,
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{}),
		exporterhelper.WithStart(f.start), exporterhelper.WithShutdown(f.shutdown))
}

// files is the file that is written, and those that were rotated.
type files struct {
	config *Config
	log    *zap.Logger
	now    func() time.Time

	mu     sync.Mutex // guards all below
	active *timberjack.Logger
	oldest time.Time // when the first line of the active file was written; zero: it is empty

	cancel context.CancelFunc
	done   chan struct{}
}

func (f *files) start(ctx context.Context, _ component.Host) error {
	if err := f.open(); err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f.cancel, f.done = cancel, make(chan struct{})
	go f.removeUntil(running)
	return nil
}

func (f *files) open() error {
	// What cannot be written is reported at start, and not with the first record.
	if err := os.MkdirAll(filepath.Dir(f.config.Path), 0o750); err != nil {
		return err
	}
	probe, err := os.OpenFile(f.config.Path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640) //nolint:gosec // the group may read, as with the file exporter
	if err != nil {
		return err
	}
	info, err := probe.Stat()
	if err = errors.Join(err, probe.Close()); err != nil {
		return err
	}
	f.active = &timberjack.Logger{Filename: f.config.Path, MaxSize: f.config.MaxMegabytes, MaxBackups: f.config.MaxFiles}
	if info.Size() > 0 { // of a former run
		f.oldest = firstTime(f.config.Path, info.ModTime())
	}
	return nil
}

var recordTime = regexp.MustCompile(`"(?:timeUnixNano|observedTimeUnixNano)":"(\d+)"`)

// firstTime is the time of the first record of a file, and no later than the given.
func firstTime(path string, latest time.Time) time.Time {
	file, err := os.Open(path)
	if err != nil {
		return latest
	}
	defer func() { _ = file.Close() }()
	beginning := make([]byte, 1<<16)
	n, _ := io.ReadFull(file, beginning) // a shorter file is read whole
	if found := recordTime.FindSubmatch(beginning[:n]); found != nil {
		if nanos, err := strconv.ParseInt(string(found[1]), 10, 64); err == nil && nanos > 0 && nanos < latest.UnixNano() {
			return time.Unix(0, nanos)
		}
	}
	return latest
}

// removeUntil removes what is too old until the context is done, also while nothing is written.
func (f *files) removeUntil(ctx context.Context) {
	defer close(f.done)
	if f.config.MaxAge == 0 {
		return
	}
	ticker := time.NewTicker(min(max(f.config.MaxAge/24, 100*time.Millisecond), time.Hour))
	defer ticker.Stop()
	for {
		if err := f.remove(f.now()); err != nil {
			f.log.Warn("Cannot remove old log files", zap.String("path", f.config.Path), zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// write appends the records as one line.
func (f *files) write(_ context.Context, ld plog.Logs) error {
	line, err := (&plog.JSONMarshaler{}).MarshalLogs(ld)
	if err != nil {
		return consumererror.NewPermanent(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.oldest.IsZero() {
		f.oldest = f.now()
	}
	_, err = f.active.Write(append(line, '\n'))
	return err
}

// remove rotates the active file when its first line has a sixth of the maximal age, and removes
// the files whose last line has all of it. So a line is there for at most 1.25 of that age: a sixth
// in the active file, all of it after that, and a twelfth between three calls.
func (f *files) remove(now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	if !f.oldest.IsZero() && now.Sub(f.oldest) >= f.config.MaxAge/6 {
		if err := f.active.RotateWithReason("age"); err != nil {
			return err
		}
		f.oldest = time.Time{}
	}
	rotated, err := f.rotatedPaths()
	errs = append(errs, err)
	for _, path := range rotated {
		info, err := os.Stat(path)
		if err == nil && now.Sub(info.ModTime()) >= f.config.MaxAge {
			err = os.Remove(path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// stamp is what timberjack puts between the name and the extension: the time, and why it rotated.
var stamp = regexp.MustCompile(`^-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}(-\w+)?$`)

// rotatedPaths are the paths of the files that were rotated.
func (f *files) rotatedPaths() ([]string, error) {
	dir, name := filepath.Split(f.config.Path)
	extension := filepath.Ext(name)
	entries, err := os.ReadDir(filepath.Clean(dir + "."))
	var paths []string
	for _, entry := range entries {
		rest, isOurs := strings.CutPrefix(entry.Name(), strings.TrimSuffix(name, extension))
		if isOurs && strings.HasSuffix(rest, extension) && stamp.MatchString(strings.TrimSuffix(rest, extension)) {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths, err
}

func (f *files) shutdown(context.Context) error {
	if f.cancel == nil {
		return nil // it was not started
	}
	f.cancel()
	<-f.done
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.active.Close()
}
