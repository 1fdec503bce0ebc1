// Package road is the street engine: it turns an OpenStreetMap extract into one prepared file of streets and
// turns for a way of travelling, maps that file into memory and answers routing.Travel from it.
//
// # Words
//
// A segment is a street between two crossings, with its shape; an edge is one direction of a segment that may
// be travelled. A turn leads from the end of one edge to the start of another. Turn restrictions that reach
// over several edges give an edge further copies, one for each thing that must be remembered about the way
// travelled so far; only turns at the end tell the copies apart.
//
// # Costs
//
// A Cost has three parts: the weight that is minimised, the time that is reported, and the length. The weight
// of a car is its time, made dearer on alleys, narrow streets and where only residents may enter; this is the
// rule of OSRM's car profile, whose speeds, turn costs and rounding the tables here follow so that both
// engines answer alike. Among ways of equal weight the one of least time is taken, among those the shortest,
// so that an answer does not depend on the order in which ways are looked at.
//
// # How an answer comes about
//
// Build reads an extract (extract.go, way.go, restriction.go), joins hops into segments (segment.go), expands
// them into edges and turns (expand.go, turn.go), orders (order.go) and contracts them (hierarchy.go) and writes
// one file (file.go). Open maps it. A query snaps places to streets (snap.go, place.go), climbs the hierarchy
// from both ends (climb.go), or from many at once (many.go), and spells the way out (journey.go, steps.go). Other
// speeds for a time of the week, learned from tracks (match.go, observe.go) or given, make a file of their own
// from a graph that goes on answering (retime.go, week.go). Package osrm beneath speaks the OSRM HTTP API.
//
// The package knows no database, no network and no clock: rules that hold at certain times only are left out of the
// map, or are judged at a time that is stated when it is built (condition.go).
package road
