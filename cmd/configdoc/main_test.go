// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
)

const root = "../.."

// The document is what the structs and factories have now.
func TestReferenceIsCurrent(t *testing.T) {
	var want bytes.Buffer
	require.NoError(t, write(&want, root))
	have, err := os.ReadFile(filepath.Join(root, "docs", "configuration.md"))
	require.NoError(t, err)
	assert.Equal(t, want.String(), string(have), "run make generate")
}

// Every component of ours that has settings of its own is in the document.
func TestAllComponents(t *testing.T) {
	var want, have []string
	for _, kind := range []string{"receiver", "processor", "exporter", "connector", "extension"} {
		files, err := filepath.Glob(filepath.Join(root, kind, "*", "config.go"))
		require.NoError(t, err)
		for _, file := range files {
			folder, err := filepath.Rel(root, filepath.Dir(file))
			require.NoError(t, err)
			want = append(want, folder)
		}
	}
	for _, c := range components {
		have = append(have, c.folder)
	}
	assert.ElementsMatch(t, want, have)
}

// sample has a field of each sort.
type sample struct {
	// Name is <whose>, one | other. Default: "".
	Name string `mapstructure:"name"`
	// User and Password are
	// shown once.
	User     string              `mapstructure:"user"`
	Password configopaque.String `mapstructure:"password"`

	// Wait is a time.
	Wait *time.Duration `mapstructure:"wait"`

	// Entries are many.
	Entries []entry `mapstructure:"entries"`

	// One is an entry.
	One entry `mapstructure:"one"`

	// Client is of others.
	Client configoptional.Optional[confighttp.ClientConfig] `mapstructure:"client"`

	// Server is of others.
	Server confighttp.ServerConfig `mapstructure:",squash"`

	_ struct{}
}

type entry struct {
	// Size is a number.
	Size int `mapstructure:"size"`
}

func TestKeys(t *testing.T) {
	wait := 90 * time.Minute
	texts := comments{packages: map[string]map[string]map[string]string{}}
	types, err := readComments(".")
	require.NoError(t, err)
	require.NotContains(t, types, "sample", "tests are no documentation")
	texts.packages[module+"/cmd/configdoc"] = map[string]map[string]string{
		"sample": {
			"Name": "Name is <whose>, one | other.\nDefault: none.", "User": "shared", "Password": "shared", "Wait": "w",
			"Entries": "many", "One": "an entry", "Client": "c", "Server": "s",
		},
		"entry": {"Size": "a number"},
	}
	keys, err := structKeys("", reflect.ValueOf(sample{Name: "x", Wait: &wait, One: entry{Size: 3}}), true, &texts)
	require.NoError(t, err)
	assert.Equal(t, []key{
		{"`name`", "string", "`x`", `Name is &lt;whose>, one \| other. Default: none.`},
		{"`user`", "string", "–", "shared"},
		{"`password`", "secret", "–", "shared"},
		{"`wait`", "duration", "`1h30m`", "w"},
		{"`entries`", "list of map", "–", "many"},
		{"`entries[]::size`", "integer", "–", "a number"},
		{"`one`", "map", "–", "an entry"},
		{"`one::size`", "integer", "`3`", "a number"},
		{"`client`", "[confighttp.ClientConfig](https://pkg.go.dev/go.opentelemetry.io/collector/config/confighttp#ClientConfig)", "–", "c"},
		{"…", "[confighttp.ServerConfig](https://pkg.go.dev/go.opentelemetry.io/collector/config/confighttp#ServerConfig)", "", "s"},
	}, keys)

	delete(texts.packages[module+"/cmd/configdoc"]["entry"], "Size")
	_, err = structKeys("", reflect.ValueOf(sample{}), true, &texts)
	assert.EqualError(t, err, "main.entry.Size has no comment")
}

// Neighbors share a comment; one behind an empty line does not.
func TestFieldComments(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a.go"), []byte("package a\n\ntype T struct {\n\t// A and B.\n\tA int\n\tB int\n\n\tC int\n}\n"), 0o600))
	types, err := readComments(folder)
	require.NoError(t, err)
	assert.Equal(t, map[string]map[string]string{"T": {"A": "A and B.\n", "B": "A and B.\n", "C": ""}}, types)
}
