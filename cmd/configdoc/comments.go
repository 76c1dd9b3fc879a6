// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
)

// comments are those of the fields of our structs, by package, type and field.
type comments struct {
	root     string // of the repository
	packages map[string]map[string]map[string]string
}

// of returns the comments of the fields of a struct.
func (c *comments) of(t reflect.Type) (map[string]string, error) {
	if c.packages[t.PkgPath()] == nil {
		types, err := readComments(filepath.Join(c.root, strings.TrimPrefix(t.PkgPath(), module)))
		if err != nil {
			return nil, err
		}
		if c.packages == nil {
			c.packages = map[string]map[string]map[string]string{}
		}
		c.packages[t.PkgPath()] = types
	}
	return c.packages[t.PkgPath()][t.Name()], nil
}

// readComments reads the comments of the fields of all structs in a folder.
func readComments(folder string) (map[string]map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	types := map[string]map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				types[spec.Name.Name] = fieldComments(set, s)
			}
			return false
		})
	}
	return types, nil
}

// fieldComments are the comments of a struct's fields. A field that is on the
// line below another, without a comment of its own, shares that one's: "Username
// and Password are …".
func fieldComments(set *token.FileSet, s *ast.StructType) map[string]string {
	texts := map[string]string{}
	var text string
	var line int
	for _, field := range s.Fields.List {
		switch {
		case field.Doc != nil:
			text = field.Doc.Text()
		case set.Position(field.Pos()).Line != line+1:
			text = ""
		}
		line = set.Position(field.End()).Line
		for _, name := range field.Names {
			texts[name.Name] = text
		}
		if selector, ok := field.Type.(*ast.SelectorExpr); ok && len(field.Names) == 0 {
			texts[selector.Sel.Name] = text // embedded
		}
	}
	return texts
}
