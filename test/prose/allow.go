package prose

import (
	"fmt"
	"slices"
	"strings"
)

// Allowed is a correct use of a word, an entry of allow.yaml.
type Allowed struct {
	File   string `yaml:"file"`
	Text   string `yaml:"text"`   // part of the line, or the identifier
	Reason string `yaml:"reason"` // why it is correct

	used bool
}

func (a *Allowed) covers(f Finding) bool {
	return a.File == f.File && strings.Contains(f.Text, a.Text)
}

// Unclean is a file or directory that is still to be converted, an entry of
// unclean.yaml.
type Unclean struct {
	Path string `yaml:"path"`
	Max  int    `yaml:"max"` // findings
}

func (u Unclean) covers(f Finding) bool {
	return f.File == u.Path || strings.HasPrefix(f.File, u.Path+"/")
}

// Judge returns what is wrong: findings that are not allowed, unclean paths that
// became worse or clean, and allowances that are not needed.
func Judge(found []Finding, allowed []*Allowed, unclean []Unclean) []string {
	var wrong []string
	counts := make([]int, len(unclean))
	for _, f := range found {
		i := slices.IndexFunc(allowed, func(a *Allowed) bool { return a.covers(f) })
		j := slices.IndexFunc(unclean, func(u Unclean) bool { return u.covers(f) })
		switch {
		case i >= 0:
			allowed[i].used = true
		case j >= 0:
			counts[j]++
		default:
			wrong = append(wrong, f.String())
		}
	}
	for i, u := range unclean {
		switch {
		case counts[i] == 0:
			wrong = append(wrong, fmt.Sprintf("unclean.yaml: %s is clean: remove it", u.Path))
		case counts[i] > u.Max:
			wrong = append(wrong, fmt.Sprintf("unclean.yaml: %s has %d findings, more than the %d that were left; list them with: go test ./test/prose -v -run List -dir %s",
				u.Path, counts[i], u.Max, u.Path))
		}
	}
	for _, a := range allowed {
		if !a.used {
			wrong = append(wrong, fmt.Sprintf("allow.yaml: %s: nothing matches %q: remove it", a.File, a.Text))
		}
	}
	return wrong
}
