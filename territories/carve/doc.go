// Package carve divides an area into territories: balanced on one or several measures, each territory in one piece
// over the neighbours the caller names, compact by inertia, distance or minutes.
//
// It takes arrays. A unit is the smallest thing that can change hands (a hexagon, a postcode, a tract); an edge says
// that two units touch; a territory is what one person looks after. The package knows no database, road engine or
// clock: minutes come as a table, the deadline with the context, the clock (if the search shall spread over the time
// to the deadline) with Options.Now, chance from Options.Seed.
//
// The way to a plan: centres that divide the weight evenly are found by a balanced power diagram (Cohen-Addad, Klein,
// Young 2018: each unit goes to the least d² - λ of its centre, λ chosen so that every territory gets its share), tried
// from many starts; parts that hang apart are given away; then units and chains of units change hands by simulated
// annealing, which sees the objective, the balance and the change of owner, and never breaks a territory in two. Ledger
// is the arithmetic of a hand edit, and Check adds a plan up anew from first principles.
package carve
