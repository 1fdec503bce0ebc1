import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, Verdict } from '../api/types';
import { Outbox, type Device, type Entry, type Store, type Wire } from './outbox';

const visit = { id: 'visit-1', title: 'Boiler service', version: 3 };

function memory(): Store & { all: Map<string, Entry>; known: Device | null } {
  const store = {
    all: new Map<string, Entry>(), known: null as Device | null,
    entries: async () => [...store.all.values()].map(entry => ({ ...entry })),
    put: async (entry: Entry) => { store.all.set(entry.id, { ...entry }); },
    remove: async (id: string) => { store.all.delete(id); },
    device: async () => store.known,
    saveDevice: async (device: Device) => { store.known = device; },
  };
  return store;
}

/** A server after the rules of the protocol: numbers without a gap, each command applied once. */
class Server implements Wire {
  applied: { id: string; seq: number; kind: string }[] = [];
  last = 0;
  down = false;
  loseAnswer = false;
  async hello() { if (this.down) throw new Error('down'); return { last_seq: this.last }; }
  async sync(_: string, commands: Command[]): Promise<Verdict[]> {
    if (this.down) throw new Error('down');
    const verdicts: Verdict[] = [];
    for (const command of commands) {
      if (this.applied.some(one => one.id === command.id)) { verdicts.push({ id: command.id, verdict: 'duplicate' }); continue; }
      if (command.seq !== this.last + 1) { verdicts.push({ id: command.id, verdict: 'gap' }); continue; }
      this.last = command.seq;
      this.applied.push({ id: command.id, seq: command.seq, kind: command.kind });
      verdicts.push({ id: command.id, verdict: 'applied' });
    }
    if (this.loseAnswer) { this.loseAnswer = false; throw new Error('the answer was lost'); }
    return verdicts;
  }
}

function house(now = 1_000_000) {
  const store = memory(), server = new Server(), clock = { now };
  return { store, server, clock, outbox: new Outbox(store, server, () => clock.now) };
}

test('commands arrive in the order in which they were tapped', async () => {
  const { outbox, server } = house();
  for (const kind of ['start_travel', 'arrive', 'start', 'complete'] as const) await outbox.add(kind, visit, {});
  const result = await outbox.send();
  assert.deepEqual(server.applied.map(one => [one.seq, one.kind]), [[1, 'start_travel'], [2, 'arrive'], [3, 'start'], [4, 'complete']]);
  assert.equal(result.waiting, 0);
});

test('a command whose answer was lost is applied exactly once', async () => {
  const { outbox, server } = house();
  await outbox.add('start_travel', visit, {});
  server.loseAnswer = true;
  assert.equal((await outbox.send()).waiting, 1);
  await outbox.add('arrive', visit, {});
  assert.equal((await outbox.send()).waiting, 0);
  assert.deepEqual(server.applied.map(one => one.kind), ['start_travel', 'arrive']);
});

test('nothing is lost while the server is down, also over a restart of the app', async () => {
  const { store, server, outbox, clock } = house();
  server.down = true;
  await outbox.add('start_travel', visit, {});
  await outbox.send();
  const reopened = new Outbox(store, server, () => clock.now);
  await reopened.add('arrive', visit, {});
  server.down = false;
  await reopened.send();
  assert.deepEqual(server.applied.map(one => one.kind), ['start_travel', 'arrive']);
});

test('a tap can be taken back while it is held, and is never sent then', async () => {
  const { outbox, server, clock } = house();
  const entry = await outbox.add('complete', visit, {}, 10_000);
  assert.equal((await outbox.send()).waiting, 1);
  assert.equal(await outbox.undo(entry.id), true);
  clock.now += 20_000;
  await outbox.send();
  assert.deepEqual(server.applied, []);
});

test('a command that was sent cannot be taken back', async () => {
  const { outbox, server } = house();
  const entry = await outbox.add('complete', visit, {});
  server.loseAnswer = true;
  await outbox.send();
  assert.equal(await outbox.undo(entry.id), false);
});

test('a held tap holds back what was tapped after it, so that the order stays', async () => {
  const { outbox, server, clock } = house();
  await outbox.add('start_travel', visit, {}, 10_000);
  await outbox.add('add_note', visit, { text: 'gate is locked' });
  await outbox.send();
  assert.equal(server.applied.length, 0);
  clock.now += 10_001;
  await outbox.send();
  assert.deepEqual(server.applied.map(one => one.kind), ['start_travel', 'add_note']);
});

test('closing the app sends what is still held', async () => {
  const { outbox, server } = house();
  await outbox.add('start_travel', visit, {}, 10_000);
  await outbox.send(true);
  assert.equal(server.applied.length, 1);
});

test('when the server counts further than the phone, the phone asks and numbers anew', async () => {
  const { outbox, server, store } = house();
  store.known = { id: 'device', last_seq: 7, known: true };
  server.last = 2;
  await outbox.add('start_travel', visit, {});
  await outbox.add('arrive', visit, {});
  assert.equal((await outbox.send()).waiting, 0);
  assert.deepEqual(server.applied.map(one => one.seq), [3, 4]);
});

test('two sends at once are one', async () => {
  const { outbox, server } = house();
  await outbox.add('start_travel', visit, {});
  await Promise.all([outbox.send(), outbox.send()]);
  assert.equal(server.applied.length, 1);
});

test('a server that answers nothing is told as an error and not asked for ever', async () => {
  const { outbox, server } = house();
  await outbox.add('start_travel', visit, {});
  server.sync = async () => [];
  const result = await outbox.send();
  assert.ok(result.error);
  assert.equal(result.waiting, 1);
});

test('random faults: every command is applied once and in order', async () => {
  let seed = 7;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let round = 0; round < 200; round++) {
    const { outbox, server, store } = house();
    const kinds: string[] = [];
    for (let step = 0; step < 12; step++) {
      if (random() < 0.6) { kinds.push(`note ${step}`); await outbox.add('add_note', visit, { text: `note ${step}` }); }
      server.down = random() < 0.3;
      server.loseAnswer = random() < 0.3;
      await outbox.send();
    }
    server.down = server.loseAnswer = false;
    await outbox.send();
    assert.equal(server.applied.length, kinds.length);
    assert.deepEqual(server.applied.map(one => one.seq), kinds.map((_, i) => i + 1));
    assert.equal(store.all.size, 0);
  }
});
