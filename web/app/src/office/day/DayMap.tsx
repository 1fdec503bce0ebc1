// The day on the map: routes in their people's colours, numbered stops, what has no place.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { lazy, memo, Suspense, useMemo } from 'react';
import { get } from '../../api/client';
import type { Board, Me, Plan, Point } from '../../api/types';
import { t } from '../../i18n';
import type { Line, Pin } from '../../map/data';
import { Skeleton } from '../../ui/states';
import { hover, select, useFocus } from '../focus';
import { isClosed, type Model } from './model';

const MapView = lazy(() => import('../../map/MapView').then(module => ({ default: module.MapView })));
type Shapes = GeoJSON.FeatureCollection<GeoJSON.LineString, { resource_id: string; leg: number }>;

export const DayMap = memo(function DayMap({ me, model, board, plan, day, zone, onOpen }: { me: Me; model: Model; board: Board; plan: Plan | null; day: string; zone: string; onOpen: (id: string) => void }) {
  const focus = useFocus();
  const planned = useQuery({ queryKey: ['shapes', plan?.id], enabled: plan !== null, staleTime: Infinity, queryFn: ({ signal }) => get<Shapes>(`/plans/${plan!.id}/shapes`, undefined, signal) });
  // A day's routes come and go together: they are asked for by the day and what the board shows of them.
  const routes = model.lanes.map(lane => lane.routeId ?? '').join(' ');
  const published = useQuery({ queryKey: ['shapes', day, routes, board.version ?? 0], enabled: plan === null, staleTime: Infinity, placeholderData: keepPreviousData, queryFn: ({ signal }) => get<Shapes>('/routes/shapes', { date: day }, signal) });

  const pins = useMemo<Pin[]>(() => [
    ...model.lanes.filter(lane => lane.visits > 0 || lane.shifts.length > 0).map(lane => ({ id: `base ${lane.resource.id}`, point: lane.resource.base.point, text: '', look: 'base' as const })),
    ...model.lanes.flatMap(lane => lane.bars.flatMap(bar => bar.visit ? [{ id: bar.visit.id, point: bar.visit.site.point, text: String(bar.number), colour: lane.resource.colour, look: isClosed(bar.visit) ? 'closed' as const : 'stop' as const, group: lane.resource.id, weight: 50 - bar.number }] : [])),
    ...model.left.map(({ visit }) => ({ id: visit.id, point: visit.site.point, text: visit.priority >= 70 ? '!' : '', look: 'open' as const, weight: visit.priority })),
  ], [model]);

  const lines = useMemo<Line[]>(() => {
    const shown = plan ? planned.data : published.data;
    const parts = new Map<string, Point[][]>();
    for (const feature of shown?.features ?? []) {
      const who = feature.properties.resource_id;
      if (!parts.has(who)) parts.set(who, []);
      parts.get(who)!.push(feature.geometry.coordinates as Point[]);
    }
    return model.lanes.flatMap(lane => parts.has(lane.resource.id) ? [{ id: lane.resource.id, group: lane.resource.id, colour: lane.resource.colour, parts: parts.get(lane.resource.id)! }] : []);
  }, [model.lanes, plan, planned.data, published.data]);

  const group = focus.person ?? (focus.selected ? model.byVisit.get(focus.selected)?.lane.resource.id ?? null : null);
  return <Suspense fallback={<Skeleton lines={8} />}>
    <MapView label={t('day.map')} land={me.map} search pins={pins} lines={lines} selected={focus.selected} hovered={focus.hovered} group={group} fitKey={`${day} ${zone}`}
      onHover={id => hover(id && !id.startsWith('base') ? id : null)} onPick={id => { if (id && !id.startsWith('base') && id !== 'me') onOpen(id); else select(null); }} />
  </Suspense>;
});
