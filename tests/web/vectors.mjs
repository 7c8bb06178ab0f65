/** The core against docs/vectors, byte for byte: what a reader says and hears. */

import assert from "node:assert/strict";
import { test } from "node:test";

import * as cbor from "../../host_tools/holdfast_host/phone/page/core/cbor.mjs";
import { Asked, Handshake, Rejected, introduce } from "../../host_tools/holdfast_host/phone/page/core/client.mjs";
import { encodeAgreementKey, parse } from "../../host_tools/holdfast_host/phone/page/core/cose.mjs";
import { Connection } from "../../host_tools/holdfast_host/phone/page/core/connection.mjs";
import { Initiator } from "../../host_tools/holdfast_host/phone/page/core/edhoc.mjs";
import { SecurityContext, combine } from "../../host_tools/holdfast_host/phone/page/core/oscore.mjs";
import { StreamDecoder, encodeFrame } from "../../host_tools/holdfast_host/phone/page/core/stream.mjs";
import { authenticateDevice, readAuthority, readCredential, readRevokedDevices } from "../../host_tools/holdfast_host/phone/page/core/trust.mjs";
import { unlock } from "../../host_tools/holdfast_host/phone/page/core/unlock.mjs";
import * as support from "./support.mjs";

const { fromHex, toHex, load, named, SITE } = support;
const HANDSHAKES = load("handshakes").vectors;
const UNLOCKS = load("unlocks").vectors;
const AT_A_DOOR = HANDSHAKES.filter(({ name }) => !name.startsWith("library"));

const secretsOf = (context) => ({
  masterSecret: fromHex(context.master_secret),
  masterSalt: fromHex(context.master_salt),
  senderId: fromHex(context.phone_sender_id),
  recipientId: fromHex(context.phone_recipient_id),
});

test("frames are read and written as recorded", () => {
  const framing = load("framing");
  for (const { name, frame, message } of framing.vectors) {
    const decoded = new StreamDecoder().feed(fromHex(frame));
    assert.deepEqual(decoded.map(support.shown), [support.shown(support.messageOf({ ...message }))], name);
    assert.equal(toHex(encodeFrame(decoded[0])), frame, name);
  }
  const decoder = new StreamDecoder();
  const completes = framing.stream.chunks.map((chunk) => decoder.feed(fromHex(chunk)).length);
  assert.deepEqual(completes, framing.stream.completes);
});

test("streams that break the rules are refused, and stay so", async () => {
  const { broken } = load("framing");
  assert.equal(broken.length, 5);
  for (const { name, stream } of broken) {
    const decoder = new StreamDecoder();
    assert.equal(await support.codeOf(() => decoder.feed(fromHex(stream))), "malformed", name);
    assert.equal(await support.codeOf(() => decoder.feed(fromHex("00e1"))), "malformed", name);
  }
});

test("tokens are taken apart, verified and read", async () => {
  const { tokens, keys } = load("keys");
  const authority = readAuthority(support.file("authority.pub"));
  assert.equal(toHex(authority[0].x), keys.authority.public);
  assert.equal(readAuthority(support.file("authority.pub while the key is replaced")).length, 2);
  for (const { name, bytes, protected: protectedRaw, payload, sig_structure, signature } of tokens) {
    const message = parse(fromHex(bytes));
    assert.equal(toHex(message.protectedRaw), protectedRaw, name);
    assert.equal(toHex(message.payload), payload, name);
    if (sig_structure !== undefined) {
      assert.equal(toHex(message.signature), signature, name);
      const structure = cbor.encode(["Signature1", message.protectedRaw, support.EMPTY, message.payload]);
      assert.equal(toHex(structure), sig_structure, name);
    }
    assert.equal(toHex(cbor.encode(cbor.decode(fromHex(bytes)))), bytes, name);
  }
  for (const suite of [0, 2]) {
    const device = await authenticateDevice(support.token(`certificate-suite-${suite}`), support.trust());
    assert.deepEqual([device.name, device.role, device.doors, device.suite], [SITE.node, 1, [SITE.door], suite]);
    const { key, token } = await support.identity(suite);
    const credential = await readCredential(token, key, authority, SITE.time);
    assert.deepEqual([credential.site, credential.holder], [SITE.name, "alice"]);
    assert.deepEqual(credential.rights, [{ kind: "door", name: SITE.door, permissions: 1 }]);
    const file = suite === 0 ? "phone.pub" : "phone-p256.pub";
    assert.equal(toHex(encodeAgreementKey(suite, key.publicKey)), toHex(support.file(file)));
  }
});

