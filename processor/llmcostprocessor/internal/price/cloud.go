// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"slices"
	"strings"
)

// resource takes the resources of clouds apart, which name a region and a model.
func (s *spelled) resource(m *Match) {
	name := s.name
	if i := strings.Index(name, "arn:aws"); i == 0 || i > 0 && name[i-1] == '/' {
		s.arn(m, name[i:])
		return
	}
	if i := strings.Index(name, "locations/"); i == 0 || i > 0 && name[i-1] == '/' {
		s.region, _, _ = strings.Cut(name[i+len("locations/"):], "/")
	}
}

// arn reads arn:aws:bedrock:REGION:ACCOUNT:KIND/NAME. Only two kinds name the model;
// others are resources of the user's.
func (s *spelled) arn(m *Match, arn string) {
	parts := strings.SplitN(arn, ":", 6)
	if m.Seller == nobody {
		m.Seller, m.By = Bedrock, "ARN"
	}
	if len(parts) < 6 || parts[2] != "bedrock" || m.Seller != Bedrock {
		s.hidden = true
		return
	}
	if parts[3] != "" {
		s.region = parts[3]
	}
	kind, id, _ := strings.Cut(parts[5], "/")
	switch kind {
	case "foundation-model", "inference-profile":
		s.name = id
	case "provisioned-model", "provisioned-model-throughput":
		m.Provisioned = true
	default:
		s.hidden = true
	}
}

// isBedrock reports whether a name is of a form that only Bedrock has: a region or a
// maker before a dot.
func isBedrock(name string) bool {
	if strings.ContainsRune(name, '/') && !strings.HasPrefix(name, "arn:") {
		return false
	}
	if strings.HasPrefix(name, "arn:aws") {
		return true
	}
	return hasVendor(name)
}

// atBedrock finds a model of Bedrock. The price depends on where a call may run: in
// the region, in the regions of a profile, or anywhere.
func (s *spelled) atBedrock() (*Model, string) {
	name := s.name
	if head, tail, ok := strings.Cut(name, "/"); ok {
		if isRegion(head) {
			s.region, name = head, tail // us-gov-west-1/anthropic.claude-…, as litellm writes it
		} else if orgs[head] != "" && !strings.ContainsRune(tail, '/') {
			name = tail
		}
	}
	if m, found := s.inRegion(name); m != nil {
		return m, found
	}
	if m, found := s.bedrockName(name); m != nil {
		return m, found
	}
	profile, rest, ok := cutProfile(name)
	if ok {
		// A profile that has no entry of its own costs what its region does, or anywhere.
		for _, other := range [...]string{rest, globalProfile + rest} {
			if m, found := s.bedrockName(other); m != nil {
				if profile == strings.TrimSuffix(globalProfile, ".") {
					s.doubt = "" // in-region is the only price there is
				}
				return m, found
			}
		}
		return nil, ""
	}
	if hasVendor(name) {
		return nil, ""
	}
	// Instrumentations cut the profile and the maker off: nova-lite-v1:0.
	for _, vendor := range vendors {
		if m, found := s.inRegion(vendor + "." + name); m != nil {
			return m, found
		}
	}
	for _, prefix := range [...]string{globalProfile, ""} {
		for _, vendor := range vendors {
			if m, found := s.bedrockName(prefix + vendor + "." + name); m != nil {
				if s.pricedByProfile(vendor + "." + name) {
					s.doubt = DoubtRegion
				}
				return m, found
			}
		}
	}
	return s.exact(Bedrock, name)
}

// datedBedrock finds the newest of the names that have a date and a version behind one that
// has neither: gateways write anthropic.claude-sonnet-4-5 as Anthropic itself sells it.
func (s *spelled) datedBedrock(name string) (*Model, string) {
	dated, ok := s.table.datedBedrock()[name]
	if !ok {
		return nil, ""
	}
	return s.table.byProvider[qualify(Bedrock, dated)], dated
}

