// Package mask finds what may be an Individual Number (My Number) in any text and
// puts stars in its place: twelve digits whose check digit holds (Ministerial
// Ordinance of MIC 85 of 2014, article 5), half or full width, in one run or in
// groups of four. About one of eleven other twelve-digit numbers passes the same
// check and is masked too: a time in a file name such as 202611271545 stays masked in
// paths of users, to be on the safe side; the names that akashi itself gives to stamps,
// lists and objects of its log are never masked (own).
//
// It does not decide what is masked nor keep any secret. It does not look into
// bytes that are no text.
//
// Invariants: the masked text has the length of the text in bytes; masking twice
// is masking once; time is linear in the text.
//
// Concurrency: functions and values only.
package mask
