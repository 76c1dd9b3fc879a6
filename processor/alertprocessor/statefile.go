// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/prometheus/prometheus/tsdb/fileutil"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

// stateName is the file, beside the samples, that keeps what people were told.
const stateName = "notices.json"

// stateFile keeps the state of the notices.
type stateFile struct{ path string }

func newStateFile(directory string) *stateFile {
	return &stateFile{path: filepath.Join(directory, stateName)}
}

// read returns what was written last. A file that cannot be read is put aside,
// and the error says so; a file that is not there is empty.
func (f *stateFile) read() (notification.State, error) {
	raw, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return notification.State{}, nil
	}
	if err != nil {
		return notification.State{}, err
	}
	state, err := notification.ReadState(raw)
	if err != nil {
		aside := f.path + ".bad"
		return notification.State{}, errors.Join(fmt.Errorf("%s cannot be read, and is put aside as %s: %w", f.path, aside, err), os.Rename(f.path, aside))
	}
	return state, nil
}

// write replaces the file, so that there always is a whole one.
func (f *stateFile) write(state notification.State) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(f.path), stateName+".tmp-*")
	if err != nil {
		return err
	}
	_, err = file.Write(raw)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = fileutil.Rename(file.Name(), f.path) // which is on the disk, too, when it returns
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
