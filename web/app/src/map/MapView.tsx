// The map of every screen: our base map, pins, route lines, selection, search. Loads MapLibre when first shown, stays on the
// loaded land, and says where that ends.
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { GeoJSONSource, Map as MapLibre, StyleSpecification } from 'maplibre-gl';
import type { Me, Point } from '../api/types';
import { language, t } from '../i18n';
import { Icon } from '../ui/icons';
import { useShade } from '../ui/theme';
import { boundsOf, focusData, gathers, linesData, pinsData, tilesAround, type Line, type Pin } from './data';
import { joined, keepWithin, type Bounds } from './limits';
import { MapSearch } from './MapSearch';
import './map.css';
import { addPin } from './pin';

interface Props {
  label: string;
  /** The loaded map: shown until there is something to fit, and never left. */
  land: Me['map'];
  /** Places and addresses can be searched for on the map itself. */
  search?: boolean;
  pins?: readonly Pin[];
  lines?: readonly Line[];
  selected?: string | null;
  hovered?: string | null;
  /** Whose route is in front; the others are dimmed. */
  group?: string | null;
  /** The view moves to everything whenever this changes. */
  fitKey?: string;
  /** A place that is being set: a pin that can be dragged. */
  pin?: Point | null;
  onPick?: (id: string | null) => void;
  onHover?: (id: string | null) => void;
  /** The pin was put down, or a place without pin clicked. */
  onPlace?: (point: Point) => void;
  /** The map is there, or has a new style: whoever draws more on it does so now, again each time. */
  onStyle?: (map: MapLibre) => void;
  children?: ReactNode;
}

type Library = typeof import('./maplibre') & { paint: typeof import('./paint') };
let library: Promise<Library> | null = null;
const load = () => library ??= Promise.all([import('./maplibre'), import('./paint')]).then(async ([maplibre, paint]) => { await maplibre.styled; return { ...maplibre, paint }; });

const none: readonly never[] = [];

