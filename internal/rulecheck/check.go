// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package rulecheck

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/configfile"
)

// File is a rule file that has been checked.
type File struct {
	Name string
	// Problems are the reasons for which Prometheus would not load the file.
	Problems []*Problem
	// Duplicates are rules that write the same series as another of the file.
	// Prometheus loads them, and keeps the sample of one or the other.
	Duplicates []*Problem

	rules []rule // as far as they can be read
}

// rule is a rule with its place in the file.
type rule struct {
	rulefmt.Rule
	group       rulefmt.RuleGroup // without its rules
	index       int               // in the group, from 0
	node        *yaml.Node
	fields      map[string]field
	labels      labels.Labels // of the group and of the rule
	series      string        // the name of what it writes
	isRecording bool
}

// Rules is the number of rules in the file.
func (f *File) Rules() int { return len(f.rules) }

// MaxFileSize is the size in bytes of the largest rule file.
const MaxFileSize = 16 << 20

// ReadFile checks a file.
func ReadFile(path string) *File {
	content, err := configfile.ReadFile(path, MaxFileSize)
	if err != nil {
		if in, ok := errors.AsType[*fs.PathError](err); ok {
			err = in.Err // the path is before each problem
		}
		return &File{Name: path, Problems: []*Problem{{File: path, Err: err}}}
	}
	return Read(path, content)
}

