// Package care is what people may ask to be done to a data folder besides reading it:
// legal holds, terms of retention, volumes of the archive, jobs that look after the
// folder, settings. It says what each of these is and when it can be asked for.
//
// Pages and API both ask by these types, so a bound or a rule stands here once. It
// does not know how a form or a body is read, nor does it do anything: that is the
// engine's.
//
// Invariants: a Fault names the field that is wrong by the name that the API has for
// it, and says why by a key of the catalogue; its Code does not change.
//
// Concurrency: values; nothing is shared.
package care
