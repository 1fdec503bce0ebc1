package road

import (
	"maps"

	"catchment/routing"
)

// Profiles beyond those every engine offers.
const (
	Van     routing.Profile = "van"
	Bike    routing.Profile = "bike"
	Testbot routing.Profile = "testbot"
)

// VanProfile returns the profile of a delivery van: a car that is higher, wider, longer and heavier, slower on
// the fast roads, and let in where deliveries are.
func VanProfile() *Profile {
	p := Car()
	p.Name, p.Revision = Van, 1
	p.Vehicle = Size{Height: 2.8, Width: 2.1, Length: 7, Weight: 3500}
	p.Opens = maps.Clone(p.Opens)
	p.Opens["delivery"] = true
	p.Closes, p.Restricts = maps.Clone(p.Closes), maps.Clone(p.Restricts)
	delete(p.Closes, "delivery")
	delete(p.Restricts, "delivery")
	p.TopSpeed = 120
	return p
}

// BikeProfile returns the profile of a person on a bicycle: cycleways, tracks and quiet streets, no motorways;
// oneways bind unless they exempt bicycles; a bicycle is pushed over footways.
func BikeProfile() *Profile {
	return &Profile{
		Name:     Bike,
		Revision: 1,
		Access:   []string{"bicycle", "vehicle", "access"},
		Modes:    []string{"bicycle", "vehicle"},
		Speeds: []TagSpeeds{
			{"highway", map[string]float64{
				"cycleway": 15, "primary": 15, "primary_link": 15, "secondary": 15, "secondary_link": 15,
				"tertiary": 15, "tertiary_link": 15, "residential": 15, "unclassified": 15, "living_street": 15,
				"road": 15, "service": 15, "track": 12, "path": 13,
				"footway": 4, "pedestrian": 4, "steps": 2, "pier": 4,
			}},
			{"man_made", map[string]float64{"pier": 4}},
			{"railway", map[string]float64{"platform": 4}},
		},
		DefaultSpeed: 15,
		RouteSpeeds:  map[string]float64{"ferry": 5},
		BridgeSpeeds: map[string]float64{"movable": 5},
		Surface: map[string]float64{
			"cobblestone:flattened": 10, "paving_stones": 10, "compacted": 10, "cobblestone": 7, "unpaved": 6,
			"fine_gravel": 10, "gravel": 6, "pebblestone": 6, "grass_paver": 6, "ground": 10, "dirt": 8, "earth": 6,
			"grass": 6, "mud": 3, "sand": 3, "sett": 9,
		},
		Oneway: OnewayTags,
		Opens:  set("yes", "permissive", "designated"),
		Closes: set("no", "private", "agricultural", "forestry", "delivery", "use_sidepath"),
		Passable: set("sump_buster", "bus_trap", "cycle_barrier", "bollard", "entrance", "cattle_grid", "border_control",
			"toll_booth", "sally_port", "gate", "lift_gate", "no", "block", "kerb", "height_restrictor", "arch"),
		Avoid:             set("impassable", "construction", "proposed"),
		TurnSeconds:       6,
		TurnBias:          1.4,
		UTurnSeconds:      20,
		SignalSeconds:     2,
		ObeysRestrictions: false,
		WeightIsTime:      true,
	}
}

// TestbotProfile returns OSRM's test profile, whose speeds are easy to reckon with: 36 km/h on primary roads, 18
// on secondary, 12 on tertiary and 24 on all others, and no cost of turning.
func TestbotProfile() *Profile {
	return &Profile{
		Name:     Testbot,
		Revision: 1,
		Access:   []string{"access"},
		Speeds: []TagSpeeds{{"highway", map[string]float64{
			"primary": 36, "secondary": 18, "tertiary": 12, "steps": 6,
		}}},
		AnySpeed:          24,
		Oneway:            OnewayTags,
		Closes:            set("no", "private"),
		Passable:          set("gate"),
		UTurnSeconds:      20,
		SignalSeconds:     7,
		ObeysRestrictions: true,
		WeightIsTime:      true,
	}
}
