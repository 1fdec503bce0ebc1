// Package record is what all kinds of business records have in common: which fields a kind has, how lists of them are
// asked for, and how they change, so that each change is checked, told in the event log, and can be taken back.
//
// A room of the business declares its kinds (Kind: table, fields, rules) and says only what is its own; adding,
// changing, removing, filtering, sorting, totals, bulk changes, undo, custom fields, saved views and the state of a
// record at any instant follow from the declaration. Statements are made of the names a Kind declares, never of what a
// caller sends; values travel as parameters.
package record
