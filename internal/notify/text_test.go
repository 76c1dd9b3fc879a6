// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestTruncate(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"äöüß", 4, "äöüß"},
		{"äöüßé", 4, "äöü…"},
	} {
		assert.Equal(t, test.want, Truncate(test.text, test.limit), test.text)
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"plain\n\ttext":     "plain\n\ttext",
		"\x1b[31mred":       "�[31mred",
		"nul\x00":           "nul�",
		"bad \xff utf-8":    "bad � utf-8",
		"evil\u202egnp.exe": "evil�gnp.exe",
		"日本語, العربية and 👩‍💻": "日本語, العربية and 👩‍💻",
	} {
		assert.Equal(t, want, Clean(text))
	}
}

func FuzzText(f *testing.F) {
	f.Add("some text", 4)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 1 + limit&0xff
		got := Truncate(Clean(text), limit)
		assert.True(t, utf8.ValidString(got))
		assert.LessOrEqual(t, utf8.RuneCountInString(got), limit)
	})
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"https://grafana.example/d/arc?var-model=a|b c&x=%20#t": "https://grafana.example/d/arc?var-model=a%7Cb%20c&x=%20#t",
		"https://runbooks.example/<!here>|\"`é":                 "https://runbooks.example/%3C!here%3E%7C%22%60%C3%A9",
		"https://runbooks.example/a\nb":                         "",
		"HTTPS://Grafana.example/D":                             "https://Grafana.example/D",
		"javascript:alert(1)":                                   "",
		`https://"`:                                             "",
		"https://x.example/" + strings.Repeat("a", 1982):        "https://x.example/" + strings.Repeat("a", 1982),
		"https://x.example/" + strings.Repeat("a", 1983):        "",
		"https://x.example/" + strings.Repeat("é", 400):         "",
	} {
		assert.Equal(t, want, Address(text), text)
	}
}

func TestIsWebURL(t *testing.T) {
	for text, want := range map[string]bool{
		"https://runbooks.example/x":  true,
		"http://localhost:3000/d/arc": true,
		"javascript:alert(1)":         false,
		"/relative":                   false,
		"https://":                    false,
		"%zz":                         false,
		"":                            false,
	} {
		assert.Equal(t, want, IsWebURL(text), text)
	}
}
