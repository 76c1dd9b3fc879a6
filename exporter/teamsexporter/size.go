// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package teamsexporter

import (
	"bytes"
	"encoding/json"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// minText is how many runes are left of each text of a card at least.
const minText = 16

// encode keeps a message within [maxBody]: runes of some writing systems are several bytes, and so
// is what JSON escapes. It halves the longest texts until the message fits, and then leaves out
// elements from the end of the body, before the last, which is the footer, and at last the links.
func encode(p payload) ([]byte, error) {
	content := &p.Attachments[0].Content
	for limit := maxText; ; {
		body, err := marshal(p)
		if err != nil || len(body) <= maxBody {
			return body, err
		}
		switch last := len(content.Body) - 2; {
		case limit > minText:
			limit /= 2
			shorten(content.Body, limit)
		case last > 0:
			content.Body = append(content.Body[:last], content.Body[last+1:]...)
		default:
			content.Actions = nil
		}
	}
}

// marshal does not escape what has a meaning in HTML alone.
func marshal(p payload) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(p)
	return body.Bytes(), err
}

func shorten(elements []element, limit int) {
	for i := range elements {
		e := &elements[i]
		e.Text = notify.Truncate(e.Text, limit)
		shorten(e.Inlines, limit)
	}
}
