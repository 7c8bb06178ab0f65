/**
 * CBOR Web Tokens (RFC 8392) in the one shape that is believed: signed or MACed and tagged as such, deterministic,
 * with an end, at most 512 bytes.
 *
 * @typedef {Object} Claims
 * @property {string | null} iss
 * @property {string | null} sub
 * @property {string | null} aud
 * @property {number} exp seconds since 1970, as nbf and iat
 * @property {number | null} nbf
 * @property {number | null} iat
 * @property {Bytes | null} cti
 * @property {Key | null} cnf
 * @property {Bytes | null} scope
 * @property {ReadonlyMap<unknown, unknown>} other all other claims
 * @typedef {Object} Token a token that is well made; nothing in it may be believed before its signature is verified
 * @property {Bytes} raw without the CWT tag
 * @property {Message} message
 * @property {Claims} claims
 * @typedef {Object} Right
 * @property {"door" | "zone"} kind
 * @property {string} name
 * @property {number} permissions 1 unlock, 2 hold open, 4 lockdown override, 8 carry events, 16 administer
 */

import { HoldfastError } from "./errors.mjs";
import { utf8 } from "./bytes.mjs";
import * as cbor from "./cbor.mjs";
import * as cose from "./cose.mjs";

/** @import { Bytes } from "./bytes.mjs" */
/** @import { Key, Message } from "./cose.mjs" */

const MAX_BYTES = 512;
const MAX_NAME = 64; // bytes of UTF-8
const MAX_RIGHTS = 32;
const REGISTERED = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** @param {string} text */
const malformed = (text) => new HoldfastError("malformed", `token: ${text}`);

/**
 * A token without the CWT tag 61 that may stand in front, as it is signed and named.
 *
 * @param {Bytes} raw
 */
export function bare(raw) {
  return raw[0] === 0xd8 && raw[1] === 0x3d ? raw.slice(2) : raw;
}

/**
 * Check shape, headers and claims; no cryptography. Raises HoldfastError `malformed` or `unsupported`.
 *
 * @param {Bytes} raw
 * @returns {Token}
 */
export function parse(raw) {
  const token = bare(raw);
  if (token.length > MAX_BYTES) {
    throw malformed(`longer than ${MAX_BYTES} bytes`);
  }
  const message = cose.parse(token);
  cose.algorithmOf(message);
  if (!cose.hasOnlyKidUnprotected(message)) {
    throw malformed("more than a kid in the unprotected header");
  }
  return { raw: token, message, claims: claimsOf(message.payload) };
}

/**
 * @param {Bytes} payload
 * @returns {Claims}
 */
function claimsOf(payload) {
  const claims = cbor.decode(payload);
  if (!(claims instanceof Map)) {
    throw malformed("the claims are no map");
  }
  const exp = time(claims, 4);
  if (exp === null) {
    throw malformed("it has no end");
  }
  return {
    iss: text(claims, 1),
    sub: text(claims, 2),
    aud: text(claims, 3),
    exp,
    nbf: time(claims, 5),
    iat: time(claims, 6),
    cti: bytes(claims, 7),
    cnf: confirmation(claims),
    scope: bytes(claims, 9),
    other: new Map([...claims].filter(([label]) => !REGISTERED.includes(label))),
  };
}

/**
 * What a scope allows (RFC 9237 section 2): `[[[kind, name], permissions], ...]`, 1 to 32 places, each once.
 *
 * @param {Bytes} raw
 * @returns {Right[]}
 */
export function parseScope(raw) {
  const entries = cbor.decode(raw);
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > MAX_RIGHTS) {
    throw malformed(`the scope is no array of 1 to ${MAX_RIGHTS}`);
  }
  const rights = entries.map(right);
  if (new Set(rights.map(({ kind, name }) => `${kind} ${name}`)).size !== rights.length) {
    throw malformed("the scope names a place twice");
  }
  return rights;
}

/**
 * @param {unknown} entry
 * @returns {Right}
 */
function right(entry) {
  const [place, permissions] = pair(entry);
  const [kind, name] = pair(place);
  if ((kind !== 1 && kind !== 2) || !isName(name)) {
    throw malformed("a place in the scope is no door and no zone");
  }
  if (typeof permissions !== "number" || permissions < 1 || permissions > 32767) {
    throw malformed("permissions in the scope are no bits");
  }
  return { kind: kind === 1 ? "door" : "zone", name, permissions };
}

/**
 * @param {unknown} value
 * @returns {unknown[]}
 */
function pair(value) {
  if (!Array.isArray(value) || value.length !== 2) {
    throw malformed("the scope has something else than pairs");
  }
  return value;
}

/**
 * Whether it is a name: 1 to 64 bytes of UTF-8 without control characters.
 *
 * @param {unknown} value
 * @returns {value is string}
 */
export function isName(value) {
  if (typeof value !== "string" || value.length === 0 || utf8(value).length > MAX_NAME) {
    return false;
  }
  return Array.from(value).every((character) => {
    const point = character.codePointAt(0) ?? 0;
    const isControl = point < 0x20 || (point >= 0x7f && point < 0xa0);
    return !isControl && !(point >= 0xd800 && point < 0xe000);
  });
}

/**
 * @param {Map<unknown, unknown>} claims
 * @param {number} label
 */
function text(claims, label) {
  return optional(claims, label, (value) => typeof value === "string", "iss, sub or aud is no text");
}

/**
 * @param {Map<unknown, unknown>} claims
 * @param {number} label
 */
function bytes(claims, label) {
  return optional(claims, label, cose.isBytes, "cti or scope is no byte string");
}

/**
 * @param {Map<unknown, unknown>} claims
 * @param {number} label
 */
function time(claims, label) {
  /**
   * @param {unknown} value
   * @returns {value is number}
   */
  const isTime = (value) => typeof value === "number" && value >= 0;
  return optional(claims, label, isTime, "exp, nbf or iat is no time");
}

/**
 * A claim that is null is there, and wrong: `has`, and not whether there is a value.
 *
 * @template T
 * @param {Map<unknown, unknown>} claims
 * @param {number} label
 * @param {(value: unknown) => value is T} fits
 * @param {string} otherwise
 * @returns {T | null}
 */
function optional(claims, label, fits, otherwise) {
  if (!claims.has(label)) {
    return null;
  }
  const value = claims.get(label);
  if (!fits(value)) {
    throw malformed(otherwise);
  }
  return value;
}

/** @param {Map<unknown, unknown>} claims */
function confirmation(claims) {
  if (!claims.has(8)) {
    return null;
  }
  const value = claims.get(8);
  if (!(value instanceof Map) || value.size !== 1 || !value.has(1)) {
    throw malformed("cnf is not one COSE_Key");
  }
  return cose.keyFromMap(value.get(1));
}
