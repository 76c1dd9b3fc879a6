// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// module is ours: what is configured by its types is shown in full, what is
// configured by those of others by a link.
const module = "github.com/otelcol-arc/otelcol-arc"

// key is a row of the document, in Markdown.
type key struct {
	name, kind, standard, what string
}

// keysOf lists the keys of a configuration, those of structs within included.
func keysOf(cfg any, comments *comments) ([]key, error) {
	return structKeys("", reflect.Indirect(reflect.ValueOf(cfg)), true, comments)
}

// structKeys lists the keys of a struct. Defaults are known where the factory
// made the value, not in the entries of lists, which users make.
func structKeys(prefix string, value reflect.Value, made bool, comments *comments) ([]key, error) {
	var keys []key
	texts, err := comments.of(value.Type())
	if err != nil {
		return nil, err
	}
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		text := texts[field.Name]
		if text == "" {
			return nil, fmt.Errorf("%s.%s has no comment", value.Type(), field.Name)
		}
		if strings.Contains(options, "squash") {
			if !isOurs(field.Type) {
				keys = append(keys, key{"…", link(field.Type), "", cell(text)})
				continue
			}
			within, err := structKeys(prefix, value.Field(i), made, comments)
			if err != nil {
				return nil, err
			}
			keys = append(keys, within...)
			continue
		}
		full := prefix + name
		if of, ok := optionalOf(value.Field(i)); ok {
			keys = append(keys, key{"`" + full + "`", "map", "–", cell(text)})
			within, err := structKeys(full+"::", of, made, comments)
			if err != nil {
				return nil, err
			}
			keys = append(keys, within...)
			continue
		}
		standard := "–"
		if made {
			standard = standardOf(value.Field(i))
		}
		keys = append(keys, key{"`" + full + "`", kindOf(field.Type), standard, cell(text)})
		inner, path := elementOf(field.Type, full)
		// The keys of what is within itself, such as a route, are those above.
		if inner.Kind() == reflect.Struct && isOurs(inner) && !isText(inner) && inner != value.Type() {
			below := reflect.Zero(inner)
			known := made && inner == field.Type
			if known {
				below = value.Field(i)
			}
			within, err := structKeys(path, below, known, comments)
			if err != nil {
				return nil, err
			}
			keys = append(keys, within...)
		}
	}
	return keys, nil
}

// elementOf is the type of what a value, list or map of a key has, and the prefix of its keys.
func elementOf(of reflect.Type, key string) (element reflect.Type, prefix string) {
	prefix = key + "::"
	for {
		switch of.Kind() {
		case reflect.Pointer:
		case reflect.Slice:
			prefix = key + "[]::"
		case reflect.Map:
			prefix = key + "::*::"
		default:
			return of, prefix
		}
		of = of.Elem()
	}
}

// optionalOf is what an optional struct of ours has where it is set, with its defaults.
func optionalOf(field reflect.Value) (of reflect.Value, ok bool) {
	if !strings.HasPrefix(field.Type().Name(), "Optional["+module) {
		return of, false
	}
	set := reflect.New(field.Type())
	set.Elem().Set(field)
	made := set.MethodByName("GetOrInsertDefault").Call(nil)[0]
	return made.Elem(), true
}

func isOurs(t reflect.Type) bool { return strings.HasPrefix(t.PkgPath(), module) }

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// isText reports whether a type is written as one string.
func isText(t reflect.Type) bool {
	return t.Implements(textUnmarshaler) || reflect.PointerTo(t).Implements(textUnmarshaler)
}

// kindOf is what users write for a type.
func kindOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration](), t.Kind() == reflect.Int64 && isText(t):
		return "duration"
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t.Kind() == reflect.Pointer:
		return kindOf(t.Elem())
	case t.PkgPath() == "go.opentelemetry.io/collector/config/configopaque":
		return "secret"
	case t.PkgPath() == "go.opentelemetry.io/collector/component":
		return "component ID"
	case t.Kind() == reflect.Slice:
		return "list of " + kindOf(t.Elem())
	case t.Kind() == reflect.Map:
		return "map of " + kindOf(t.Elem())
	case t.Kind() == reflect.Struct && isOurs(t):
		return "map"
	case t.Kind() == reflect.Struct:
		return link(t)
	case t.Kind() == reflect.Float64:
		return "number"
	case strings.HasPrefix(t.Kind().String(), "int"), strings.HasPrefix(t.Kind().String(), "uint"):
		return "integer"
	}
	return t.Kind().String()
}

// link leads to the documentation of a type of others. Optional[T] is a T.
func link(t reflect.Type) string {
	name, path := t.Name(), t.PkgPath()
	if _, of, generic := strings.Cut(name, "["); generic {
		of = strings.TrimSuffix(of, "]")
		dot := strings.LastIndex(of, ".")
		path, name = of[:dot], of[dot+1:]
	}
	if path == "go.opentelemetry.io/collector/exporter/exporterhelper/internal/queuebatch" && name == "Config" {
		path, name = "go.opentelemetry.io/collector/exporter/exporterhelper", "QueueBatchConfig" // its exported alias
	}
	short := path[strings.LastIndex(path, "/")+1:]
	return fmt.Sprintf("[%s.%s](https://pkg.go.dev/%s#%s)", short, name, path, name)
}

// standardOf is a default as users would write it.
func standardOf(v reflect.Value) string {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return "`" + shortDuration(v.Interface().(time.Duration)) + "`"
	case v.Kind() == reflect.Struct, v.IsZero() && v.Kind() != reflect.Bool && !v.CanInt() && !v.CanFloat():
		return "–"
	case v.Kind() == reflect.Pointer:
		return standardOf(v.Elem())
	case v.Kind() == reflect.Slice && v.Len() == 0, v.Kind() == reflect.Map && v.Len() == 0:
		return "–"
	case v.Kind() == reflect.Slice && v.Type().Elem().Implements(reflect.TypeFor[fmt.Stringer]()):
		names := make([]string, v.Len())
		for i := range names {
			names[i] = v.Index(i).Interface().(fmt.Stringer).String()
		}
		return standardOf(reflect.ValueOf(names))
	case v.Kind() == reflect.String && isText(v.Type()):
		return fmt.Sprintf("`%s`", v.Interface())
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return "–"
	}
	return "`" + strings.Trim(string(text), `"`) + "`"
}

// shortDuration is 5m where time.Duration's own text is 5m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// cell is a comment as the cell of a table.
func cell(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(text)
}
