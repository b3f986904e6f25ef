// Package i18n holds the words that people read, in Japanese and English.
//
// The catalogue is flat JSON, one file per language and user (cli_ja.json,
// web_ja.json, …), embedded. Keys are "cli.import.done", placeholders are
// {name}. A test holds both languages to the same keys and placeholders.
//
// Concurrency: a Printer is immutable and may be shared.
package i18n
