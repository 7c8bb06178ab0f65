/**
 * Everything that comes from the link is a stranger's. Whatever it is, nothing is believed that the site's authority
 * and the reader have not vouched for, and nothing but a HoldfastError comes of it.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import * as cbor from "../../host_tools/holdfast_host/phone/page/core/cbor.mjs";
import { Handshake } from "../../host_tools/holdfast_host/phone/page/core/client.mjs";
import { Connection } from "../../host_tools/holdfast_host/phone/page/core/connection.mjs";
import { decodeOptions } from "../../host_tools/holdfast_host/phone/page/core/coap.mjs";
import { offerSuites, parseError } from "../../host_tools/holdfast_host/phone/page/core/edhoc_error.mjs";
import { SecurityContext } from "../../host_tools/holdfast_host/phone/page/core/oscore.mjs";
import { p256Point, sharedSecret } from "../../host_tools/holdfast_host/phone/page/core/public_key.mjs";
import { StreamDecoder } from "../../host_tools/holdfast_host/phone/page/core/stream.mjs";
import { authenticateDevice, readAuthority, readCredential, readRevokedDevices, replaces } from "../../host_tools/holdfast_host/phone/page/core/trust.mjs";
import { parse } from "../../host_tools/holdfast_host/phone/page/core/cwt.mjs";
import { unlock } from "../../host_tools/holdfast_host/phone/page/core/unlock.mjs";
import * as support from "./support.mjs";

const { fromHex, toHex, codeOf, load, named, SITE } = support;
const UNLOCKS = load("unlocks").vectors;

/**
 * With what code each change of a single bit of `bytes` is refused. All at once: WebCrypto works in other threads, and
 * one after the other would wait for them thousands of times.
 */
function ofEachBit(bytes, work) {
  const bits = Array.from({ length: 8 * bytes.length }, (_, bit) => bit);
  return Promise.all(
    bits.map((bit) => {
      const other = bytes.slice();
      other[bit >> 3] ^= 1 << (bit & 7);
      return codeOf(() => work(other));
    }),
  );
}

/** All of `codes` are among `allowed`, for one bit each of so many bytes. */
function assertRefused(codes, bytes, allowed) {
  assert.equal(codes.length, 8 * bytes);
  codes.forEach((code, bit) => assert.ok(allowed.includes(code), `bit ${bit}: ${code}`));
}

for (const suite of [0, 2]) {
  test(`suite ${suite}: message_2 with any one bit changed is refused, and the right one is taken after it`, async () => {
    const vector = named(UNLOCKS, `cold-suite-${suite}`);
    const phone = await support.identity(suite);
    const handshake = await Handshake.start(phone, SITE.door, [suite], support.chance(vector.phone_ephemerals));
    const [, response] = new StreamDecoder().feed(fromHex(vector.steps[1].frame));
    const codes = await ofEachBit(response.payload, (payload) => handshake.read({ ...response, payload }, SITE.time));
    assertRefused(codes, response.payload.length, ["no-proof", "no-certificate", "other-site"]);
    assert.ok((await handshake.read(response, SITE.time)).message3.length > 0);
  });
}

test("an answer with any one bit of its frame changed is refused, and is never a grant", async () => {
  const vector = named(UNLOCKS, "cold-suite-0");
  const phone = await support.identity(0);
  const handshake = await Handshake.start(phone, SITE.door, [0], support.chance(vector.phone_ephemerals));
  const [, response] = new StreamDecoder().feed(fromHex(vector.steps[1].frame));
  const checked = await handshake.read(response, SITE.time);
  const frame = fromHex(vector.steps[3].frame);
  const asked = await checked.ask(SITE.door, { intent: true });
  const codes = await ofEachBit(frame, async (bytes) => {
    const link = support.answering([fromHex("00e1"), bytes]);
    return asked.read(await new Connection(link).request(asked.request));
  });
  assertRefused(codes, 24, ["rejected", "not-believed", "malformed", "link-closed"]);
  const link = support.answering([fromHex("00e1"), frame]);
  assert.equal((await asked.read(await new Connection(link).request(asked.request))).granted, true);
  // What was answered once is over: the same answer is no second one.
  const again = support.answering([fromHex("00e1"), frame]);
  const twice = await codeOf(async () => asked.read(await new Connection(again).request(asked.request)));
  assert.equal(twice, "not-believed");
});