export function MapView({ label, land, search, pins = none, lines = none, selected, hovered, group, fitKey, pin = null, onPick, onHover, onPlace, onStyle, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const map = useRef<MapLibre | null>(null);
  const now = useRef({ pins, lines, pin, selected, hovered, onPick, onHover, onPlace, onStyle, land });
  now.current = { pins, lines, pin, selected, hovered, onPick, onHover, onPlace, onStyle, land };
  const [failed, setFailed] = useState<'library' | 'webgl' | null>(null);
  const [ready, setReady] = useState(0);
  const [tries, setTries] = useState(0);
  const [me, setMe] = useState<Point | null>(null);
  const [found, setFound] = useState<Point | null>(null);
  const [bearing, setBearing] = useState(0);
  const [ends, setEnds] = useState(false);
  const held = useRef<ReturnType<typeof addPin> | null>(null);
  const places = useRef<typeof import('./maplibre').Marker | null>(null);
  const shade = useShade();
  /** Pixels kept clear of what lies on the map: tools at the right, the search above. */
  const room = { top: search ? 68 : 48, right: 60, bottom: 48, left: 48 };
  const shown = useRef({ shade, fitKey: '' });
  const dimmed = useRef(new Map<string, { source: string; id: string }>());
  const paint = useRef<typeof import('./paint') | null>(null);

  // The map itself: made once, taken down with the component.
  useEffect(() => {
    let gone = false;
    let made: MapLibre | null = null;
    let watch: ResizeObserver | null = null;
    delete document.body.dataset.mapIdle;
    (async () => {
      let lib: Library;
      let style: StyleSpecification;
      try {
        [lib, style] = await Promise.all([load(), fetchStyle(shade)]);
      } catch {
        library = null;
        if (!gone) setFailed('library');
        return;
      }
      if (gone || !box.current) return;
      paint.current = lib.paint;
      places.current = lib.Marker;
      const container = box.current;
      const linked = search ? linkedView(location.hash) : null;
      try {
        made = new lib.Map({
          container, ...(linked ?? { bounds: everything(), fitBoundsOptions: { padding: room, maxZoom: 15 } }),
          style: lib.paint.withOurs(style, ours(lib.paint, shade), shade),
          attributionControl: false, pitchWithRotate: false, touchPitch: false, maxPitch: 0, maxZoom: 19, fadeDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 120,
          transformConstrain: (centre, zoom) => {
            const ground = now.current;
            const kept = keepWithin(joined(ground.land.bounds, drawn(ground.pins, ground.lines, ground.pin)), { width: container.clientWidth, height: container.clientHeight, bearing: made?.getBearing() ?? 0 }, [centre.lng, centre.lat], Math.min(zoom, 19));
            return { center: new lib.LngLat(kept.lon, kept.lat), zoom: kept.zoom };
          },
        });
      } catch {
        setFailed('webgl');
        return;
      }
      const it = made;
      map.current = it;
      shown.current = { shade, fitKey: now.current.pins.length + now.current.lines.length > 0 ? 'start' : '' };
      it.touchZoomRotate.disableRotation();
      it.addControl(new lib.ScaleControl({ maxWidth: 90 }), 'bottom-left');
      it.setMissingStyleImageResolver(id => lib.paint.drawImage(it, id));
      it.on('error', () => { /* a missing tile leaves a hole in the picture; MapLibre asks again when the map moves */ });
      let moved = true;
      it.on('idle', () => {
        document.body.dataset.mapIdle = '1';
        if (!moved) return;
        moved = false;
        const { lng, lat } = it.getCenter();
        container.dataset.view = [it.getZoom().toFixed(2), lat.toFixed(5), lng.toFixed(5), Math.round(it.getBearing())].join('/');
        setEnds(endsInView(it, now.current.land.bounds));
        ahead(it);
      });
      it.on('movestart', () => { moved = true; delete document.body.dataset.mapIdle; });
      it.on('rotate', () => container.parentElement?.style.setProperty('--bearing', `${-it.getBearing()}deg`));
      it.on('rotateend', () => setBearing(Math.round(it.getBearing())));
      const at = (point: { x: number; y: number }) => it.queryRenderedFeatures([[point.x - 6, point.y - 6], [point.x + 6, point.y + 6]], { layers: ['our-focus', 'our-marks', 'our-pins'] }).map(feature => feature.properties.id as string).find(id => id !== 'me' && id !== 'found');
      /** Several pins in one, from afar: a click goes as near as it takes to tell them apart. */
      const gathered = (point: { x: number; y: number }) => it.queryRenderedFeatures([point.x, point.y], { layers: ['our-clusters'] })[0];
      it.on('click', event => {
        if (held.current?.element.contains(event.originalEvent.target as Node)) return;
        const pinned = at(event.point);
        if (now.current.onPlace && !(pinned && now.current.onPick)) { now.current.onPlace([event.lngLat.lng, event.lngLat.lat]); return; }
        const cluster = gathered(event.point);
        if (cluster) void (it.getSource('our-pins') as GeoJSONSource).getClusterExpansionZoom(cluster.properties.cluster_id).then(zoom => it.easeTo({ center: (cluster.geometry as GeoJSON.Point).coordinates as Point, zoom: zoom + 0.3, duration: 250 }));
        else now.current.onPick?.(pinned ?? null);
      });
      let over: string | null = null, group = false;
      it.on('mousemove', event => {
        const drawn = it.getLayer('our-pins');
        const many = drawn !== undefined && gathered(event.point) !== undefined, id = drawn && !many ? at(event.point) ?? null : null;
        if (id === over && many === group) return;
        over = id; group = many;
        it.getCanvas().style.cursor = id && now.current.onPick ? 'pointer' : many ? 'zoom-in' : now.current.onPlace ? 'crosshair' : '';
        now.current.onHover?.(id);
      });
      it.on('mouseout', () => { if (over) { over = null; now.current.onHover?.(null); } });
      it.on('style.load', () => { setReady(n => n + 1); now.current.onStyle?.(it); });
      watch = new ResizeObserver(() => it.resize());
      watch.observe(box.current!);
    })();
    return () => { gone = true; asked?.abort(); watch?.disconnect(); held.current?.remove(); held.current = null; made?.remove(); map.current = null; delete document.body.dataset.mapIdle; };
  }, [tries]);

  // Another theme brings another base map.
  useEffect(() => {
    if (!map.current || shown.current.shade === shade) return;
    shown.current.shade = shade;
    fetchStyle(shade).then(style => map.current?.setStyle(paint.current!.withOurs(style, ours(paint.current!, shade), shade), { diff: false })).catch(() => setFailed('library'));
  }, [shade, ready]);

  const show = (source: string, data: GeoJSON.GeoJSON) => void (map.current?.getSource(source) as GeoJSONSource | undefined)?.setData(data);
  useEffect(() => {
    const timer = setTimeout(() => {
      const mine: Pin[] = [...me ? [{ id: 'me', point: me, text: '', look: 'me' as const }] : [], ...found ? [{ id: 'found', point: found, text: '', look: 'target' as const }] : []];
      show('our-pins', pinsData(pins.filter(gathers), shade));
      show('our-marks', pinsData([...pins.filter(pin => !gathers(pin)), ...mine], shade));
    }, 50);
    return () => clearTimeout(timer);
  }, [pins, me, found, ready, shade]);

  useEffect(() => {
    if (!map.current || !places.current || ready === 0) return;
    if (!pin) { held.current?.remove(); held.current = null; } else if (held.current) held.current.put(pin);
    else held.current = addPin(map.current, places.current, pin, t('map.pin'), point => now.current.onPlace?.(point));
  }, [pin, ready]);

  useEffect(() => { if (paint.current) show('our-lines', linesData(lines, paint.current.personColour)); }, [lines, ready, shade]);

  // What is pointed at or chosen lights up, and what is behind the route in front steps back, a moment later: moving over the
  // board never waits for the map.
  useEffect(() => {
    const timer = setTimeout(() => show('our-focus', focusData(pins, hovered, selected, shade)), 60);
    return () => clearTimeout(timer);
  }, [pins, selected, hovered, ready, shade]);
  useEffect(() => {
    const timer = setTimeout(() => {
      const it = map.current;
      if (!it?.getSource('our-pins')) return;
      const behind = new Map<string, { source: string; id: string }>();
      if (group) {
        for (const pin of pins) if (pin.group && pin.group !== group) behind.set('pin ' + pin.id, { source: gathers(pin) ? 'our-pins' : 'our-marks', id: pin.id });
        for (const line of lines) if (line.group !== group) behind.set('line ' + line.group, { source: 'our-lines', id: line.group });
      }
      for (const [name, feature] of dimmed.current) if (!behind.has(name)) it.removeFeatureState(feature, 'dim');
      for (const feature of behind.values()) it.setFeatureState(feature, { dim: true });
      dimmed.current = behind;
    }, 120);
    return () => clearTimeout(timer);
  }, [group, pins, lines, ready]);

  useEffect(() => {
    const key = fitKey ?? '';
    if (!map.current || pins.length + lines.length === 0 && !pin || shown.current.fitKey === key) return;
    if (shown.current.fitKey !== 'start') fit();
    shown.current.fitKey = key;
  }, [fitKey, pins, lines, ready]);

  // What is selected elsewhere comes into view here, without changing the zoom.
  useEffect(() => {
    const pin = selected && pins.find(one => one.id === selected);
    if (!pin || !map.current) return;
    if (!map.current.getBounds().contains(pin.point)) map.current.easeTo({ center: pin.point, duration: 200 });
  }, [selected]);

  function ours(lib: typeof import('./paint'), shade: 'light' | 'dark') {
    const { pins, lines, selected, hovered } = now.current;
    return { pins: pinsData(pins.filter(gathers), shade), marks: pinsData(pins.filter(pin => !gathers(pin)), shade), lines: linesData(lines, lib.personColour), focus: focusData(pins, hovered, selected, shade) };
  }
  function everything(): Bounds {
    return drawn(now.current.pins, now.current.lines, now.current.pin) ?? now.current.land.bounds;
  }
  function fit() {
    map.current?.fitBounds(everything(), { padding: room, maxZoom: now.current.pin ? 17 : 15, duration: 200 });
  }
  function near(): Point {
    const centre = map.current?.getCenter();
    return centre ? [centre.lng, centre.lat] : land.centre;
  }
  function locate() {
    navigator.geolocation?.getCurrentPosition(position => {
      const point: Point = [position.coords.longitude, position.coords.latitude];
      setMe(point);
      map.current?.easeTo({ center: point, zoom: Math.max(14, map.current.getZoom()) });
    }, () => setMe(null), { enableHighAccuracy: true, timeout: 10_000 });
  }

  return <section className="map" aria-label={label}>
    <div className="map-canvas" ref={box} data-ready={ready > 0 || undefined} />
    {failed
      ? <div className="map-failed"><p>{failed === 'webgl' ? t('map.noMap') : t('map.failed')}</p>{failed === 'library' && <button className="button" onClick={() => { setFailed(null); setTries(tries + 1); }}>{t('common.retry')}</button>}</div>
      : <>
        <div className="map-tools">
          <button aria-label={t('map.zoomIn')} title={t('map.zoomIn')} onClick={() => map.current?.zoomIn({ duration: 150 })}><Icon name="plus" /></button>
          <button aria-label={t('map.zoomOut')} title={t('map.zoomOut')} onClick={() => map.current?.zoomOut({ duration: 150 })}><Icon name="minus" /></button>
          <button aria-label={t('map.fit')} title={t('map.fit')} onClick={fit}><Icon name="fit" /></button>
          <button className="map-compass" data-turned={bearing !== 0 || undefined} aria-label={bearing === 0 ? t('map.north') : t('map.northUp', { n: Math.abs(bearing), side: bearing > 0 ? t('map.east') : t('map.west') })} title={t('map.north')} onClick={() => map.current?.easeTo({ bearing: 0, duration: 200 })}>
            <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"><path className="north" d="M10 2 13.200 10H6.800Z" /><path className="south" d="M10 18 6.800 10h6.400Z" /></svg></button>
          {'geolocation' in navigator && <button aria-label={t('map.locate')} title={t('map.locate')} onClick={locate}><Icon name="locate" /></button>}
        </div>
        {search && <MapSearch near={near} onGo={(point, zoom) => { setFound(point); map.current?.flyTo({ center: point, zoom, duration: 900 }); }} onClear={() => setFound(null)} />}
        <p className="map-ends" role="status">{ends && t('map.ends', { name: land.name.replace(/ \d{4}$/, '') })}</p>
        <Attribution text={land.attribution || (land.source === 'town' ? t('map.invented') : t('map.attribution'))} />
      </>}
    {children}
  </section>;
}

/** The source of the map, without the mark-up it comes in; where OpenStreetMap is named it is a link to its terms. */
function Attribution({ text }: { text: string }) {
  const words = text.replace(/<[^>]*>/g, '');
  return <p className="map-attribution">{/openstreetmap/i.test(words) ? <a href="https://www.openstreetmap.org/copyright" target="_blank" rel="noopener noreferrer">{words}</a> : words}</p>;
}

const styles = new Map<string, Promise<StyleSpecification>>();
function fetchStyle(shade: 'light' | 'dark'): Promise<StyleSpecification> {
  const address = `/map/style/${shade}.json?lang=${language()}`;
  let found = styles.get(address);
  if (!found) {
    found = fetch(address).then(response => { if (!response.ok) throw new Error(`map style: ${response.status}`); return response.json() as Promise<StyleSpecification>; });
    styles.set(address, found);
    found.catch(() => styles.delete(address));
  }
  return found;
}

/** The box around everything drawn, or null. */
function drawn(pins: readonly Pin[], lines: readonly Line[], pin: Point | null): Bounds | null {
  const points = function* () {
    if (pin) yield pin;
    for (const one of pins) yield one.point;
    for (const line of lines) for (const part of line.parts) yield* part;
  };
  return boundsOf(points());
}

/** The nearest and farthest zooms whose tiles the server cuts. */
const tileZooms = [4, 15] as const;
let asked: AbortController | null = null;
/** Fetches the tiles around the view while nobody waits, so that the next drag of the map finds them in the browser's own store. */
function ahead(map: MapLibre) {
  asked?.abort();
  const saving = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData;
  if (saving || document.hidden) return;
  const { signal } = asked = new AbortController();
  const bounds = map.getBounds(), zoom = Math.min(Math.floor(map.getZoom()), tileZooms[1]);
  if (zoom < tileZooms[0]) return;
  const tiles = tilesAround([bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()], zoom);
  const next = async () => {
    for (let tile = tiles.shift(); tile && !signal.aborted; tile = tiles.shift()) {
      try { await (await fetch(`/tiles/basemap/${tile.join('/')}.mvt`, { signal, priority: 'low' } as RequestInit)).arrayBuffer(); } catch { return; }
    }
  };
  void next();
  void next();
}

/** Tells whether the view has come to where the loaded land ends: by looking for the faded land along the view's rim. Where all of
 * the land is in view its end is plain to see. */
function endsInView(map: MapLibre, [west, south, east, north]: Bounds): boolean {
  if (!map.getLayer('outside') || (map.getBounds().contains([west, south]) && map.getBounds().contains([east, north]))) return false;
  const { clientWidth: width, clientHeight: height } = map.getCanvas();
  const rim = 10;
  for (const x of [rim, width / 2, width - rim]) for (const y of [rim, height / 2, height - rim]) {
    if (map.queryRenderedFeatures([x, y], { layers: ['outside'] }).length > 0) return true;
  }
  return false;
}

/** The view a link such as /#map=15/47.141/9.521 leads to: zoom, latitude, longitude, as OpenStreetMap writes it. */
function linkedView(hash: string): { zoom: number; center: Point } | null {
  const [zoom, lat, lon] = (/^#map=(.+)$/.exec(hash)?.[1] ?? '').split('/').map(Number);
  return zoom! >= 0 && zoom! <= 19 && Math.abs(lat!) <= 85 && Math.abs(lon!) <= 180 ? { zoom: zoom!, center: [lon!, lat!] } : null;
}
