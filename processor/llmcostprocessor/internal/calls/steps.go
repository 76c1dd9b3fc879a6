// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"encoding/binary"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// Step is a span around calls: of an agent, a chain or a tool.
type Step struct {
	Trace        [16]byte
	Span, Parent [8]byte
	Name, Agent  string
	Session      string // unless a dimension has it
	Start, End   int64  // in nanoseconds since 1970
	Failed       bool
}

// AddSteps keeps steps: as many of the newest as of calls.
func (s *Store) AddSteps(steps []Step) {
	if s.limits.Newest == 0 || len(steps) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range steps {
		s.lastStep++
		s.putStep(s.lastStep, &steps[i])
		s.stepChunks[s.lastStep/chunkSize] = true
	}
}

func (s *Store) putStep(number uint64, step *Step) {
	at := s.steps.use(number, s.limits.Newest)
	s.dropStep(at)
	*at = numberedStep{number, *step}
	if _, known := s.sessions[step.Trace]; step.Session != "" && !known {
		s.sessions[step.Trace] = step.Session
	}
}

func (s *Store) dropStep(at *numberedStep) {
	if at.Session != "" {
		delete(s.sessions, at.Trace)
	}
	*at = numberedStep{}
}

// Session is that of the steps of a trace; "" where none has one.
func (s *Store) Session(trace [16]byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[trace]
}

// numberedStep is a step with its number; 0 is none.
type numberedStep struct {
	number uint64
	Step
}

// Steps are those of a trace.
func (s *Store) Steps(trace [16]byte) (found []Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := range s.steps.all {
		if at.number != 0 && at.Trace == trace {
			found = append(found, at.Step)
		}
	}
	return found
}

// forgetSteps drops the steps that ended before a time.
func (s *Store) forgetSteps(oldest int64) {
	for at := range s.steps.all {
		if at.number != 0 && at.End < oldest {
			s.stepChunks[at.number/chunkSize] = true
			s.dropStep(at)
		}
	}
}

// takeSteps returns the chunks that changed, and the numbers of all.
func (s *Store) takeSteps() (chunks map[uint64][]numberedStep, all []uint64) {
	chunks = map[uint64][]numberedStep{}
	for at := range s.steps.all {
		if at.number == 0 {
			continue
		}
		chunk := at.number / chunkSize
		all = append(all, chunk)
		if s.stepChunks[chunk] {
			chunks[chunk] = append(chunks[chunk], *at)
		}
	}
	clear(s.stepChunks)
	slices.Sort(all)
	return chunks, slices.Compact(all)
}

// Version 1 had no sessions.
const stepsVersion = 2

func appendSteps(steps []numberedStep) []byte {
	to := []byte{stepsVersion}
	to = binary.AppendUvarint(to, uint64(len(steps)))
	for i := range steps {
		step := &steps[i]
		to = binary.AppendUvarint(to, step.number)
		to = append(append(append(to, step.Trace[:]...), step.Span[:]...), step.Parent[:]...)
		to = ledger.AppendText(ledger.AppendText(to, ledger.Shorten(step.Name)), ledger.Shorten(step.Agent))
		to = binary.AppendUvarint(binary.AppendUvarint(to, uint64(step.Start)), uint64(step.End))
		failed := byte(0)
		if step.Failed {
			failed = 1
		}
		to = ledger.AppendText(append(to, failed), ledger.Shorten(step.Session))
	}
	return to
}

func parseSteps(content []byte) ([]numberedStep, error) {
	if len(content) == 0 || content[0] == 0 || content[0] > stepsVersion {
		return nil, errCalls
	}
	r := reader{rest: content[1:]}
	var steps []numberedStep
	r.length()
	for n := r.count; n > 0 && r.err == nil; n-- {
		var step numberedStep
		step.number = r.uvarint()
		r.bytes(step.Trace[:])
		r.bytes(step.Span[:])
		r.bytes(step.Parent[:])
		step.Name, step.Agent = r.text(), r.text()
		step.Start, step.End = int64(r.uvarint()), int64(r.uvarint())
		var failed [1]byte
		r.bytes(failed[:])
		step.Failed = failed[0] != 0
		if content[0] > 1 {
			step.Session = r.text()
		}
		if step.number == 0 && r.err == nil {
			r.fail()
		}
		steps = append(steps, step)
	}
	return steps, r.err
}

// LoadSteps adds steps that were written.
func (s *Store) LoadSteps(content []byte) error {
	content, err := decompress(content)
	if err != nil {
		return err
	}
	steps, err := parseSteps(content)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range steps {
		if number := steps[i].number; s.limits.Newest > 0 && number+uint64(s.limits.Newest) > s.lastStep {
			s.putStep(number, &steps[i].Step)
			s.lastStep = max(s.lastStep, number)
		}
	}
	return nil
}
