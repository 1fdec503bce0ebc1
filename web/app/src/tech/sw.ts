// The service worker of the phone: keeps the app's own files, so that /tech opens without a network, and the map tiles it was
// given or has seen. Data is not kept here but by the app, which knows what it shows and how old it is.
const worker = self as unknown as ServiceWorkerGlobalScope;

const shell = 'shell-' + __VERSION__;
const tiles = 'tiles-1';
const mostTiles = 3000;

worker.addEventListener('install', event => event.waitUntil(caches.open(shell).then(cache => cache.addAll(__SHELL__))));

worker.addEventListener('activate', event => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith('shell-') && name !== shell) await caches.delete(name);
  await worker.clients.claim();
})()));

worker.addEventListener('message', event => {
  const message = event.data as { kind: string; urls?: string[] };
  if (message.kind === 'restart') void worker.skipWaiting();
  if (message.kind === 'prefetch') event.waitUntil(prefetch(message.urls ?? []).then(count => event.ports[0]?.postMessage(count)));
});

worker.addEventListener('fetch', event => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    if (url.pathname === '/tech' || url.pathname.startsWith('/tech/')) event.respondWith(caches.open(shell).then(async cache => await cache.match('/tech') ?? fetch(request)));
  } else if (url.pathname.startsWith('/tiles/')) {
    event.respondWith(keptFirst(tiles, request));
  } else if (url.pathname.startsWith('/map/style/')) {
    event.respondWith(freshFirst(tiles, request));
  } else if (url.pathname.startsWith('/assets/') || url.pathname === '/manifest.webmanifest') {
    event.respondWith(keptFirst(shell, request));
  }
});

async function keptFirst(name: string, request: Request): Promise<Response> {
  const cache = await caches.open(name);
  const kept = await cache.match(request, { ignoreVary: true });
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

async function freshFirst(name: string, request: Request): Promise<Response> {
  const cache = await caches.open(name);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(4000) });
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (cause) {
    const kept = await cache.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw cause;
  }
}

async function prefetch(urls: string[]): Promise<number> {
  const cache = await caches.open(tiles);
  const kept = await cache.keys();
  for (const old of kept.slice(0, Math.max(0, kept.length + urls.length - mostTiles))) await cache.delete(old);
  let count = 0;
  for (const url of urls) {
    try {
      if (!await cache.match(url, { ignoreVary: true })) {
        const response = await fetch(url);
        if (!response.ok) continue;
        await cache.put(url, response);
      }
      count++;
    } catch { return count; }
  }
  return count;
}

export {};
