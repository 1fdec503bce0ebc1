// The one place that imports MapLibre: a chunk of its own, loaded when the first map is shown. Its style sheet is loaded here too, so
// that pages without a map do not carry it.
import { LngLat, Map, Marker, ScaleControl, setWorkerUrl } from 'maplibre-gl';

setWorkerUrl(__MAP_WORKER__);

/** Resolves when MapLibre's style sheet is in force. */
export const styled = new Promise<void>(resolve => {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = __MAP_CSS__;
  link.onload = link.onerror = () => resolve();
  document.head.prepend(link);
});

export { LngLat, Map, Marker, ScaleControl };
