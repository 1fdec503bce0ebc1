// Package vrp plans who visits which places in which order: a vehicle-routing optimiser with time windows,
// skills, shifts, breaks, capacities and pickup-and-delivery, for field service, sales and campaigns alike.
//
// It speaks VROOM's JSON: Problem is the request, Solution the answer, and every key VROOM knows keeps its
// meaning. Keys of our own (all listed in docs/optimiser.md) are ignored by VROOM. What is asked of the
// solution, in this order: the most priority, the most visits, the least cost.
//
// The package takes arrays. It knows no road engine, no database and no clock: travel comes as matrices, the
// deadline comes with the context, the clock (if the search shall spread over the time to the deadline) with
// Options.Now, chance from Options.Seed. Words: a task is one stop that takes time (a job, the pickup or the
// delivery of a shipment); a visit is what can be planned or left out as a whole (a job or a shipment).
//
// Inside, times are hundredths of a second and money is 1/360,000 of a cost unit, so that every sum is an exact
// integer and no answer hangs on the order of additions.
package vrp