test("a reader on the list of revoked devices is not believed", async () => {
  const trust = support.trust();
  const { ctis } = await readRevokedDevices(support.revokedDevices(), SITE.name, trust.authorityKeys);
  const vector = named(UNLOCKS, "cold-suite-0");
  const phone = await support.identity(0);
  const knowing = { ...phone, trust: { ...trust, revoked: ctis } };
  const link = support.answering([fromHex(vector.steps[1].frame)]);
  const visit = { ...visitOf(vector, [knowing], link), store: support.memoryStore() };
  assert.equal(await support.codeOf(() => unlock(visit)), "revoked");
  assert.equal(link.sent.length, 1);
});

for (const vector of AT_A_DOOR) {
  test(`handshake ${vector.name}, every value on the way`, async () => {
    const { suite } = vector;
    const key = await support.keyOf(suite, vector.i);
    const token = fromHex(vector.id_cred_i.slice(4));
    const initiator = new Initiator({ key, token }, [suite]);
    const ephemeral = await support.keyOf(suite, vector.x);
    const { waiting, message1 } = await initiator.prepareMessage1(ephemeral, fromHex(vector.c_i));
    assert.equal(toHex(message1), vector.message_1);
    const received = await waiting.parseMessage2(fromHex(vector.message_2));
    assert.equal(toHex(received.cR), vector.c_r);
    assert.equal(toHex(received.idCredR), vector.id_cred_r);
    assert.equal(toHex(received.certificate), vector.cred_r);
    const { publicKey } = await authenticateDevice(received.certificate, support.trust());
    const verified = await received.verify(publicKey);
    const { completed, message3, trace } = await verified.prepareMessage3();
    let compared = 0;
    for (const [name, value] of Object.entries(trace.values)) {
      assert.equal(toHex(value), vector[name], name);
      compared++;
    }
    assert.equal(compared, 24);
    assert.equal(toHex(message3), vector.message_3);
    const { oscore } = vector;
    assert.equal(toHex(completed.masterSecret), oscore.master_secret);
    assert.equal(toHex(completed.masterSalt), oscore.master_salt);
    assert.equal(toHex(completed.senderId), oscore.phone_sender_id);
    assert.equal(toHex(completed.recipientId), oscore.phone_recipient_id);
    const context = await SecurityContext.derive(completed);
    assert.equal(toHex(context.commonIv), oscore.common_iv);
  });
}

// What carries policy, events and the time goes under the same contexts, in longer frames.
const CARRIED = [
  ...load("policy").conversations,
  ...["events", "clock"].map((name) => ({ ...load(name).conversation, name })),
];

for (const vector of [...UNLOCKS, ...load("refusals").vectors, ...CARRIED]) {
  test(`conversation ${vector.name}: each frame is the recorded one`, async () => {
    const suite = vector.suite ?? 0;
    const phone = { ...(await support.identity(suite)), token: fromHex(vector.credential ?? "") };
    const link = new support.Recorded(vector.steps);
    const connection = new Connection(link);
    const answers = await held(vector, phone, connection);
    const recorded = vector.steps.filter(({ from, inner }) => from === "reader" && inner);
    assert.deepEqual(answers, recorded.map(({ inner }) => support.shown(support.messageOf(inner))));
    assert.ok(link.isOver);
  });
}

/** Holds a conversation request by request; the inner answers. */
async function held(vector, phone, connection) {
  const answers = [];
  const chance = support.chance(vector.phone_ephemerals);
  let checked = null;
  let context = vector.context ? await SecurityContext.derive(secretsOf(vector.context)) : null;
  for (const step of vector.steps.filter(({ from }) => from === "phone")) {
    if (step.message_1 !== undefined) {
      if (checked === null) {
        const identities = vector.name === "another-suite" ? [withSuite3(phone), phone] : [phone];
        checked = await introduce(connection.request.bind(connection), identities, null, SITE.time, chance);
        context = await SecurityContext.derive(checked.completed);
      }
      continue;
    }
    const number = Number.parseInt(step.oscore.request_piv, 16);
    const inner = support.messageOf(step.inner);
    const { message, exchange } = await context.protectRequest(inner, number);
    assert.equal(toHex(context.nonce(context.senderId, fromHex(step.oscore.request_piv))), step.oscore.nonce);
    assert.equal(toHex(context.aad(fromHex(step.oscore.request_piv))), step.oscore.aad);
    assert.equal(toHex(message.payload), step.oscore.ciphertext);
    const request = step.message_3 === undefined ? message : combine(checked.message3, message);
    answers.push(support.shown(await context.unprotectResponse(await connection.request(request), exchange)));
  }
  return answers;
}

