/** What the tests of the page's core share: the vectors, fixed keys, links without a reader. */

import { readFileSync } from "node:fs";

import { EMPTY, concat, equal, fromHex, fromNumber, toHex, utf8 } from "../../host_tools/holdfast_host/phone/page/core/bytes.mjs";
import { HoldfastError } from "../../host_tools/holdfast_host/phone/page/core/errors.mjs";
import { agreementKey, algorithmOf } from "../../host_tools/holdfast_host/phone/page/core/public_key.mjs";
import { readAuthority } from "../../host_tools/holdfast_host/phone/page/core/trust.mjs";

export { EMPTY, concat, equal, fromHex, fromNumber, toHex, utf8 };

const FOLDER = new URL("../../docs/vectors/", import.meta.url);

// RFC 8410 section 7, RFC 5958 with RFC 5915: a private key alone, behind what says of which curve.
const PKCS8 = {
  0: "302e020100300506032b656e04220420",
  2: "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420",
};

/** One file of docs/vectors. */
export function load(name) {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
}

/** The vector of that name in a list. */
export function named(list, name) {
  const found = list.filter((one) => one.name === name);
  if (found.length !== 1) {
    throw new Error(`${found.length} vectors are called ${name}`);
  }
  return found[0];
}

const KEYS = load("keys");
export const { site: SITE } = KEYS;

/** A token or a file of keys.json. */
export const token = (name) => fromHex(named(KEYS.tokens, name).bytes);
export const file = (name) => fromHex(named(KEYS.files, name).bytes);
export const revokedDevices = () => fromHex(KEYS.revoked_devices.bytes);
export const keyPair = (name) => KEYS.keys[name];

/** The AgreementKey of a private key of 32 bytes. */
export async function keyOf(suite, privateHex) {
  const { subtle } = globalThis.crypto;
  const algorithm = algorithmOf(suite);
  const raw = fromHex(PKCS8[suite] + privateHex);
  const privateKey = await subtle.importKey("pkcs8", raw, algorithm, true, ["deriveBits"]);
  const { d, key_ops, ext, ...open } = await subtle.exportKey("jwk", privateKey);
  const publicKey = await subtle.importKey("jwk", open, algorithm, true, []);
  return agreementKey(suite, { privateKey, publicKey });
}

/** What the phone of the vectors believes. */
export function trust() {
  return { site: SITE.name, authorityKeys: readAuthority(file("authority.pub")), revoked: new Set() };
}

/** The phone of the vectors with its key for a suite. */
export async function identity(suite, credential = token(`credential-suite-${suite}`)) {
  const { private: secret } = keyPair(suite === 2 ? "phone_p256" : "phone_x25519");
  return { key: await keyOf(suite, secret), token: credential, trust: trust() };
}

/** No chance: these ephemeral keys one after the other, as hexadecimal digits, and the C_I of the vectors. */
export function chance(ephemerals = []) {
  const left = [...ephemerals];
  const ephemeral = async (suite) => ({ ...(await keyOf(suite === 3 ? 2 : suite, left.shift())), suite });
  return { ephemeral, connectionId: () => fromHex("37") };
}

/** A link that expects the phone's frames of a conversation and gives the reader's, in chunks. */
export class Recorded {
  constructor(steps, chunk = 20) {
    this._steps = [...steps];
    this._unread = [];
    this._chunk = chunk;
  }

  async write(bytes) {
    const step = this._steps.shift();
    if (step?.from !== "phone" || step.frame !== toHex(bytes)) {
      throw new Error(`sent ${toHex(bytes)}\nrecorded ${step?.frame}`);
    }
    const answer = this._steps[0]?.from === "reader" ? fromHex(this._steps.shift().frame) : EMPTY;
    for (let at = 0; at < answer.length; at += this._chunk) {
      this._unread.push(answer.slice(at, at + this._chunk));
    }
  }

  async read() {
    return this._unread.shift() ?? EMPTY;
  }

  get isOver() {
    return this._steps.length === 0 && this._unread.length === 0;
  }
}

/** A link that answers each frame with the next of `answers`, whatever it is. */
export function answering(answers) {
  const left = [...answers];
  const link = { sent: [], isClosed: false };
  return Object.assign(link, {
    write: async (bytes) => void link.sent.push(bytes),
    read: async () => left.shift() ?? EMPTY,
    close: () => void (link.isClosed = true),
  });
}

/** A store in memory, of one door. */
export function memoryStore(session = null) {
  return {
    session,
    async load() {
      return this.session;
    },
    async save(door, kept) {
      this.session = kept;
    },
  };
}

/** The message in a vector: as the core has them. */
export function messageOf(shown) {
  const [kind, detail] = shown.code.split(".");
  const options = shown.options.map(([number, value]) => [number, optionValue(number, value)]);
  const token = shown.token ? { token: fromHex(shown.token) } : {};
  return { code: Number(kind) * 32 + Number(detail), options, payload: fromHex(shown.payload ?? ""), ...token };
}

function optionValue(number, value) {
  if (typeof value === "number") {
    return fromNumber(value);
  }
  return number === 11 || number === 15 ? utf8(value) : fromHex(value);
}

/** A message as text, to compare. */
export function shown(message) {
  const options = message.options.map(([number, value]) => `${number}=${toHex(value)}`).join(" ");
  return `${message.code} [${options}] ${toHex(message.payload)} ${toHex(message.token ?? EMPTY)}`;
}

/** The code of the HoldfastError that `work` is refused with; any other error is the test's. */
export async function codeOf(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof HoldfastError) {
      return error.code;
    }
    throw error;
  }
  return "accepted";
}
