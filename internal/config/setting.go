package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Setting is one key of akashi.toml.
type Setting struct {
	Key     string // calendar.hours.mon
	Value   string // as it stands in the file
	Default string
}

// List is every key there is, in the order of the file, with its value.
func (c *Config) List() []Setting {
	d := Default()
	var l []Setting
	var walk func(prefix string, v, d reflect.Value)
	walk = func(prefix string, v, d reflect.Value) {
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("toml"), ",")
			if name == "" || name == "-" {
				continue
			}
			if v.Field(i).Kind() == reflect.Struct {
				walk(prefix+name+".", v.Field(i), d.Field(i))
				continue
			}
			l = append(l, Setting{prefix + name, tomlText(v.Field(i)), tomlText(d.Field(i))})
		}
	}
	walk("", reflect.ValueOf(*c), reflect.ValueOf(d))
	return l
}

// tomlText writes a value as it stands in the file.
func tomlText(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return quote(v.String())
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = tomlText(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	return fmt.Sprint(v.Interface())
}
