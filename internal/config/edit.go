package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Update changes the configuration of the data folder dir and returns what holds
// from now on. Comments, the order of the file and keys that do not change stay as
// they are. Nothing is written when the file or the change is not right: the
// error is then an *Error.
func Update(dir string, change func(*Config)) (Config, error) {
	path := filepath.Join(dir, FileName)
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	before, problems := Parse(b)
	if len(problems) > 0 {
		return Config{}, &Error{File: path, Problems: problems}
	}
	after := before
	change(&after)
	if p := after.Validate(); len(p) > 0 {
		return Config{}, &Error{File: path, Problems: p}
	}
	text := after.edit(b, before)
	if err := fsx.WriteFileAtomic(path, text, 0o600); err != nil {
		return Config{}, fmt.Errorf("write configuration: %w", err)
	}
	return after, nil
}

// edit puts the values that differ from before into the text of the file. When
// what comes out does not read as c, the file is written anew.
func (c *Config) edit(b []byte, before Config) []byte {
	old := map[string]string{}
	for _, s := range before.List() {
		old[s.Key] = s.Value
	}
	out := b
	for _, s := range c.List() {
		if s.Value != old[s.Key] {
			out = setKey(out, s.Key, s.Value)
		}
	}
	if again, p := Parse(out); len(p) == 0 && same(again, *c) {
		return out
	}
	return c.Text()
}

// same compares what two configurations say.
func same(a, b Config) bool {
	x, y := a.List(), b.List()
	for i := range x {
		if x[i].Value != y[i].Value {
			return false
		}
	}
	return true
}

// setKey gives a key another value, where it stands, else at the beginning of its
// table, else in a table of its own at the end.
func setKey(b []byte, key, value string) []byte {
	end := "\n"
	if bytes.Contains(b, []byte("\r\n")) {
		end = "\r\n"
	}
	table, name := "", key
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		table, name = key[:i], key[i+1:]
	}
	line := name + " = " + value + end
	put := func(from, to int, text string) []byte {
		return bytes.Join([][]byte{b[:from], []byte(text), b[to:]}, nil)
	}
	values, tables := locate(b)
	if at, ok := values[key]; ok {
		return put(at[0], at[1], value)
	}
	if at, ok := tables[table]; ok {
		return put(at, at, line)
	}
	if table == "" {
		at := 0
		if bytes.HasPrefix(b, []byte("\ufeff")) {
			at = len("\ufeff")
		}
		return put(at, at, line)
	}
	lead := end
	if len(b) > 0 && b[len(b)-1] != '\n' {
		lead += end
	}
	return put(len(b), len(b), lead+"["+table+"]"+end+line)
}

// locate finds where the values of the keys stand (beginning and end), and where
// the line after the head of each table begins.
func locate(b []byte) (values map[string][2]int, tables map[string]int) {
	values, tables = map[string][2]int{}, map[string]int{}
	mark := 0
	if bytes.HasPrefix(b, []byte("\ufeff")) {
		mark = len("\ufeff")
	}
	var p unstable.Parser
	p.Reset(b[mark:])
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		var parts []string
		last := 0 // end of the key
		for it := e.Key(); it.Next(); {
			n := it.Node()
			parts = append(parts, string(n.Data))
			last = mark + int(n.Raw.Offset) + int(n.Raw.Length)
		}
		key := strings.Join(parts, ".")
		if e.Kind != unstable.KeyValue {
			table = key + "."
			if i := bytes.IndexByte(b[last:], '\n'); i >= 0 {
				tables[key] = last + i + 1
			}
			continue
		}
		if i := bytes.IndexByte(b[last:], '='); i >= 0 {
			from := last + i + 1
			for from < len(b) && (b[from] == ' ' || b[from] == '\t') {
				from++
			}
			values[table+key] = [2]int{from, valueEnd(b, from)}
		}
	}
	return values, tables
}

// valueEnd is where the value that begins at i ends. The file is known to be TOML.
func valueEnd(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch c := b[i]; c {
		case '"', '\'':
			i = stringEnd(b, i)
			if depth == 0 {
				return i
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '#':
			if depth == 0 {
				return len(bytes.TrimRight(b[:i], " \t"))
			}
			if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
				i += n
			}
		case '\n', '\r':
			if depth == 0 {
				return len(bytes.TrimRight(b[:i], " \t"))
			}
		}
		i++
	}
	return i
}

// stringEnd is where the string that begins at i ends.
func stringEnd(b []byte, i int) int {
	mark := b[i : i+1]
	if long := bytes.Repeat(mark, 3); bytes.HasPrefix(b[i:], long) {
		mark = long
	}
	i += len(mark)
	for i < len(b) {
		switch {
		case b[i] == '\\' && mark[0] == '"':
			i++
		case bytes.HasPrefix(b[i:], mark):
			i += len(mark)
			for len(mark) == 3 && i < len(b) && b[i] == mark[0] { // quotes before the end belong to the text
				i++
			}
			return i
		}
		i++
	}
	return min(i, len(b))
}
