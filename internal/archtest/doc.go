// Package archtest holds the import rules of docs/ARCHITECTURE.md as a test.
package archtest
