// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// rulesView is the view of the rules.
type rulesView struct {
	shell
	NoSource bool
	Any      bool // there are rules, shown or not
	States   []option
	State    string // the chosen one
	Search   string
	Groups   []ruleGroupView
}

type ruleGroupView struct {
	dashboard.RuleGroup
	Last string // how long ago
	// Rules are those with data, and Folded those without.
	Rules, Folded []ruleView
}

type ruleView struct {
	dashboard.Rule
	Class       string // of its state
	Word        string
	ValueText   string
	ForText     string
	Labels      []string
	Annotations []string
	URL         string // of its page
}

// ruleStates are what rules are filtered by.
var ruleStates = []struct {
	name, label string
	has         func(*dashboard.Rule) bool
}{
	{"all", "All", func(*dashboard.Rule) bool { return true }},
	{"firing", "Firing", func(r *dashboard.Rule) bool { return r.State == "firing" }},
	{"pending", "Pending", func(r *dashboard.Rule) bool { return r.State == "pending" }},
	{"inactive", "Inactive", func(r *dashboard.Rule) bool { return r.State == "inactive" && !r.NoData }},
	{"failing", "Failing", func(r *dashboard.Rule) bool { return r.Health == "err" }},
	{"no_data", "No data", func(r *dashboard.Rule) bool { return r.NoData }},
	{"no_channel", "No channel", func(r *dashboard.Rule) bool { return r.NoChannel }},
}

func (b *dashboardServer) rulesPage(r *http.Request) (content, error) {
	p := newParams(r.URL.Query())
	var names []string
	for _, state := range ruleStates {
		names = append(names, state.name)
	}
	chosen, search := p.oneOf("state", names...), p.text("q")
	if err := p.err(); err != nil {
		return content{}, err
	}
	shown := b.alerts.all()
	view := rulesView{shell: b.newShell("Rules", "rules"), NoSource: len(shown) == 0, State: chosen, Search: search}
	counts := map[string]int{}
	for _, source := range shown {
		for _, group := range source.asked.RuleGroups() {
			view.Any = view.Any || len(group.Rules) > 0
			group.Rules = slices.DeleteFunc(slices.Clone(group.Rules), func(rule dashboard.Rule) bool { return !isFound(&rule, search) })
			for i := range group.Rules {
				for _, state := range ruleStates {
					if state.has(&group.Rules[i]) {
						counts[state.name]++
					}
				}
			}
			has := ruleStates[slices.Index(names, chosen)].has
			group.Rules = slices.DeleteFunc(group.Rules, func(rule dashboard.Rule) bool { return !has(&rule) })
			if len(group.Rules) > 0 {
				view.Groups = append(view.Groups, b.newRuleGroupView(&group, chosen == "all" && search == ""))
			}
		}
	}
	for _, state := range ruleStates {
		link := url.Values{}
		if state.name != "all" {
			link.Set("state", state.name)
		}
		if search != "" {
			link.Set("q", search)
		}
		address := "/rules"
		if len(link) > 0 {
			address += "?" + link.Encode()
		}
		view.States = append(view.States, option{state.label + " " + strconv.Itoa(counts[state.name]), address, state.name == chosen})
	}
	return content{template: "rules.html", data: view}, nil
}

// isFound reports whether a rule has each word of a search in its name, expression, labels
// or annotations, whatever their case.
func isFound(rule *dashboard.Rule, search string) bool {
	all := strings.ToLower(strings.Join(slices.Concat([]string{rule.Name, rule.Expr, rule.Kind}, pairs(rule.Labels, "="), pairs(rule.Annotations, ": ")), "\n"))
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(search)), func(word string) bool { return !strings.Contains(all, word) })
}

func (b *dashboardServer) newRuleGroupView(group *dashboard.RuleGroup, fold bool) ruleGroupView {
	view := ruleGroupView{RuleGroup: *group, Last: "not yet"}
	if !group.LastEvaluation.IsZero() {
		view.Last = text.Ago(b.now().Sub(group.LastEvaluation)) + " ago, in " + text.Seconds(group.Duration.Seconds())
	}
	for i := range group.Rules {
		rule := &group.Rules[i]
		shown := newRuleView(rule)
		shown.URL = rulePageOf(rule.ID)
		if fold && rule.NoData && !rule.NoChannel {
			view.Folded = append(view.Folded, shown)
		} else {
			view.Rules = append(view.Rules, shown)
		}
	}
	return view
}

func newRuleView(rule *dashboard.Rule) ruleView {
	shown := ruleView{Rule: *rule, Word: rule.State, Class: rule.State, ValueText: number(rule.Value)}
	switch {
	case rule.Health == "err":
		shown.Word, shown.Class = "failing", "firing"
	case rule.State == "":
		shown.Word, shown.Class = rule.Kind, "inactive"
	}
	if rule.For > 0 {
		shown.ForText = text.Ago(rule.For)
	}
	shown.Labels, shown.Annotations = pairs(rule.Labels, "="), pairs(rule.Annotations, ": ")
	return shown
}

func pairs(of map[string]string, between string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		list = append(list, name+between+of[name])
	}
	return list
}