test("a token with any one bit changed is no certificate, and no credential", async () => {
  const { key, token, trust } = await support.identity(0);
  const certificate = support.token("certificate-suite-0");
  const codes = await ofEachBit(certificate, (bytes) => authenticateDevice(bytes, trust));
  assertRefused(codes, certificate.length, ["other-site"]);
  const read = (bytes) => readCredential(bytes, key, trust.authorityKeys, SITE.time);
  assertRefused(await ofEachBit(token, read), token.length, ["credential"]);
  assert.equal(await codeOf(() => read(token)), "accepted");
});

test("the list of revoked devices with any one bit changed is refused; an older one does not replace a newer", async () => {
  const { authorityKeys } = support.trust();
  const raw = support.revokedDevices();
  const codes = await ofEachBit(raw, (bytes) => readRevokedDevices(bytes, SITE.name, authorityKeys));
  assertRefused(codes, raw.length, ["malformed", "unsupported", "not-authentic", "other-site"]);
  assert.equal(await codeOf(() => readRevokedDevices(raw, "globex", authorityKeys)), "other-site");
  const list = await readRevokedDevices(raw, SITE.name, authorityKeys);
  assert.equal(replaces(list, null), true);
  const fewer = { ...list, issuedAt: list.issuedAt - 1, ctis: new Set() };
  assert.equal(replaces(fewer, list), false);
  assert.equal(replaces({ ...list, issuedAt: list.issuedAt - 1 }, list), true);
});

test("who is there, and is not the door's reader, has seen nothing but message_1", async () => {
  const vector = named(UNLOCKS, "cold-suite-0");
  const phone = await support.identity(0);
  const foreign = { ...phone, trust: { ...phone.trust, authorityKeys: await otherAuthority() } };
  const expires = parse(support.token("certificate-suite-0")).claims.exp;
  const cases = [
    ["other-door", { door: "cellar" }],
    ["ended", { now: expires }],
    ["other-site", { identities: [foreign] }],
    ["other-site", { identities: [{ ...phone, trust: { ...phone.trust, site: "globex" } }] }],
  ];
  for (const [code, changes] of cases) {
    const link = support.answering([fromHex(vector.steps[1].frame)]);
    const store = support.memoryStore();
    const visit = { ...visitOf(vector, phone, link, store), ...changes };
    assert.equal(await codeOf(() => unlock(visit)), code);
    assert.equal(link.sent.length, 1, code);
    assert.ok(!toHex(link.sent[0]).includes(toHex(phone.token)));
    assert.ok(link.isClosed && store.session === null, code);
  }
});

test("a Partial IV is kept before anything is sent under it, and a store that fails sends nothing", async () => {
  const { visit, store } = await kept();
  const order = [];
  const link = { write: async () => void order.push("sent"), read: async () => support.EMPTY };
  store.save = async (door, session) => {
    order.push(`kept ${session?.sequenceNumber}`);
    store.session = session;
  };
  await codeOf(() => unlock({ ...visit, connect: async () => link }));
  assert.deepEqual(order.slice(0, 2), ["kept 8", "sent"]);
  const silent = support.answering([]);
  store.save = async () => {
    throw new RangeError("no room");
  };
  await assert.rejects(unlock({ ...visit, connect: async () => silent }), RangeError);
  assert.equal(silent.sent.length, 0);
});

