package prose

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Finding is a forbidden word in a file.
type Finding struct {
	File string // relative to the root, with slashes
	Line int
	Text string // the line or lines, without indentation
	Word *Word
}

func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %q: not %q, but: %s", f.File, f.Line, f.Text, f.Word.Not, f.Word.Use)
}

// skipped are directories without texts of ours: what is generated, built or
// fetched, and what tests read or expect, which follows from what is searched.
var skipped = []string{".git", "bin", "build", "dist", "node_modules", "testdata", "metadata", "metadatatest", "prose"}

// history names what was, in the words of its time.
const history = "CHANGELOG.md"

// searched are the kinds of files with texts.
var searched = []string{
	".go", ".md", ".yaml", ".yml", ".html", ".tmpl", ".js", ".css", ".sh", ".py", ".java", ".svg", ".service", ".conf", ".env", ".patch", ".tpl",
}

// generated marks a file that is made of others.
var generated = regexp.MustCompile(`(?m)^(//|#|<!--|\[comment\]: # \() ?(Code g|G|g)enerated (by|from|with) `)

// Scan searches the files below a directory of a file system, and returns what it
// finds by file and line.
func Scan(root fs.FS, dir string, words Words) ([]Finding, error) {
	var found []Finding
	err := fs.WalkDir(root, dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skipped, entry.Name()):
			return fs.SkipDir
		case entry.IsDir(), name == history, !slices.Contains(searched, path.Ext(name)) && entry.Name() != "Makefile" && entry.Name() != "Dockerfile":
			return nil
		}
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		in, err := File(name, content, words)
		found = append(found, in...)
		return err
	})
	return found, err
}

// File searches one file.
func File(name string, content []byte, words Words) ([]Finding, error) {
	if generated.Match(content[:min(len(content), 1000)]) {
		return nil, nil
	}
	s := &scanner{name: name, lines: strings.Split(string(content), "\n"), words: words}
	s.identifier(strings.TrimSuffix(path.Base(name), path.Ext(name)), 1, false)
	if strings.HasSuffix(name, ".go") {
		if err := s.goFile(content); err != nil {
			return nil, err
		}
	} else {
		s.text(blank(string(content)), 1)
	}
	slices.SortStableFunc(s.found, func(a, b Finding) int { return a.Line - b.Line })
	return s.found, nil
}

type scanner struct {
	name  string
	lines []string
	words Words
	found []Finding
}

// text searches a text that begins on a line.
func (s *scanner) text(text string, line int) {
	for _, m := range s.words.InText(text) {
		first := line + strings.Count(text[:m.Start], "\n")
		s.add(m.Word, first, first+strings.Count(text[m.Start:m.End], "\n"))
	}
}

func (s *scanner) identifier(name string, line int, function bool) {
	for _, w := range s.words.InName(name, function) {
		s.found = append(s.found, Finding{s.name, line, name, w})
	}
}

func (s *scanner) add(w *Word, first, last int) {
	var text []string
	for _, line := range s.lines[first-1 : last] {
		text = append(text, strings.TrimSpace(line))
	}
	s.found = append(s.found, Finding{s.name, first, strings.Join(text, "\n"), w})
}

// goFile searches comments, string literals and the names that are declared:
// what others declare is not ours to name.
func (s *scanner) goFile(content []byte) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, s.name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	line := func(p token.Pos) int { return files.Position(p).Line }
	s.identifier(file.Name.Name, line(file.Name.Pos()), false)
	for _, group := range file.Comments {
		// The text as it is in the file, so that lines and offsets stay.
		start, end := files.Position(group.Pos()).Offset, files.Position(group.End()).Offset
		s.text(blank(string(content[start:min(end, len(content))])), line(group.Pos()))
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				s.literal(n, line(n.Pos()))
			}
		case *ast.FuncDecl:
			s.identifier(n.Name.Name, line(n.Name.Pos()), true)
		case *ast.TypeSpec:
			s.identifier(n.Name.Name, line(n.Name.Pos()), false)
		case *ast.ValueSpec:
			for _, name := range n.Names {
				s.identifier(name.Name, line(name.Pos()), false)
			}
		case *ast.Field:
			_, function := n.Type.(*ast.FuncType)
			for _, name := range n.Names {
				s.identifier(name.Name, line(name.Pos()), function)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				s.declared(n.Lhs, line)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				s.declared([]ast.Expr{n.Key, n.Value}, line)
			}
		}
		return true
	})
	return nil
}

func (s *scanner) declared(names []ast.Expr, line func(token.Pos) int) {
	for _, name := range names {
		if ident, ok := name.(*ast.Ident); ok {
			s.identifier(ident.Name, line(ident.Pos()), false)
		}
	}
}

// literal searches what a string literal means: "a\nb" has a line break.
func (s *scanner) literal(n *ast.BasicLit, line int) {
	if strings.HasPrefix(n.Value, "`") {
		s.text(blank(n.Value), line)
		return
	}
	value, err := strconv.Unquote(n.Value)
	if err != nil {
		return
	}
	for _, m := range s.words.InText(value) {
		s.add(m.Word, line, line)
	}
}

// marker begins a line of a comment or of a quotation.
var marker = regexp.MustCompile(`(?m)^[ \t]*(//|#|\*|>|<!--|;)+`)

// blank replaces comment markers by spaces, so that a phrase is found across
// lines and every byte stays where it is.
func blank(text string) string {
	return marker.ReplaceAllStringFunc(text, func(m string) string { return strings.Repeat(" ", len(m)) })
}
