package vrp

import "slices"

// compileTolls prices sending the vehicle, whatever its route, to each visit.
func (m *model) compileTolls(v *vehicle, src *Vehicle, planned [][]int, number int) {
	for _, t := range m.visits {
		toll := m.toll(v, src, t)
		if s := m.problem.Stability; s != nil && len(planned[t]) > 0 && !slices.Contains(planned[t], number) {
			toll += s.VehicleChange * money
		}
		if toll > 0 {
			if v.toll == nil {
				v.toll = make([]int64, m.tasks())
			}
			for _, member := range m.members(t) {
				v.toll[member] = toll
			}
		}
	}
}

// toll is the price of what the visit's and the vehicle's wishes say about each other.
func (m *model) toll(v *vehicle, src *Vehicle, t int32) int64 {
	task := m.source(t)
	units := task.wishes.VehicleCosts[src.ID]
	if len(task.preferred) > 0 && !slices.Contains(task.preferred, src.ID) {
		units += task.other
	}
	k := src.Costs
	if k == nil {
		return units * money
	}
	if in := task.wishes.Territory; in != 0 && !slices.Contains(src.Territories, in) {
		units += k.PerForeignVisit
	}
	toll := units * money
	if src.AnchorIndex != nil {
		for _, end := range []int32{t, m.mate[t]} {
			if end < 0 {
				continue
			}
			if far := v.metric.between(int32(*src.AnchorIndex), m.place[end]); far != apart {
				toll += k.PerAnchorHour * int64(far)
			}
		}
	}
	return toll
}

// level is how well the vehicle masters a skill, 0 if not at all.
func (v *Vehicle) level(skill uint32) int {
	level := v.SkillLevels[skill]
	if slices.Contains(v.Skills, skill) {
		level = max(level, 1)
	}
	return level
}

// skilled tells whether the vehicle masters all the task needs.
func (v *Vehicle) skilled(task taskSource) bool {
	for _, skill := range task.skills {
		if v.level(skill) < 1 {
			return false
		}
	}
	for skill, least := range task.wishes.SkillLevels {
		if v.level(skill) < least {
			return false
		}
	}
	return true
}

// taught is the vehicle with all the skills of a task.
func (v *Vehicle) taught(task taskSource) Vehicle {
	out := *v
	out.SkillLevels = make(map[uint32]int, len(v.SkillLevels)+len(task.skills))
	for skill, level := range v.SkillLevels {
		out.SkillLevels[skill] = level
	}
	for _, skill := range task.skills {
		out.SkillLevels[skill] = max(1, v.level(skill))
	}
	for skill, least := range task.wishes.SkillLevels {
		out.SkillLevels[skill] = max(least, out.SkillLevels[skill])
	}
	return out
}

// wishes checks what a visit says about vehicles.
func (c *complaint) wishes(at string, w *Wishes) {
	for _, skill := range sortedKeys(w.SkillLevels) {
		level := w.SkillLevels[skill]
		c.check(level >= 1 && level <= maxLevel, at+".skill_levels", "asks for level %d of skill %d; levels go from 1 to %d", level, skill, maxLevel)
	}
	for _, id := range sortedKeys(w.VehicleCosts) {
		cost := w.VehicleCosts[id]
		c.check(cost >= 0 && cost <= maxRate, at+".vehicle_costs", "is %d for vehicle %d", cost, id)
	}
}