test("a kept context of a reader that ended, was revoked or has another credential is not used", async () => {
  const { visit, store, session, phone } = await kept();
  const revoked = { ...phone, trust: { ...phone.trust, revoked: new Set([session.partner.cti]) } };
  const other = { ...phone, token: support.token("guest") };
  const cases = [{ now: session.partner.expires }, { identities: [revoked] }, { identities: [other] }];
  for (const changes of cases) {
    store.session = session;
    const link = support.answering([]);
    await codeOf(() => unlock({ ...visit, ...changes, connect: async () => link }));
    assert.ok(toHex(link.sent[0]).includes(toHex(support.utf8("edhoc"))));
    assert.equal(store.session, null);
  }
});

test("of a context that is used up nothing more is sent", async () => {
  const { visit, store, session } = await kept();
  store.session = { ...session, sequenceNumber: 2 ** 40 };
  const link = support.answering([]);
  await codeOf(() => unlock({ ...visit, connect: async () => link }));
  assert.ok(toHex(link.sent[0]).includes(toHex(support.utf8("edhoc"))));
  const context = await SecurityContext.derive(session);
  assert.equal(await codeOf(() => context.protectRequest({ code: 3, options: [], payload: support.EMPTY }, 2 ** 40)), "exhausted");
  const same = { ...session, recipientId: session.senderId };
  assert.equal(await codeOf(() => SecurityContext.derive(same)), "malformed");
});

test("an answer that does not come in time ends the connection, however busy the link is kept", async () => {
  const { visit } = await kept();
  const pings = { write: async () => undefined, isClosed: false };
  let greeted = false;
  pings.read = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const frame = greeted ? "00e2" : "00e1";
    greeted = true;
    return fromHex(frame);
  };
  pings.close = () => void (pings.isClosed = true);
  const code = await codeOf(() => unlock({ ...visit, cold: true, answerMs: 20, connect: async () => pings }));
  assert.equal(code, "silent");
  assert.ok(pings.isClosed);
});

test("a door that was asked and whose answer is lost may be open, and that is said", async () => {
  const vector = named(UNLOCKS, "cold-suite-0");
  const phone = await support.identity(0);
  const link = support.answering([fromHex(vector.steps[1].frame)]);
  assert.equal(await codeOf(() => unlock(visitOf(vector, phone, link, support.memoryStore()))), "unanswered");
  assert.equal(link.sent.length, 2);
});

test("a connection that is lost in a handshake is made again, with another ephemeral key", async () => {
  const vector = named(UNLOCKS, "cold-suite-0");
  const phone = await support.identity(0);
  const links = [support.answering([]), support.answering([])];
  const all = [...links];
  const { chance: _, ...visit } = visitOf(vector, phone, null, support.memoryStore());
  const code = await codeOf(() => unlock({ ...visit, handshakes: 2, connect: async () => links.shift() }));
  assert.equal(code, "link-closed");
  const [first, second] = all.map(({ sent }) => toHex(sent[0]).slice(60));
  assert.equal(all.every(({ sent, isClosed }) => sent.length === 1 && isClosed), true);
  assert.notEqual(first, second);
});

test("errors about suites that go on for ever are not answered for ever", async () => {
  const phones = [await support.identity(2), await support.identity(0)];
  const frame = fromHex("00e1" + "5080c140ff0200");
  const link = { sent: 0, read: async () => frame };
  link.write = async () => void link.sent++;
  const { chance: _, ...visit } = visitOf(named(UNLOCKS, "cold-suite-0"), null, link, support.memoryStore());
  assert.equal(await codeOf(() => unlock({ ...visit, identities: phones })), "wrong-suite");
  assert.equal(link.sent, 2);
  assert.deepEqual(offerSuites([2, 0], [0], [2]), [2, 0]);
  assert.deepEqual(offerSuites([2, 0], [2], [2]), []);
  assert.deepEqual(offerSuites([2, 0], [7], [2]), []);
});

