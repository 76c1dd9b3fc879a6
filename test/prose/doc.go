// Package prose checks the words of the project: comments, string literals and
// declared names of Go code, documents, templates, configuration and scripts are
// searched for the words of words.yaml, and so that they stay out, `make lint`
// runs the test.
//
// A correct use that an entry matches is listed in allow.yaml, with the reason.
package prose
