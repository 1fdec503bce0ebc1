// Package crm holds what every room of the business shares: who acts (Actor, rights, scope, staff, teams),
// what may go wrong (Error and its kinds), and what happened (the event log).
//
// Every change runs in Store.Write, which tells the database who acts; row-level security then hides what the
// actor may not see, and the change is told of in the event log in the same transaction.
package crm
