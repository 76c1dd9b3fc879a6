// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dimension

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	content := "\ufeffuser.id, team ,cost_center\n# people\nada, search ,4711\n\"bob, jr\",search,\n ada ,search,4711\n"
	table, err := ParseTable("users.csv", []byte(content), "cost_center")
	require.NoError(t, err)
	assert.Equal(t, 2, table.Len())
	for value, want := range map[string]string{"ada": "4711", " ada": "4711", "bob, jr": "", "ADA": "missing"} {
		mapped, ok := table.Lookup(value)
		if !ok {
			mapped = "missing"
		}
		assert.Equal(t, want, mapped, value)
	}
	table, err = ParseTable("users.csv", []byte(content), "team")
	require.NoError(t, err)
	mapped, _ := table.Lookup("ada")
	assert.Equal(t, "search", mapped)
}

func TestErrorsNameTheFileAndTheLine(t *testing.T) {
	for content, want := range map[string][]string{
		"":                              {"u.csv:1: is empty"},
		"user,team\nada,x\n":            {`u.csv:1: has no column "cost"`, "user, team"},
		"cost,team\nada,x\n":            {`u.csv:1: has no column "cost"`},
		"user,cost,cost\n":              {`u.csv:1: has the column "cost" twice`},
		"user,cost\nada\nbob,1,2\n":     {"u.csv:2: has 1 columns, the first line has 2", "u.csv:3: has 3 columns"},
		"user,cost\n,1\n":               {"u.csv:2: the first column is empty"},
		"user,cost\nada,1\n\nada,2\n":   {`u.csv:4: "ada" is on line 2 already`},
		"user,cost\nada,\xff\n":         {"u.csv:2: is not UTF-8"},
		"user,cost\na\"da,1\nbob,\n,\n": {"u.csv:2: bare", "u.csv:4: the first"},
		"user,cost\n\"ada,1\n":          {"u.csv:", "\""},
		"user,cost\nada," + strings.Repeat("x", 257): {"u.csv:2: cost has more than 256 bytes"},
	} {
		_, err := ParseTable("u.csv", []byte(content), "cost")
		for _, part := range want {
			require.ErrorContains(t, err, part, content)
		}
	}
	_, err := ParseTable("u.csv", []byte("user,cost\n"+strings.Repeat(",\n", 1000)), "cost")
	assert.Equal(t, maxErrors, strings.Count(err.Error(), "\n"))
	var long strings.Builder
	long.WriteString("user,cost\n")
	for i := range maxRows + 1 {
		fmt.Fprintf(&long, "%d,1\n", i)
	}
	_, err = ParseTable("u.csv", []byte(long.String()), "cost")
	require.ErrorContains(t, err, "u.csv:100002: there are more than 100000 rows")
}

func FuzzParseTable(f *testing.F) {
	f.Add([]byte("user,cost\nada,1\n"), "cost")
	f.Add([]byte("user,\"cost\nx\"\n#\nada,1\n"), "cost\nx")
	f.Fuzz(func(t *testing.T, content []byte, column string) {
		table, err := ParseTable("u.csv", content, column)
		if err != nil {
			assert.LessOrEqual(t, strings.Count(err.Error(), "u.csv:"), maxErrors+1+strings.Count(string(content)+column, "u.csv:")*maxErrors)
			return
		}
		assert.LessOrEqual(t, table.Len(), strings.Count(string(content), "\n")+strings.Count(string(content), "\r"))
	})
}

func TestHash(t *testing.T) {
	assert.Equal(t, "fdee430d40bd57de", Hash("ada")) // printf ada | sha256sum
}
