// What the phone keeps: the outbox, the last copy of each day, who is logged in. In IndexedDB; wiped at logout.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Me, Today } from '../api/types';
import type { Device, Entry, Store } from './outbox';

interface Kept extends DBSchema {
  outbox: { key: string; value: Entry };
  days: { key: string; value: { today: Today; at: number; seen: Today | null } };
  values: { key: string; value: unknown };
  photos: { key: string; value: Photo };
}

/** A photo on its way: kept until the server has it. */
export interface Photo { id: string; visit: string; name: string; image: Blob; announced: boolean }

let opened: Promise<IDBPDatabase<Kept>> | null = null;
const db = () => opened ??= openDB<Kept>('catchment', 2, {
  upgrade(fresh, from) {
    if (from < 1) {
      fresh.createObjectStore('outbox', { keyPath: 'id' });
      fresh.createObjectStore('days');
      fresh.createObjectStore('values');
    }
    fresh.createObjectStore('photos', { keyPath: 'id' });
  },
});

export const outboxStore: Store = {
  entries: async () => (await db()).getAll('outbox'),
  put: async entry => { await (await db()).put('outbox', entry); },
  remove: async id => { await (await db()).delete('outbox', id); },
  device: async () => (await (await db()).get('values', 'device') as Device | undefined) ?? null,
  saveDevice: async device => { await (await db()).put('values', device, 'device'); },
};

export async function keepDay(today: Today, seen: Today | null): Promise<void> {
  const store = await db();
  await store.put('days', { today, at: Date.now(), seen }, today.date);
  for (const day of await store.getAllKeys('days')) if (day < today.date && Date.parse(today.date) - Date.parse(day) > 8 * 86_400_000) await store.delete('days', day);
}
export const keptDay = async (date: string) => (await db()).get('days', date);

export const keepMe = async (me: Me) => { await (await db()).put('values', me, 'me'); };
export const keptMe = async () => (await (await db()).get('values', 'me') as Me | undefined) ?? null;

/** Visits whose work has been started on this phone: the server's state does not tell arriving from working. */
export const keptWorking = async () => new Set((await (await db()).get('values', 'working') as string[] | undefined) ?? []);
export const keepWorking = async (ids: ReadonlySet<string>) => { await (await db()).put('values', [...ids].slice(-200), 'working'); };

export const photoStore = {
  all: async () => (await db()).getAll('photos'),
  put: async (photo: Photo) => { await (await db()).put('photos', photo); },
  remove: async (id: string) => { await (await db()).delete('photos', id); },
};

/** Deletes everything kept here. The device's number goes too: it belongs to whoever was logged in. */
export async function wipe(): Promise<void> {
  const store = await db();
  await store.clear('outbox');
  await store.clear('days');
  await store.clear('values');
  await store.clear('photos');
  for (const name of await caches.keys()) if (name.startsWith('tiles')) await caches.delete(name);
}
