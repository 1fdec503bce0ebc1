// The outbox of the phone: every tap is a command, kept on the device before anything else happens, sent in order, each applied
// once. Numbers (seq) are given when a command is first sent, so that it can be taken back until then; a command that was sent
// once keeps its number and id on every retry.
import { uuid7 } from '../api/client';
import type { Command, CommandKind, Verdict, Visit, VisitState } from '../api/types';

/** A command as it lies in the outbox. */
export interface Entry {
  id: string; order: number; kind: CommandKind; visit_id: string; title: string; base_version: number; device_time: string; tz: string; payload: Record<string, unknown>;
  /** Not sent before this moment, so that it can be undone; milliseconds. */
  holdUntil: number;
  /** What the visit looks like with it, where its kind does not say so: an undo shows what was before. */
  shows?: VisitState;
  /** Given at the first try to send; from then on the command cannot be taken back. */
  seq?: number;
}
export interface Device { id: string; last_seq: number; known: boolean }

/** Where entries and the device's number are kept: IndexedDB on the phone, memory in tests. */
export interface Store {
  entries(): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(id: string): Promise<void>;
  device(): Promise<Device | null>;
  saveDevice(device: Device): Promise<void>;
}
/** The two calls to the server. Both throw when it cannot be reached. */
export interface Wire {
  hello(device: { id: string; name: string }): Promise<{ last_seq: number }>;
  sync(device: string, commands: Command[]): Promise<Verdict[]>;
}

export type SendResult = { sent: Verdict[]; waiting: number; error: unknown };

const batch = 50;

export class Outbox {
  private sending: Promise<SendResult> | null = null;
  constructor(private readonly store: Store, private readonly wire: Wire, private readonly now: () => number = Date.now) {}

  async add(kind: CommandKind, visit: Pick<Visit, 'id' | 'title' | 'version'>, payload: Record<string, unknown>, holdMs = 0, shows?: VisitState): Promise<Entry> {
    const existing = await this.store.entries();
    const order = existing.reduce((most, entry) => Math.max(most, entry.order), 0) + 1;
    const at = this.now();
    const entry: Entry = {
      id: uuid7(at), order, kind, visit_id: visit.id, title: visit.title, base_version: visit.version, payload, holdUntil: at + holdMs, shows,
      device_time: new Date(at).toISOString(), tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
    };
    await this.store.put(entry);
    return entry;
  }

  /** Takes a command back before it is sent. False when it is on its way already: then only an undo command helps. */
  async undo(id: string): Promise<boolean> {
    if (this.sending) await this.sending.catch(() => undefined);
    const entry = (await this.store.entries()).find(one => one.id === id);
    if (!entry || entry.seq !== undefined) return false;
    await this.store.remove(id);
    return true;
  }

  async waiting(): Promise<Entry[]> {
    return (await this.store.entries()).sort((a, b) => a.order - b.order);
  }

  /** Sends what may be sent, in order; stops at the first command still held (unless everything shall go) and at the first failure of the line. */
  send(everything = false): Promise<SendResult> {
    return this.sending ??= this.sendNow(everything).finally(() => { this.sending = null; });
  }

  private async sendNow(everything: boolean): Promise<SendResult> {
    const sent: Verdict[] = [];
    try {
      for (let renumbered = 0; ;) {
        const ready: Entry[] = [];
        for (const entry of await this.waiting()) {
          if (entry.seq === undefined && !everything && entry.holdUntil > this.now()) break;
          if (ready.length === batch) break;
          ready.push(entry);
        }
        if (ready.length === 0) return { sent, waiting: (await this.store.entries()).length, error: null };
        let device = await this.store.device();
        if (!device?.known) device = await this.greet(device);
        let seq = device.last_seq;
        for (const entry of ready) {
          if (entry.seq === undefined || entry.seq <= device.last_seq) { entry.seq = seq + 1; await this.store.put(entry); }
          seq = entry.seq;
        }
        const verdicts = await this.wire.sync(device.id, ready.map(({ id, seq, kind, visit_id, base_version, device_time, tz, payload }) => ({ id, seq: seq!, kind, visit_id, base_version, device_time, tz, payload })));
        let gap = false;
        const before = sent.length;
        let last = device.last_seq;
        for (const verdict of verdicts) {
          const entry = ready.find(one => one.id === verdict.id);
          if (!entry) continue;
          if (verdict.verdict === 'gap') { gap = true; break; }
          await this.store.remove(entry.id);
          last = Math.max(last, entry.seq!);
          sent.push(verdict);
        }
        await this.store.saveDevice({ ...device, last_seq: last });
        if (gap) {
          // The server counts otherwise (a restored phone, a restored server): ask where it stands and number anew, once.
          if (renumbered++ > 0) return { sent, waiting: (await this.store.entries()).length, error: new Error('the server does not accept the order of entries') };
          const fresh = await this.greet(device);
          let next = fresh.last_seq;
          for (const entry of await this.waiting()) if (entry.seq !== undefined) await this.store.put({ ...entry, seq: ++next });
        } else if (sent.length === before) {
          return { sent, waiting: (await this.store.entries()).length, error: new Error('the server gave no verdict') };
        }
      }
    } catch (error) {
      return { sent, waiting: (await this.store.entries()).length, error };
    }
  }

  private async greet(device: Device | null): Promise<Device> {
    const id = device?.id ?? uuid7(this.now());
    const { last_seq } = await this.wire.hello({ id, name: deviceName() });
    const known = { id, last_seq, known: true };
    await this.store.saveDevice(known);
    return known;
  }
}

function deviceName(): string {
  const agent = typeof navigator === 'undefined' ? '' : navigator.userAgent;
  return /iPhone|iPad/.test(agent) ? 'iPhone' : /Android/.test(agent) ? 'Android' : 'Browser';
}
