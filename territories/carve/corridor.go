package carve

import "container/heap"

// joinLocked gives territories the nodes on the shortest ways to those of their locked nodes that lie apart. It says
// whether it changed anything. held marks the nodes of such ways, which no other way may cross.
func (m *model) joinLocked(in []int32, held []bool) bool {
	changed := false
	for {
		_, pieces := m.piecesOf(in)
		main := mainPieces(m, in, pieces)
		joined := false
		for c, part := range pieces {
			j := in[part[0]]
			if main[j] == int32(c) || !m.anyLocked(part) {
				continue
			}
			way := m.wayTo(part, pieces[main[j]], held)
			for _, v := range way {
				in[v], held[v] = j, true
			}
			if joined = len(way) > 0; joined {
				break // the pieces are others now
			}
		}
		if !joined {
			return changed
		}
		changed = true
	}
}

func (m *model) anyLocked(nodes []int32) bool {
	for _, v := range nodes {
		if m.lock[v] != None {
			return true
		}
	}
	return false
}

// wayTo returns the nodes on the shortest way from one part of a territory to another, over nodes that may change
// hands; none if there is no way.
func (m *model) wayTo(from, to []int32, held []bool) []int32 {
	goal := make([]bool, m.n)
	for _, v := range to {
		goal[v] = true
	}
	far, back := make([]float64, m.n), fill(m.n, None)
	seen := make([]bool, m.n)
	queue := &wayQueue{}
	for _, v := range from {
		seen[v] = true
		heap.Push(queue, wayEnd{v, 0})
	}
	closed := make([]bool, m.n)
	for queue.Len() > 0 {
		end := heap.Pop(queue).(wayEnd)
		if closed[end.v] {
			continue
		}
		closed[end.v] = true
		if goal[end.v] {
			var way []int32
			for v := back[end.v]; v != None && back[v] != None; v = back[v] {
				way = append(way, v)
			}
			return way
		}
		for _, v := range m.graph.of(end.v) {
			if free := m.lock[v] == None && !held[v] || goal[v]; !free || closed[v] {
				continue
			}
			if d := end.far + m.at[v].apart(m.at[end.v]); !seen[v] || d < far[v] {
				seen[v], far[v], back[v] = true, d, end.v
				heap.Push(queue, wayEnd{v, d})
			}
		}
	}
	return nil
}

// wayEnd is a node and how far it is from where the way began.
type wayEnd struct {
	v   int32
	far float64
}

type wayQueue []wayEnd

func (q wayQueue) Len() int { return len(q) }
func (q wayQueue) Less(a, b int) bool {
	return q[a].far < q[b].far || q[a].far == q[b].far && q[a].v < q[b].v
}
func (q wayQueue) Swap(a, b int) { q[a], q[b] = q[b], q[a] }
func (q *wayQueue) Push(x any)   { *q = append(*q, x.(wayEnd)) }
func (q *wayQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
