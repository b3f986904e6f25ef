// Package i18n holds the words of akashi in Japanese and English and the forms
// of numbers, times and durations in both.
//
// It knows no page and no command, and it is not for text that comes from logs:
// names are data and are never translated.
//
// Invariant: every key stands in both languages with the same placeholders; a
// test proves it. The catalogue is embedded and never changes while a program
// runs.
//
// Concurrency: a Printer is immutable and may be shared.
package i18n
