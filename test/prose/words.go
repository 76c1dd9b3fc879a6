package prose

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Word is an entry of words.yaml.
type Word struct {
	Not    string   `yaml:"not"`
	Use    string   `yaml:"use"`
	Text   string   `yaml:"text"`
	Except string   `yaml:"except"`
	Names  []string `yaml:"names"`
	Funcs  []string `yaml:"funcs"`
	Bad    []string `yaml:"bad"`
	Good   []string `yaml:"good"`

	text, except *regexp.Regexp
}

// Words are the forbidden words.
type Words []*Word

// ReadWords reads a file like words.yaml.
func ReadWords(path string) (Words, error) {
	words := Words{}
	if err := readYAML(path, &words); err != nil {
		return nil, err
	}
	var errs []error
	for i, w := range words {
		var err error
		if w.text, err = phrase(w.Text); err != nil {
			errs = append(errs, fmt.Errorf("%s: entry %d: text: %w", path, i, err))
		}
		if w.except, err = phrase(w.Except); err != nil {
			errs = append(errs, fmt.Errorf("%s: entry %d: except: %w", path, i, err))
		}
	}
	return words, errors.Join(errs...)
}

// readYAML refuses keys that it does not know, so that a typing error is found.
func readYAML(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// phrase compiles an expression for whole words in any case, whose spaces match
// line breaks too. It is nil for an empty one.
func phrase(expression string) (*regexp.Regexp, error) {
	if expression == "" {
		return nil, nil
	}
	return regexp.Compile(`(?i)\b(?:` + strings.ReplaceAll(expression, " ", `\s+`) + `)\b`)
}

// Match is an occurrence of a forbidden word in a text.
type Match struct {
	Word       *Word
	Start, End int
}

// InText returns what is forbidden in a text, from front to back within a word.
func (ws Words) InText(text string) []Match {
	var matches []Match
	for _, w := range ws {
		if w.text == nil {
			continue
		}
		var allowed [][]int
		if w.except != nil {
			allowed = w.except.FindAllStringIndex(text, -1)
		}
		for _, at := range w.text.FindAllStringIndex(text, -1) {
			if !overlaps(allowed, at) {
				matches = append(matches, Match{w, at[0], at[1]})
			}
		}
	}
	return matches
}

// overlaps finds whether one of the ranges has a byte in common with another.
func overlaps(ranges [][]int, with []int) bool {
	for _, r := range ranges {
		if r[0] < with[1] && with[0] < r[1] {
			return true
		}
	}
	return false
}

// InName returns the entries that forbid an identifier.
func (ws Words) InName(name string, function bool) []*Word {
	parts := split(name)
	var found []*Word
	for _, w := range ws {
		if w.forbids(parts, function) {
			found = append(found, w)
		}
	}
	return found
}

func (w *Word) forbids(parts []string, function bool) bool {
	for _, part := range parts {
		if slices.Contains(w.Names, part) {
			return true
		}
	}
	return function && len(parts) > 0 && slices.Contains(w.Funcs, parts[0])
}

// split returns the words of an identifier or a file name, in lower case:
// HTTPAnswer_test has http, answer and test.
func split(name string) []string {
	var parts []string
	runes := []rune(name)
	start := 0
	flush := func(end int) {
		if end > start {
			parts = append(parts, strings.ToLower(string(runes[start:end])))
		}
		start = end
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			flush(i)
			start = i + 1
		case !unicode.IsUpper(r) || i == 0:
		case unicode.IsLower(runes[i-1]), i+1 < len(runes) && unicode.IsLower(runes[i+1]):
			flush(i)
		}
	}
	flush(len(runes))
	return parts
}
