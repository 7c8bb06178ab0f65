/**
 * The phone's side for a reader in another process. Each line in is a list of calls, each line out the list of what
 * came of them: all that stand in one list run at once. Bytes are hexadecimal digits.
 */

import { connect as connectSocket } from "node:net";
import { createInterface } from "node:readline";

import { aesCcmDecrypt, aesCcmEncrypt, importAesKey } from "../../host_tools/holdfast_host/phone/page/core/aes_ccm.mjs";
import { Asked, Handshake } from "../../host_tools/holdfast_host/phone/page/core/client.mjs";
import { encodeAgreementKey } from "../../host_tools/holdfast_host/phone/page/core/cose.mjs";
import { SecurityContext } from "../../host_tools/holdfast_host/phone/page/core/oscore.mjs";
import { agreementKey, generateKeyPair } from "../../host_tools/holdfast_host/phone/page/core/public_key.mjs";
import { StreamDecoder, encodeFrame } from "../../host_tools/holdfast_host/phone/page/core/stream.mjs";
import { readAuthority, readCredential } from "../../host_tools/holdfast_host/phone/page/core/trust.mjs";
import { HoldfastError } from "../../host_tools/holdfast_host/phone/page/core/errors.mjs";
import { unlock } from "../../host_tools/holdfast_host/phone/page/core/unlock.mjs";
import { fromHex, memoryStore, toHex } from "./support.mjs";

/** What each phone knows, by its number. */
const phones = new Map();

/** A TCP connection in the place of GATT, 20 bytes at a time. */
async function socketLink(port) {
  const socket = connectSocket({ host: "127.0.0.1", port, noDelay: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const chunks = socket[Symbol.asyncIterator]();
  return {
    write: async (bytes) => {
      for (let at = 0; at < bytes.length; at += 20) {
        socket.write(bytes.subarray(at, at + 20));
      }
    },
    read: async () => (await chunks.next()).value ?? new Uint8Array(0),
    close: () => void socket.destroy(),
  };
}

const one = (frame) => new StreamDecoder().feed(fromHex(frame))[0];
const sent = (message) => toHex(encodeFrame(message));

const CALLS = {
  seal: async ({ key, nonce, text, aad }) =>
    toHex(await aesCcmEncrypt(await importAesKey(fromHex(key)), fromHex(nonce), fromHex(text), fromHex(aad))),

  open: async ({ key, nonce, text, aad }) =>
    toHex(await aesCcmDecrypt(await importAesKey(fromHex(key)), fromHex(nonce), fromHex(text), fromHex(aad))),

  /** A new phone: what stands in its phone.pub. */
  make: async ({ phone, suite }) => {
    const key = await agreementKey(suite, await generateKeyPair(suite));
    phones.set(phone, { suite, key });
    return toHex(encodeAgreementKey(suite, key.publicKey));
  },

  /** It is enrolled and begins a handshake: the first request. */
  start: async ({ phone, token, authority, site, door, now }) => {
    const mine = phones.get(phone);
    const authorityKeys = readAuthority(fromHex(authority));
    const credential = await readCredential(fromHex(token), mine.key, authorityKeys, now);
    const trust = { site, authorityKeys, revoked: new Set() };
    const identity = { key: mine.key, token: credential.token, trust };
    Object.assign(mine, { door, identity, handshake: await Handshake.start(identity, door) });
    return sent(mine.handshake.request);
  },

  /** A whole visit at the reader behind a port of this machine. */
  visit: async ({ phone, port, now, wish, ...more }) => {
    const mine = phones.get(phone);
    mine.store ??= { ...memoryStore(), keepsBytes: phone % 2 === 1 };
    const connect = () => socketLink(port);
    // The machine may be busy with much else.
    const visit = { connect, store: mine.store, identities: [mine.identity], door: mine.door, now, wish, answerMs: 300_000 };
    return unlock({ ...visit, ...more });
  },

  /** The context that is kept becomes one of nobody's: 7f is no identifier that a reader gives out. */
  spoil: async ({ phone }) => {
    phones.get(phone).store.session.senderId = fromHex("7f");
    return true;
  },

  /** The answer with message_2 came: the request with message_3 and the wish. */
  proceed: async ({ phone, frame, now, wish }) => {
    const mine = phones.get(phone);
    mine.checked = await mine.handshake.read(one(frame), now);
    mine.asked = await mine.checked.ask(mine.door, wish);
    return sent(mine.asked.request);
  },

  /** Another request under the same context. */
  again: async ({ phone, number, wish, echo }) => {
    const mine = phones.get(phone);
    const context = await SecurityContext.derive(mine.checked.completed);
    mine.asked = await Asked.start(context, number, mine.door, wish, echo ? fromHex(echo) : undefined);
    return sent(mine.asked.request);
  },

  /** What the door says. */
  finish: async ({ phone, frame }) => {
    const outcome = await phones.get(phone).asked.read(one(frame));
    return "echo" in outcome ? { echo: toHex(outcome.echo) } : outcome;
  },
};

async function result({ call, ...parameters }) {
  try {
    return { ok: await CALLS[call](parameters) };
  } catch (error) {
    if (error instanceof HoldfastError) {
      return { refused: error.code };
    }
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await Promise.all(JSON.parse(line).map(result)))}\n`);
}