// datedBedrock has the newest dated name for each that has no date.
func (t *Table) datedBedrock() map[string]string {
	if known := t.dated.Load(); known != nil {
		return *known
	}
	dated := map[string]string{}
	for key := range t.byProvider {
		name, ok := strings.CutPrefix(key, qualify(Bedrock, ""))
		if !ok {
			continue
		}
		short, _ := cutAnyVersion(name)
		if plain, ok := cutDate(short); ok && name > dated[plain] {
			dated[plain] = name
		}
	}
	t.dated.Store(&dated)
	return dated
}

// globalProfile is before the names of models that may run in any region.
const globalProfile = "global."

// bedrockName finds a name with its maker, with or without its version.
func (s *spelled) bedrockName(name string) (*Model, string) {
	for spelling := range spellings(name) {
		if m := s.table.byProvider[qualify(Bedrock, spelling)]; m != nil {
			return m, spelling
		}
		for _, version := range [...]string{"-v1:0", "-v1", "-v2:0", ":0"} {
			if m := s.table.byProvider[qualify(Bedrock, spelling+version)]; m != nil {
				return m, spelling + version
			}
		}
	}
	return s.datedBedrock(name)
}

// inRegion finds the entry of the region that telemetry names.
func (s *spelled) inRegion(name string) (*Model, string) {
	if s.region == "" {
		return nil, ""
	}
	if _, _, profile := cutProfile(name); profile {
		return nil, "" // the profile names the region
	}
	if m, found := s.bedrockName(s.region + "/" + name); m != nil {
		return m, found
	}
	if strings.HasPrefix(s.region, "us-gov-") {
		return s.bedrockName("us-gov." + name)
	}
	return nil, ""
}

// pricedByProfile reports whether a model's regional and global prices differ.
func (s *spelled) pricedByProfile(name string) bool {
	anywhere, _ := s.bedrockName(globalProfile + name)
	regional, _ := s.bedrockName(name)
	return anywhere != nil && regional != nil && anywhere != regional
}

// vendors are the makers in names of Bedrock.
var vendors = []string{
	"anthropic", "amazon", "meta", "mistral", "cohere", "deepseek", "openai", "ai21", "qwen", "moonshot", "moonshotai",
	"minimax", "zai", "nvidia", "writer", "xai", "google", "stability", "twelvelabs", "luma",
}

// profiles are the regions of inference profiles.
var profiles = []string{"us", "eu", "apac", "jp", "au", "ca", "in", "sa", "us-gov", "global"}

// cutProfile cuts the region of an inference profile off a name of Bedrock.
func cutProfile(name string) (profile, rest string, ok bool) {
	for _, profile := range profiles {
		if rest, found := strings.CutPrefix(name, profile+"."); found {
			for _, vendor := range vendors {
				if strings.HasPrefix(rest, vendor+".") {
					return profile, rest, true
				}
			}
		}
	}
	return "", name, false
}

// hasVendor reports whether the maker of a model is before its name, and before that
// its region if it has one.
func hasVendor(name string) bool {
	_, name, _ = cutProfile(name)
	return slices.ContainsFunc(vendors, func(vendor string) bool { return strings.HasPrefix(name, vendor+".") })
}

// isRegion reports whether a text is the name of a region of AWS: eu-central-1.
func isRegion(text string) bool {
	i := strings.LastIndexByte(text, '-')
	return i > 3 && digits(text[i+1:]) && len(text) > i+1 && strings.Count(text, "-") >= 2 && !strings.ContainsAny(text, ".:@")
}

// uplift takes the price of the region that was asked for, where it has one, and
// returns it.
func (s *spelled) uplift(m *Match) string {
	region := s.region
	switch {
	case len(m.Model.uplifts) == 0 || region == "" || region == "global":
		return ""
	case m.Seller == Vertex:
		region = "regional"
	}
	factor, ok := m.Model.uplifts[region]
	if !ok {
		return ""
	}
	m.Model = m.Model.multiply(factor)
	return s.region
}