test("random bytes, and random changes of what is right, are refused and nothing else", async () => {
  const random = generator(16);
  const { key, token, trust } = await support.identity(0);
  const readers = [
    (data) => cbor.decode(data),
    (data) => parse(data),
    (data) => readAuthority(data),
    (data) => decodeOptions(data),
    (data) => new StreamDecoder().feed(data),
    (data) => parseError(data),
    (data) => readCredential(data, key, trust.authorityKeys, SITE.time),
    (data) => readRevokedDevices(data, SITE.name, trust.authorityKeys),
  ];
  const rights = [token, support.file("authority.pub"), fromHex("820002"), support.revokedDevices()];
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    const right = rights[random(rights.length)];
    const data = round % 2 ? spoilt(right, random) : Uint8Array.from({ length: random(40) }, () => random(256));
    const reader = readers[random(readers.length)];
    refused += (await codeOf(() => reader(data))) === "accepted" ? 0 : 1;
  }
  assert.ok(refused > 1000, `${refused} refused`);
});

test("lengths and counts are believed no further than the bytes that are there", async () => {
  const claims = ["5bffffffffffffffff", "9bffffffffffffffff", "bbffffffffffffffff", "7affffffff", "9a00100000", "81".repeat(600) + "00"];
  for (const hex of [...claims, "f97e00", "5f40ff", "1817", "a2020001", "a20100010", "c2410", "f7", "a1400", "ff", ""]) {
    const whole = hex.length % 2 ? `${hex}0` : hex;
    assert.equal(await codeOf(() => cbor.decode(fromHex(whole))), "malformed", hex.slice(0, 20));
  }
  assert.equal(cbor.decode(fromHex("1bffffffffffffffff")), 2n ** 64n - 1n);
  assert.equal(cbor.decode(fromHex("3bffffffffffffffff")), -(2n ** 64n));
});

test("public keys that are no points, or give no secret, are refused", async () => {
  const x25519 = await support.keyOf(0, "11".repeat(32));
  for (const peer of ["00".repeat(32), "01" + "00".repeat(31), "ec" + "ff".repeat(30) + "7f"]) {
    assert.equal(await codeOf(() => sharedSecret(x25519, fromHex(peer))), "malformed", peer);
  }
  const p256 = await support.keyOf(2, "11".repeat(32));
  for (const x of ["ff".repeat(32), "00".repeat(31) + "02"]) {
    const isPoint = await codeOf(() => p256Point(fromHex(x), false));
    assert.equal(isPoint, "malformed", x);
  }
  assert.equal(await codeOf(() => sharedSecret(p256, fromHex("04" + "11".repeat(64)))), "malformed");
  const even = p256Point(fromHex(support.keyPair("phone_p256").public.slice(0, 64)), false);
  const odd = p256Point(fromHex(support.keyPair("phone_p256").public.slice(0, 64)), true);
  assert.deepEqual(await sharedSecret(p256, even), await sharedSecret(p256, odd));
});

/** A visit with a context that was kept, whose next Partial IV is 7. */
async function kept() {
  const vector = named(UNLOCKS, "cold-suite-0");
  const phone = await support.identity(0);
  const store = support.memoryStore();
  await unlock(visitOf(vector, phone, new support.Recorded(vector.steps), store));
  const session = { ...store.session, sequenceNumber: 7 };
  store.session = session;
  const { chance: _, ...visit } = visitOf(vector, phone, null, store);
  return { visit, store, session, phone };
}

function visitOf(vector, phone, link, store) {
  return {
    connect: async () => link,
    store,
    identities: [phone],
    door: SITE.door,
    wish: { intent: true },
    now: SITE.time,
    chance: support.chance(vector.phone_ephemerals),
  };
}

async function otherAuthority() {
  const pair = await globalThis.crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  const x = new Uint8Array(await globalThis.crypto.subtle.exportKey("raw", pair.publicKey));
  return readAuthority(cbor.encode(new Map([[1, 1], [-1, 6], [-2, x]])));
}

/** Numbers that are the same in each run (xorshift32). */
function generator(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function spoilt(bytes, random) {
  const other = [...bytes];
  const at = random(other.length);
  if (random(3) === 0) {
    other.splice(at, random(8));
  } else if (random(2) === 0) {
    other.splice(at, 0, random(256));
  } else {
    other[at] = random(256);
  }
  return Uint8Array.from(other);
}
