package road

import (
	"slices"
	"strings"

	"catchment/geo/osm"
)

// ban is a turn restriction as the map has it: coming by one of the from ways, over the via node or the via
// ways in their order, the to ways are forbidden, or the only ones allowed.
type ban struct {
	only    bool
	from    []int64
	via     []int64
	viaNode int64
	to      []int64
}

// readBan reads a restriction relation. It reports false for what is none, does not bind this traveller, does not
// hold at the profile's time, or lacks a part.
func (p *Profile) readBan(r osm.Relation) (ban, bool) {
	tags := p.now(r.Tags)
	value := tags.Get("restriction")
	for _, mode := range p.Modes {
		if v := tags.Get("restriction:" + mode); v != "" && value == "" {
			value = v
		}
	}
	var b ban
	switch {
	case strings.HasSuffix(value, "_on_red"):
		return ban{}, false
	case strings.HasPrefix(value, "only_"):
		b.only = true
	case !strings.HasPrefix(value, "no_"):
		return ban{}, false
	}
	for except := range strings.SplitSeq(r.Tags.Get("except"), ";") {
		if slices.Contains(p.Modes, strings.TrimSpace(except)) {
			return ban{}, false
		}
	}
	for _, m := range r.Members {
		switch {
		case m.Role == "from" && m.Kind == osm.WayMember:
			b.from = append(b.from, m.Ref)
		case m.Role == "to" && m.Kind == osm.WayMember:
			b.to = append(b.to, m.Ref)
		case m.Role == "via" && m.Kind == osm.WayMember:
			b.via = append(b.via, m.Ref)
		case m.Role == "via" && m.Kind == osm.NodeMember:
			b.viaNode = m.Ref
		}
	}
	// Several from ways are meant for no_entry alone, several to ways for no_exit alone.
	if len(b.from) > 1 && value != "no_entry" || len(b.to) > 1 && value != "no_exit" {
		return ban{}, false
	}
	return b, len(b.from) > 0 && len(b.to) > 0 && (len(b.via) > 0) != (b.viaNode != 0)
}

// step is one hop along a way: from its node at i to the next, or back.
type step struct {
	way  uint32
	hop  uint32 // between nodes hop and hop+1 of the way
	back bool
}

// banPath is a ban spelled out: the steps from the last on a from way, along the via ways, to the first on a
// to way. At the nodes between ways travellers may turn, so these are kept as crossings.
type banPath struct {
	only  bool
	steps []step
	at    []uint32 // the nodes between the ways
}

// maxBanPaths is the most ways one restriction may be read in; a sane one has one, round closed ways two.
const maxBanPaths = 16

// spell returns the paths a ban speaks of. Ways that do not meet end to end give none.
func (m *streetMap) spell(b ban) []banPath {
	ways := func(ids []int64) (found []uint32) {
		for _, id := range ids {
			if w, ok := m.byID[id]; ok {
				found = append(found, w)
			}
		}
		return found
	}
	via := ways(b.via)
	if len(via) != len(b.via) {
		return nil
	}
	var paths []banPath
	for _, from := range ways(b.from) {
		for _, start := range m.arrivals(from) {
			if len(via) == 0 && m.ids[start.node] != b.viaNode {
				continue
			}
			m.follow(via, start.node, banPath{b.only, []step{start.step}, []uint32{start.node}}, func(end uint32, path banPath) {
				for _, to := range ways(b.to) {
					for _, exit := range m.arrivals(to) {
						if exit.node == end && len(paths) < maxBanPaths {
							out := exit.step
							out.back = !out.back
							paths = append(paths, banPath{path.only, append(slices.Clone(path.steps), out), slices.Clone(path.at)})
						}
					}
				}
			})
		}
	}
	return paths
}

// arrival is the last step of a way at one of its two ends.
type arrival struct {
	node uint32
	step step
}

func (m *streetMap) arrivals(way uint32) []arrival {
	nodes := m.ways[way].nodes
	last := len(nodes) - 1
	return []arrival{
		{nodes[last], step{way, uint32(last - 1), false}},
		{nodes[0], step{way, 0, true}},
	}
}

// follow walks the via ways from a node on the first of them and calls done with each node where the last can
// be left at one of its ends or where the next way starts.
func (m *streetMap) follow(via []uint32, at uint32, path banPath, done func(end uint32, path banPath)) {
	if len(via) == 0 {
		done(at, path)
		return
	}
	way := via[0]
	nodes := m.ways[way].nodes
	for i, n := range nodes {
		if n != at {
			continue
		}
		for _, back := range []bool{false, true} {
			walked := path.steps
			for j := i; ; {
				hop := j
				if back {
					j--
					hop = j
				} else {
					j++
				}
				if j < 0 || j >= len(nodes) || len(walked) > 1000 {
					break
				}
				walked = append(slices.Clip(walked), step{way, uint32(hop), back})
				if len(via) == 1 || slices.Contains(m.ways[via[1]].nodes, nodes[j]) {
					m.follow(via[1:], nodes[j], banPath{path.only, walked, append(slices.Clip(path.at), nodes[j])}, done)
				}
			}
		}
	}
}
