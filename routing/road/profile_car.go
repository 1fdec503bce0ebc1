package road

import "catchment/routing"

// Car returns the profile of a passenger car. Its figures are those of OSRM 6.0.0's car profile, so that
// answers of both engines can be compared row by row.
func Car() *Profile {
	return &Profile{
		Name:     routing.Car,
		Revision: 1,
		Access:   []string{"motorcar", "motor_vehicle", "vehicle", "access"},
		Modes:    []string{"motorcar", "motor_vehicle", "vehicle"},
		Speeds: []TagSpeeds{{"highway", map[string]float64{
			"motorway": 90, "motorway_link": 45,
			"trunk": 85, "trunk_link": 40,
			"primary": 65, "primary_link": 30,
			"secondary": 55, "secondary_link": 25,
			"tertiary": 40, "tertiary_link": 20,
			"unclassified": 25, "residential": 25, "living_street": 10, "service": 15,
		}}},
		DefaultSpeed: 10,
		RouteSpeeds:  map[string]float64{"ferry": 5, "shuttle_train": 10},
		BridgeSpeeds: map[string]float64{"movable": 5},
		Surface: map[string]float64{
			"cement": 80, "compacted": 80, "fine_gravel": 80,
			"paving_stones": 60, "metal": 60, "bricks": 60,
			"grass": 40, "wood": 40, "sett": 40, "grass_paver": 40, "gravel": 40, "unpaved": 40, "ground": 40,
			"dirt": 40, "pebblestone": 40, "tartan": 40,
			"cobblestone": 30, "clay": 30,
			"earth": 20, "stone": 20, "rocky": 20, "sand": 20,
			"mud": 10,
		},
		Tracktype: map[string]float64{"grade1": 60, "grade2": 40, "grade3": 30, "grade4": 25, "grade5": 20},
		Smoothness: map[string]float64{
			"intermediate": 80, "bad": 40, "very_bad": 20, "horrible": 10, "very_horrible": 5, "impassable": 0,
		},
		MaxspeedFactor: 0.8,
		Oneway:         OnewayAll,
		Opens:          set("yes", "motorcar", "motor_vehicle", "vehicle", "permissive", "designated", "hov"),
		Closes: set("no", "agricultural", "forestry", "emergency", "psv", "customers", "private", "delivery",
			"destination"),
		Restricts: set("private", "delivery", "destination", "customers"),
		RestrictedOn: set("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link",
			"secondary", "secondary_link", "tertiary", "tertiary_link", "residential", "living_street",
			"unclassified", "service"),
		Passable: set("cattle_grid", "border_control", "toll_booth", "sally_port", "gate", "lift_gate", "no",
			"entrance", "height_restrictor", "arch"),
		ClosedService: set("emergency_access"),
		Avoid:         set("area", "reversible", "impassable", "hov_lanes", "steps", "construction", "proposed"),
		ServiceRate: map[string]float64{
			"alley": 0.5, "parking": 0.5, "parking_aisle": 0.5, "driveway": 0.5, "drive-through": 0.5,
			"drive-thru": 0.5,
		},
		SideRoadRate:      0.8,
		Vehicle:           Size{Height: 2.0, Width: 1.9, Length: 4.8, Weight: 2000},
		TurnSeconds:       7.5,
		TurnBias:          1.075,
		UTurnSeconds:      20,
		SignalSeconds:     2,
		StopSeconds:       2,
		GiveWaySeconds:    1,
		ObeysRestrictions: true,
	}
}
