// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package modelserver is a stand-in for the vendors of models: it responds to
// the APIs of OpenAI, Anthropic, Gemini, Bedrock, Ollama, Mistral and Cohere, and
// keeps a ledger of what each call truly used.
//
// Every count is derived from the number of the call, in a range of its own for
// each API and kind, so that a count that an instrumentation reports names the
// call and the kind that it comes from.
//
// Words in the last message decide what happens: FAIL400, FAIL429 and FAIL500
// fail every time, FLAKY fails once, and USE-TOOL asks for two tool calls
// before it ends.
package modelserver
