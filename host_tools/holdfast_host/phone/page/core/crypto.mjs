/** SHA-256, HMAC and HKDF, as the key schedules use them (RFC 6234, 2104, 5869), on WebCrypto. */

import { EMPTY, concat } from "./bytes.mjs";

/** @import { Bytes } from "./bytes.mjs" */

/** WebCrypto of this browser or runtime. */
export const subtle = () => globalThis.crypto.subtle;

/**
 * @param {number} length
 * @returns {Bytes}
 */
export function randomBytes(length) {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}

/**
 * SHA-256 of all pieces: 32 bytes.
 *
 * @param {...Uint8Array} pieces
 * @returns {Promise<Bytes>}
 */
export async function sha256(...pieces) {
  return new Uint8Array(await subtle().digest("SHA-256", concat(...pieces)));
}

/**
 * @param {Bytes} key
 * @param {Bytes} data
 * @returns {Promise<Bytes>}
 */
async function hmac(key, data) {
  const imported = await subtle().importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle().sign("HMAC", imported, data));
}

/**
 * HKDF-Extract: 32 bytes. An empty salt is 32 zeros by definition; WebCrypto takes no empty key.
 *
 * @param {Bytes} salt
 * @param {Bytes} keyMaterial
 */
export function hkdfExtract(salt, keyMaterial) {
  return hmac(salt.length > 0 ? salt : new Uint8Array(32), keyMaterial);
}

/**
 * HKDF-Expand. WebCrypto's HKDF is always both steps; EDHOC needs this one alone.
 *
 * @param {Bytes} prk
 * @param {Bytes} info
 * @param {number} length at most 8160 bytes
 * @returns {Promise<Bytes>}
 */
export async function hkdfExpand(prk, info, length) {
  const blocks = [];
  let block = EMPTY;
  for (let counter = 1; blocks.length * 32 < length; counter++) {
    block = await hmac(prk, concat(block, info, counter));
    blocks.push(block);
  }
  return concat(...blocks).slice(0, length);
}