// Read checks the content of a file of the given name.
func Read(name string, content []byte) *File {
	f := &File{Name: name}
	_, errs := rulefmt.Parse(content, false, model.UTF8Validation, promQL, slog.New(slog.DiscardHandler))
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		f.Problems = []*Problem{{File: name, Err: err}}
		return f
	}
	var found []*Problem
	if len(document.Content) > 0 {
		found = f.walk(document.Content[0])
	}
	switch {
	case len(errs) == 0:
		f.findDuplicates()
	case len(found) > 0:
		slices.SortStableFunc(found, func(a, b *Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		f.Problems = found
	default: // an error that only rulefmt detects
		for _, err := range errs {
			f.Problems = append(f.Problems, &Problem{File: name, Err: err})
		}
	}
	return f
}

// walk visits all groups and rules, and returns what is wrong with them.
func (f *File) walk(root *yaml.Node) []*Problem {
	var groups rulefmt.RuleGroups
	found, wrong := read(root, &groups)
	problems := f.problems(rulefmt.RuleGroup{}, wrong)
	lines := map[string]int{} // by the name of the group
	for _, node := range items(found["groups"]) {
		problems = append(problems, f.walkGroup(node, lines)...)
	}
	return problems
}

func (f *File) walkGroup(node *yaml.Node, lines map[string]int) []*Problem {
	var group rulefmt.RuleGroup
	found, wrong := read(node, &group)
	line, taken := lines[group.Name]
	switch {
	case group.Name == "":
		wrong = append(wrong, finding{node, errors.New("the name of the group must be set")})
	case taken:
		wrong = append(wrong, finding{found["name"].value, fmt.Errorf("the name of the group is repeated, line %d has it too", line)})
	default:
		lines[group.Name] = found["name"].value.Line
	}
	wrong = append(wrong, validateEach(rulefmt.Rule{Record: "any", Expr: "1"}, found["labels"], group.Labels, asLabels)...)
	problems := f.problems(group, wrong)
	for i, node := range items(found["rules"]) {
		problems = append(problems, f.walkRule(group, i, node)...)
	}
	return problems
}

func (f *File) walkRule(group rulefmt.RuleGroup, index int, node *yaml.Node) []*Problem {
	r := rule{group: group, index: index, node: node}
	var wrong []finding
	r.fields, wrong = read(node, &r.Rule)
	r.series, r.isRecording = r.Alert, r.Alert == ""
	if r.isRecording {
		r.series = r.Record
	}
	r.labels = rules.FromMaps(group.Labels, r.Labels)
	f.rules = append(f.rules, r)
	if follow(node).Kind == yaml.MappingNode {
		wrong = append(wrong, r.validate(wrong)...)
	}
	var problems []*Problem
	for _, w := range wrong {
		problems = append(problems, f.problem(&r, w))
	}
	return problems
}

// validate validates the rule with rulefmt: its labels and annotations one by one, so
// that each error has a position, and the rest of the rule at once. Fields that could
// not be read are not reported again.
func (r *rule) validate(unread []finding) []finding {
	rest := r.Rule
	rest.Labels, rest.Annotations = nil, nil
	if slices.ContainsFunc(unread, func(f finding) bool { return f.node == r.fields["expr"].value }) {
		rest.Expr = "1"
	}
	if len(r.Annotations) > 0 && r.isRecording {
		rest.Annotations = map[string]string{"any": ""} // a recording rule may have none
	}
	var positions rulefmt.RuleNode
	positions.Record.Line, positions.Record.Column = r.position("record")
	positions.Alert.Line, positions.Alert.Column = r.position("alert")
	positions.Expr.Line, positions.Expr.Column = r.position("expr")
	var wrong []finding
	for _, invalid := range rest.Validate(positions, model.UTF8Validation, promQL) {
		wrong = append(wrong, finding{r.at(invalid), invalid.Unwrap()})
	}
	named := rulefmt.Rule{Record: r.Record, Alert: r.Alert, Expr: "1"}
	if r.isRecording {
		named.Record = "any" // its own name has been validated
	} else {
		named.Record = ""
	}
	wrong = append(wrong, validateEach(named, r.fields["labels"], r.Labels, asLabels)...)
	if !r.isRecording {
		wrong = append(wrong, validateEach(named, r.fields["annotations"], r.Annotations, asAnnotations)...)
	}
	return wrong
}

// position is where a field's value begins, or the rule if it has no such field.
func (r *rule) position(name string) (line, column int) {
	if f, ok := r.fields[name]; ok {
		return f.value.Line, f.value.Column
	}
	return r.node.Line, r.node.Column
}

// at parses the position in the text of an error.
func (r *rule) at(invalid rulefmt.WrappedError) *yaml.Node {
	at := *r.node
	_, _ = fmt.Sscanf(invalid.Error(), "%d:%d:", &at.Line, &at.Column) // the rule's own position, if there is none
	return &at
}

func asLabels(r *rulefmt.Rule, set map[string]string)      { r.Labels = set }
func asAnnotations(r *rulefmt.Rule, set map[string]string) { r.Annotations = set }

// validateEach validates the entries of a mapping with rulefmt one by one, as labels
// or annotations of a rule that is otherwise valid.
func validateEach(r rulefmt.Rule, in field, set map[string]string, as func(*rulefmt.Rule, map[string]string)) []finding {
	var wrong []finding
	for _, name := range slices.Sorted(maps.Keys(set)) {
		as(&r, map[string]string{name: set[name]})
		for _, invalid := range r.Validate(rulefmt.RuleNode{}, model.UTF8Validation, promQL) {
			wrong = append(wrong, finding{keyOf(in, name), invalid.Unwrap()})
		}
	}
	return wrong
}

// findDuplicates looks for rules that write the same series: those of the same
// name and labels.
func (f *File) findDuplicates() {
	first := map[string]*rule{}
	for i := range f.rules {
		r := &f.rules[i]
		key := fmt.Sprint(r.isRecording, r.series, r.labels)
		if before, ok := first[key]; ok {
			f.Duplicates = append(f.Duplicates, f.problem(r, finding{r.node, fmt.Errorf(
				"writes the same series as rule %d of group %q in line %d: they have the same name and labels",
				before.index+1, before.group.Name, before.node.Line)}))
			continue
		}
		first[key] = r
	}
}

// problems are what is wrong with a group, or outside of all groups.
func (f *File) problems(group rulefmt.RuleGroup, wrong []finding) []*Problem {
	var out []*Problem
	for _, w := range wrong {
		out = append(out, &Problem{File: f.Name, Line: w.node.Line, Column: w.node.Column, Group: group.Name, Err: w.err})
	}
	return out
}

// problem is something wrong with a rule.
func (f *File) problem(r *rule, w finding) *Problem {
	return &Problem{
		File: f.Name, Line: w.node.Line, Column: w.node.Column,
		Group: r.group.Name, Rule: r.index + 1, Name: r.series, Err: w.err,
	}
}
