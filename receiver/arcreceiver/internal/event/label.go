// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

// label is a name and what it means.
type label struct {
	name   string
	quoted string // as it mostly is written, with a colon; "" if something in it is escaped
	key    key
	next   uint8 // the place of the label that followed it last
}

func newLabel(name []byte) *label {
	quoted := `"` + string(name) + `":`
	l := &label{name: quoted[len(`"`) : len(quoted)-len(`":`)], key: keyOf(name)}
	if plainEnd(name, 0) == len(name) {
		l.quoted = quoted
	}
	return l
}

// labels remembers the names that came lately, so that one that comes again takes
// no memory, and which followed each other. Each has one place.
type labels [keyPlaces]*label

// maxLabel is the length, in bytes, up to which a name is remembered.
const maxLabel = 64

// of returns the label of a name, which follows that before, nil where it is the first.
func (l *labels) of(name []byte, before *label) *label {
	if len(name) == 0 || len(name) > maxLabel {
		return newLabel(name)
	}
	place := keyPlace(name)
	if l[place] == nil || l[place].name != string(name) {
		l[place] = newLabel(name)
	}
	if before != nil {
		before.next = uint8(place)
	}
	return l[place]
}

// after returns the label that followed one last, nil if none is known.
func (l *labels) after(before *label) *label { return l[before.next] }
