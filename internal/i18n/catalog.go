package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

// The languages of akashi.
const (
	Japanese = "ja"
	English  = "en"
)

// Languages lists the languages in the order in which a menu shows them.
func Languages() []string { return []string{Japanese, English} }

// catalogues are the files cli_ja.json, cli_en.json, web_ja.json, …: flat
// objects from key to text, merged per language.
//
//go:embed *.json
var catalogues embed.FS

// texts parses the embedded files once. A broken file is a programming error
// that TestCatalogue finds; at run time its keys stand for themselves.
var texts = sync.OnceValue(func() map[string]map[string]string {
	m, err := load(catalogues)
	if err != nil {
		return map[string]map[string]string{}
	}
	return m
})

func load(fsys fs.FS) (map[string]map[string]string, error) {
	all := make(map[string]map[string]string)
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list catalogues: %w", err)
	}
	for _, name := range names {
		base := strings.TrimSuffix(name, ".json")
		lang := base[strings.LastIndexByte(base, '_')+1:]
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", name, err)
		}
		var part map[string]string
		if err := json.Unmarshal(b, &part); err != nil {
			return nil, fmt.Errorf("parse catalogue %s: %w", name, err)
		}
		if all[lang] == nil {
			all[lang] = make(map[string]string)
		}
		for k, v := range part {
			if _, ok := all[lang][k]; ok {
				return nil, fmt.Errorf("catalogue %s: key %s stands twice", name, k)
			}
			all[lang][k] = v
		}
	}
	return all, nil
}
