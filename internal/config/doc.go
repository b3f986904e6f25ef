// Package config reads akashi.toml, the one strict configuration file of a data
// folder.
//
// It decides nothing: values are passed down as small structs by engine and
// cli. There are no globals and no flags here.
//
// Invariant: an unknown key, a wrong type or a value outside its bounds is an
// error that names the line. Concurrency: a Config is a plain value.
package config