/** The phone of that conversation would rather have had suite 3, which shares its keys with 2 and no reader has. */
function withSuite3(phone) {
  return { ...phone, key: { ...phone.key, suite: 3 } };
}

function visitOf(vector, identities, link) {
  return {
    connect: async () => link,
    store: support.memoryStore(),
    identities,
    door: SITE.door,
    wish: { intent: true },
    now: SITE.time,
    chance: support.chance(vector.phone_ephemerals),
  };
}

for (const name of ["cold-suite-0", "cold-suite-2", "cold-guest"]) {
  test(`a whole visit, ${name}, and what is kept of it serves the next`, async () => {
    const vector = named(UNLOCKS, name);
    const phone = await support.identity(vector.suite, fromHex(vector.credential));
    const link = new support.Recorded(vector.steps);
    const visit = visitOf(vector, [phone], link);
    const report = await unlock(visit);
    assert.deepEqual(
      [report.granted, report.reason, report.strikeMs, report.warm, report.roundTrips],
      [true, 0, 3000, false, 2],
    );
    assert.ok(link.isOver);
    const bytes = vector.steps.reduce((sum, { frame }) => sum + frame.length / 2, 0);
    assert.equal(report.bytesIn + report.bytesOut, bytes);
    assert.equal(visit.store.session.masterSecret.extractable, false);
    assert.equal(visit.store.session.sequenceNumber, 1);
    if (name === "cold-guest") {
      return;
    }
    const warm = named(UNLOCKS, name.replace("cold", "warm"));
    const next = new support.Recorded(warm.steps.slice(0, 2));
    const again = await unlock({ ...visit, connect: async () => next });
    assert.deepEqual([again.granted, again.warm, again.roundTrips], [true, true, 1]);
    assert.equal(visit.store.session.sequenceNumber, 2);
    assert.ok(next.isOver);
  });
}

test("a reader that was restarted asks for the Echo, and has it under the next Partial IV", async () => {
  const vector = named(UNLOCKS, "echo");
  const phone = await support.identity(0, fromHex(vector.credential));
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", phone.token));
  const first = Number.parseInt(vector.steps[0].oscore.request_piv, 16);
  const store = support.memoryStore({
    ...secretsOf(vector.context),
    sequenceNumber: first,
    credential: toHex(digest),
    partner: { cti: "00", expires: SITE.time + 1, doors: [SITE.door] },
  });
  const link = new support.Recorded(vector.steps.slice(0, 4));
  const report = await unlock({ ...visitOf(vector, [phone], link), store });
  assert.deepEqual([report.granted, report.warm, report.roundTrips], [true, true, 2]);
  assert.equal(store.session.sequenceNumber, first + 2);
});

for (const vector of load("errors").vectors) {
  test(`in the clear, ${vector.name}: whatever it says, it is never "open"`, async () => {
    const last = fromHex(vector.steps[vector.steps.length - 1].frame);
    const frame = last[0] === 0 && last[1] === 0xe1 ? last : support.concat(0, 0xe1, last);
    const phone = await support.identity(0);
    const link = support.answering([frame]);
    const visit = visitOf(named(UNLOCKS, "cold-suite-0"), [phone], link);
    const code = await support.codeOf(() => unlock(visit));
    const expected = { "no-coap": "link-closed", suite: "wrong-suite", "phone-error": "no-proof" };
    assert.equal(code, expected[vector.name] ?? "rejected");
    assert.ok(link.isClosed);
  });
}

test("a refusal in the clear is told from a context that was forgotten", async () => {
  for (const { name, steps } of load("errors").vectors) {
    const [response] = new StreamDecoder().feed(fromHex(steps[steps.length - 1].frame)).slice(-1);
    assert.equal(new Rejected(response).isForgotten, name === "forgotten", name);
  }
});

test("the steps alone open the door, too", async () => {
  const vector = named(UNLOCKS, "cold-suite-0");
  const link = new support.Recorded(vector.steps);
  const connection = new Connection(link);
  const phone = await support.identity(0);
  const handshake = await Handshake.start(phone, SITE.door, [0], support.chance(vector.phone_ephemerals));
  const checked = await handshake.read(await connection.request(handshake.request), SITE.time);
  const asked = await checked.ask(SITE.door, { intent: true });
  assert.ok(asked instanceof Asked);
  assert.deepEqual(await asked.read(await connection.request(asked.request)), { granted: true, reason: 0, strikeMs: 3000 });
});
