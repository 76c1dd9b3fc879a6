// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// read collects what Items yields: a line for each item.
func read(t *testing.T, body io.Reader, maxBytes int) (items []string, bodyErr error) {
	t.Helper()
	for item, err := range Items(body, maxBytes) {
		require.NoError(t, bodyErr, "nothing follows an error of the body")
		switch {
		case err != nil:
			bodyErr = err
		case item.Err != nil:
			items = append(items, strings.Join([]string{number(item.Line), item.Err.Error()}, " ! "))
		default:
			items = append(items, number(item.Line)+" "+string(item.Raw))
		}
	}
	return items, bodyErr
}

func number(n int) string { return fmt.Sprintf("%02d", n) }

func TestItems(t *testing.T) {
	const long = "longer than max_event_bytes (20)"
	for _, tt := range []struct {
		name string
		body string
		want []string
	}{
		{"empty", "", nil},
		{"white space", " \n\t\r\n", nil},
		{"one object", `{"a":1}`, []string{`01 {"a":1}`}},
		{"lines", "{\"a\":1}\n{\"b\":2}\n", []string{`01 {"a":1}`, `02 {"b":2}`}},
		{"lines of Windows, empty lines, no end", "\r\n{\"a\":1}\r\n\r\n  \n{\"b\":2}", []string{`02 {"a":1}`, `05 {"b":2}`}},
		{"a bad line between", "{\"a\":1}\nnonsense\n{\"b\":2}", []string{`01 {"a":1}`, `02 nonsense`, `03 {"b":2}`}},
		{"a first line that was cut off", "{\"a\":\"x\n{\"b\":2}\n", []string{`01 {"a":"x`, `02 {"b":2}`}},
		{"a later line that looks like the first of an object", "{}\n{\n{\"b\":2}\n", []string{`01 {}`, `02 {`, `03 {"b":2}`}},
		{"a line of the limit", "{\"a\":\"012345678901\"}\n{}", []string{`01 {"a":"012345678901"}`, `02 {}`}},
		{"a line beyond it", "{\"a\":\"0123456789012\"}\r\n{}", []string{`01 ! ` + long, `02 {}`}},
		{"a line far beyond it", strings.Repeat("x", 3*bufferSize) + "\n{}", []string{`01 ! ` + long, `02 {}`}},
		{"a long last line", "{}\n" + strings.Repeat("x", 3*bufferSize), []string{`01 {}`, `02 ! ` + long}},
		{"one object over lines", "{\n  \"a\": 1\n}\n", []string{"01 {\n  \"a\": 1\n}\n"}},
		{"a long object over lines", "{\n  \"a\": 1,\n  \"b\": 2\n}\n", []string{"01 ! " + long}},
		{"array", ` [ {"a":1} , {"b":2} ] `, []string{`01 {"a":1}`, `02 {"b":2}`}},
		{"empty array", `[]`, nil},
		{"array over lines", "[\n  {\n    \"a\": 1\n  },\n  3\n]\n", []string{"01 {\n    \"a\": 1\n  }", "02 3"}},
		{"a long element", `[{"a":"01234567890123456789"},{}]`, []string{`01 ! ` + long, `02 {}`}},
		{"array that was cut off in an element", `[{"a":1},{"b`, []string{`01 {"a":1}`, "02 ! the JSON text is not complete; the rest was not read"}},
		{"array that was cut off after an element", `[{"a":1}`, []string{`01 {"a":1}`, "02 ! the JSON text is not complete; the rest was not read"}},
		{"array that was cut off after a comma", `[{"a":1},`, []string{`01 {"a":1}`, "02 ! the JSON text is not complete; the rest was not read"}},
		{"array of nonsense", `[{"a":1},x,{}]`, []string{`01 {"a":1}`, "02 ! not JSON: invalid character 'x' at start of value; the rest was not read"}},
		{"array with the wrong end", `[{"a":1}}`, []string{`01 {"a":1}`, "02 ! not JSON: invalid character '}' after array element (expecting ',' or ']'); the rest was not read"}},
		{"text after an array", `[{"a":1}]{}`, []string{`01 {"a":1}`, "02 ! not JSON: text follows the end of the array; the rest was not read"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, reader := range map[string]io.Reader{
				"at once":     strings.NewReader(tt.body),
				"byte a time": iotest.OneByteReader(strings.NewReader(tt.body)),
			} {
				items, err := read(t, reader, 20)
				require.NoError(t, err, name)
				assert.Equal(t, tt.want, items, name)
			}
		})
	}
}

// TestItemsReportsABrokenBody: what a body that broke off held is not to count, as
// the sender will repeat it.
func TestItemsReportsABrokenBody(t *testing.T) {
	broken := errors.New("connection lost")
	for _, body := range []string{"", " ", "{}", "{}\n{", "{\n", "[", "[{}", "[{},", "[{}]", strings.Repeat("x", 100), "{\n" + strings.Repeat(" ", 100)} {
		_, err := read(t, io.MultiReader(strings.NewReader(body), iotest.ErrReader(broken)), 20)
		assert.ErrorIs(t, err, broken, body)
	}
}

func TestItemsStops(t *testing.T) {
	for _, body := range []string{"{}\n{}\n{}", "[{},{},{}]", "[x"} {
		n := 0
		for _, err := range Items(strings.NewReader(body), 20) {
			require.NoError(t, err)
			n++
			break
		}
		assert.Equal(t, 1, n)
	}
}
