/**
 * AES-CCM-16-64-128 (RFC 3610 with M = 8 and L = 2; RFC 9053 section 4.2): keys of 16 bytes, nonces of 13, tags of 8.
 * WebCrypto has no CCM: the tag is the last block of AES-CBC, the rest AES-CTR, so a key is held twice.
 *
 * @typedef {{ cbc: CryptoKey, ctr: CryptoKey }} AesKey
 */

import { HoldfastError } from "./errors.mjs";
import { EMPTY, concat, equal, xor } from "./bytes.mjs";
import { subtle } from "./crypto.mjs";

/** @import { Bytes } from "./bytes.mjs" */

export const TAG_LENGTH = 8;

const BLOCK = 16;
const MAX_LENGTH = 0xfeff; // of text and of associated data: the length then has two bytes

/**
 * @param {Bytes} raw 16 bytes
 * @returns {Promise<AesKey>}
 */
export async function importAesKey(raw) {
  const [cbc, ctr] = await Promise.all([
    subtle().importKey("raw", raw, "AES-CBC", false, ["encrypt"]),
    subtle().importKey("raw", raw, "AES-CTR", false, ["encrypt"]),
  ]);
  return { cbc, ctr };
}

/**
 * Ciphertext and tag of `plaintext`.
 *
 * @param {AesKey} key
 * @param {Bytes} nonce
 * @param {Bytes} plaintext
 * @param {Bytes} aad
 */
export async function aesCcmEncrypt(key, nonce, plaintext, aad) {
  const [tag, { mask, text }] = await Promise.all([cbcMac(key, nonce, plaintext, aad), counter(key, nonce, plaintext)]);
  return concat(text, xor(tag, mask));
}

/**
 * The plaintext of `ciphertext`, which ends with its tag. Raises HoldfastError `not-authentic`.
 *
 * @param {AesKey} key
 * @param {Bytes} nonce
 * @param {Bytes} ciphertext
 * @param {Bytes} aad
 */
export async function aesCcmDecrypt(key, nonce, ciphertext, aad) {
  const end = ciphertext.length - TAG_LENGTH;
  if (end < 0) {
    throw new HoldfastError("not-authentic", "AES-CCM: shorter than its tag");
  }
  const { mask, text } = await counter(key, nonce, ciphertext.slice(0, end));
  const tag = await cbcMac(key, nonce, text, aad);
  if (!equal(xor(tag, mask), ciphertext.slice(end))) {
    throw new HoldfastError("not-authentic", "AES-CCM: wrong tag");
  }
  return text;
}

/**
 * Text XOR key stream, and the first 8 bytes of block 0 of that, which cover the tag.
 *
 * @param {AesKey} key
 * @param {Bytes} nonce
 * @param {Bytes} text
 */
async function counter(key, nonce, text) {
  const block = concat(1, nonce, 0, 0);
  const input = concat(new Uint8Array(BLOCK), text);
  const output = new Uint8Array(await subtle().encrypt({ name: "AES-CTR", counter: block, length: 16 }, key.ctr, input));
  return { mask: output.slice(0, TAG_LENGTH), text: output.slice(BLOCK) };
}

/**
 * The tag before it is covered (RFC 3610 section 2.2).
 *
 * @param {AesKey} key
 * @param {Bytes} nonce
 * @param {Bytes} plaintext
 * @param {Bytes} aad
 */
async function cbcMac(key, nonce, plaintext, aad) {
  if (nonce.length !== 13 || plaintext.length > MAX_LENGTH || aad.length > MAX_LENGTH) {
    throw new TypeError("AES-CCM: a nonce of 13 bytes, text and associated data of less than 65280");
  }
  const flags = (aad.length > 0 ? 0x40 : 0) | 0x18 | 0x01;
  const input = concat(
    concat(flags, nonce, plaintext.length >> 8, plaintext.length & 0xff),
    aad.length > 0 ? padded(concat(aad.length >> 8, aad.length & 0xff, aad)) : EMPTY,
    padded(plaintext),
  );
  const iv = new Uint8Array(BLOCK);
  const output = new Uint8Array(await subtle().encrypt({ name: "AES-CBC", iv }, key.cbc, input));
  // What follows is the block of padding that WebCrypto adds.
  return output.slice(input.length - BLOCK, input.length - BLOCK + TAG_LENGTH);
}

/** @param {Bytes} bytes */
function padded(bytes) {
  return concat(bytes, new Uint8Array(-bytes.length & (BLOCK - 1)));
}
