// Package calendar knows on which days and hours an organisation works: the
// public holidays of Japan, the days that it closes itself, and its hours.
//
// It is pure: it asks neither clock nor disk. Days are those of the zone of the
// time.Time that is asked about. The form of the texts of akashi.toml is decided
// here, so that whoever reads them and whoever explains them agree.
//
// Public holidays follow 国民の祝日に関する法律 (law 178 of 1948) as it was in force
// in each year, for 1980 to 2099; the equinoxes follow the usual formula, which
// agrees with every date published so far (the real ones are announced in the
// February before).
//
// Concurrency: a Calendar is not changed after New.
package calendar
