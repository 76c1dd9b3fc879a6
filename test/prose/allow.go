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

// Judge returns what is wrong: findings that are not allowed, and allowances that
// are not needed.
func Judge(found []Finding, allowed []*Allowed) []string {
	var wrong []string
	for _, f := range found {
		if i := slices.IndexFunc(allowed, func(a *Allowed) bool { return a.covers(f) }); i >= 0 {
			allowed[i].used = true
		} else {
			wrong = append(wrong, f.String())
		}
	}
	for _, a := range allowed {
		if !a.used {
			wrong = append(wrong, fmt.Sprintf("allow.yaml: %s: nothing matches %q: remove it", a.File, a.Text))
		}
	}
	return wrong
}
