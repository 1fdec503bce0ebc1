// Drawing on the map: a lasso around what is meant, a polygon corner by corner, a circle from its middle. With the mouse, a finger or
// the keys alone: arrows move a cross, Enter sets a point where it stands, Escape leaves.
import { useEffect, useRef, useState } from 'react';
import type { Map as MapLibre } from 'maplibre-gl';
import type { Point } from '../../api/types';
import { number, t } from '../../i18n';
import { metersBetween, pointAt, thinned, type Shape } from './select';

export type Tool = 'lasso' | 'polygon' | 'circle';
type Spot = [x: number, y: number];

/** Pixels an arrow key moves the cross, and with Shift. */
const step = 12, stride = 60;
/** Pixels within which a click meets a corner that is there. */
const close = 12;

export function Draw({ map, tool, onDone, onLeave }: { map: MapLibre; tool: Tool; onDone: (shape: Shape) => void; onLeave: () => void }) {
  const box = useRef<SVGSVGElement>(null);
  /** Corners so far; of a circle its middle. */
  const [points, setPoints] = useState<Point[]>([]);
  const [cross, setCross] = useState<Spot | null>(null);
  const [keys, setKeys] = useState(false);
  const [, redraw] = useState(0);
  const drawing = useRef<{ start: Spot; moved: boolean } | null>(null);

  useEffect(() => { setPoints([]); setCross(null); setKeys(false); box.current?.focus({ preventScroll: true }); }, [tool]);
  useEffect(() => {
    const again = () => redraw(n => n + 1);
    map.on('move', again);
    return () => { map.off('move', again); };
  }, [map]);

  const spot = (event: { clientX: number; clientY: number }): Spot => { const { left, top } = box.current!.getBoundingClientRect(); return [event.clientX - left, event.clientY - top]; };
  const place = (at: Spot): Point => { const { lng, lat } = map.unproject(at); return [lng, lat]; };
  const onScreen = (at: Point): Spot => { const { x, y } = map.project(at); return [x, y]; };
  const near = (a: Spot, b: Spot) => Math.hypot(a[0] - b[0], a[1] - b[1]) < close;

  function finish(corners: Point[]) {
    const kept = thinned(corners.map(onScreen), tool === 'lasso' ? 1.5 : 0).map(place);
    setPoints([]);
    if (kept.length >= 3) onDone({ kind: 'polygon', points: kept });
  }
  function around(middle: Point, rim: Point) {
    setPoints([]);
    const meters = metersBetween(middle, rim);
    if (meters >= 1) onDone({ kind: 'circle', centre: middle, meters });
  }
  /** A point is set, by a click or by Enter. */
  function set(at: Spot) {
    if (tool === 'circle') { if (points[0]) around(points[0], place(at)); else setPoints([place(at)]); return; }
    if (points.length >= 3 && near(onScreen(points[0]!), at)) { finish(points); return; }
    if (points.length > 0 && near(onScreen(points.at(-1)!), at)) { if (points.length >= 3) finish(points); return; }
    setPoints([...points, place(at)]);
  }

  function down(event: React.PointerEvent) {
    if (event.button !== 0) return;
    setKeys(false);
    const at = spot(event);
    drawing.current = { start: at, moved: false };
    box.current!.setPointerCapture(event.pointerId);
    setCross(at);
    if (tool === 'lasso') setPoints([place(at)]);
    else if (tool === 'circle' && points.length === 0) setPoints([place(at)]);
  }
  function move(event: React.PointerEvent) {
    const at = spot(event);
    setCross(at);
    const now = drawing.current;
    if (!now) return;
    if (!near(now.start, at)) now.moved = true;
    if (tool === 'lasso') setPoints(was => [...was, place(at)]);
  }
  function up(event: React.PointerEvent) {
    const now = drawing.current;
    if (!now) return;
    drawing.current = null;
    const at = spot(event);
    if (tool === 'lasso') { finish(points); return; }
    if (tool === 'polygon') { set(at); return; }
    // A circle is drawn by a drag from the middle to the rim, or by a click on each.
    if (points[0] && !near(onScreen(points[0]), at)) around(points[0], place(at));
  }
  function key(event: React.KeyboardEvent) {
    const by = event.shiftKey ? stride : step;
    const way = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] }[event.key];
    const { clientWidth: width, clientHeight: height } = box.current!;
    const at: Spot = cross ?? [width / 2, height / 2];
    if (way) { setKeys(true); setCross([Math.min(Math.max(at[0] + way[0]!, 0), width), Math.min(Math.max(at[1] + way[1]!, 0), height)]); }
    else if (event.key === 'Enter' || event.key === ' ') { setKeys(true); setCross(at); set(at); }
    else if (event.key === 'Backspace') setPoints(points.slice(0, -1));
    else if (event.key === 'Escape') { if (points.length > 0) setPoints([]); else onLeave(); }
    else if (event.key === '+') map.zoomIn();
    else if (event.key === '-') map.zoomOut();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const line = points.map(onScreen);
  const middle = tool === 'circle' ? points[0] : undefined;
  const rim = middle && cross ? metersBetween(middle, place(cross)) : 0;
  const ahead = tool === 'polygon' && cross && line.length > 0 ? [...line, cross] : line;
  const hint = t(tool === 'lasso' ? 'work.lassoHint' : tool === 'circle' ? 'work.circleHint' : 'work.polygonHint');
  return <>
    <svg className="draw" ref={box} tabIndex={0} role="application" aria-label={hint} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => { drawing.current = null; setPoints([]); }}
      onPointerLeave={() => { if (!drawing.current && !keys) setCross(null); }} onDoubleClick={() => { if (tool === 'polygon' && points.length >= 3) finish(points); }} onKeyDown={key}
      onWheel={event => map.zoomTo(map.getZoom() - event.deltaY / 300, { around: map.unproject(spot(event)), animate: false })}>
      {ahead.length > 1 && !middle && <polygon points={ahead.map(at => at.join()).join(' ')} />}
      {middle && rim > 0 && <polygon points={Array.from({ length: 73 }, (_, i) => onScreen(pointAt(middle, rim, i * 5)).join()).join(' ')} />}
      {tool !== 'lasso' && line.map(([x, y], i) => <circle key={i} cx={x} cy={y} r={i === 0 && line.length >= 3 ? 7 : 4} />)}
      {keys && cross && <path className="cross" d={`M${cross[0] - 11} ${cross[1]}h22M${cross[0]} ${cross[1] - 11}v22`} />}
    </svg>
    <p className="draw-hint" role="status">{middle && rim >= 1 ? t('work.radius', { km: number(rim / 1000, rim < 10_000 ? 2 : 0) }) : hint}</p>
  </>;
}
