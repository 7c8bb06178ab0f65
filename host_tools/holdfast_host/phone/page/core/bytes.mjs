/**
 * Bytes, and what is done with them everywhere.
 *
 * @typedef {Uint8Array<ArrayBuffer>} Bytes
 */

import { HoldfastError } from "./errors.mjs";

/** @type {Bytes} */
export const EMPTY = new Uint8Array(0);

/**
 * All pieces behind one another; a number is one byte.
 *
 * @param {...(Uint8Array | readonly number[] | number)} pieces
 * @returns {Bytes}
 */
export function concat(...pieces) {
  let length = 0;
  for (const piece of pieces) {
    length += typeof piece === "number" ? 1 : piece.length;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === "number") {
      all[at++] = piece;
    } else {
      all.set(piece, at);
      at += piece.length;
    }
  }
  return all;
}

/**
 * Whether both are the same, in a time that depends on their length alone.
 *
 * @param {Uint8Array} left
 * @param {Uint8Array} right
 */
export function equal(left, right) {
  if (left.length !== right.length) {
    return false;
  }
  let difference = 0;
  for (let i = 0; i < left.length; i++) {
    difference |= (left[i] ?? 0) ^ (right[i] ?? 0);
  }
  return difference === 0;
}

/**
 * `left` XOR `right`, which are as long as each other.
 *
 * @param {Uint8Array} left
 * @param {Uint8Array} right
 * @returns {Bytes}
 */
export function xor(left, right) {
  return Uint8Array.from(left, (byte, i) => byte ^ (right[i] ?? 0));
}

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {string} text
 * @returns {Bytes}
 */
export function fromHex(text) {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new HoldfastError("malformed", "no hexadecimal digits, or half a byte");
  }
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/**
 * Base32 without padding (RFC 4648 section 6).
 *
 * @param {string} text
 * @returns {Bytes}
 */
export function fromBase32(text) {
  const bytes = [];
  let [held, bits] = [0, 0];
  for (const character of text) {
    const value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(character);
    if (value < 0) {
      throw new HoldfastError("malformed", "no Base32");
    }
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push(held >> bits);
      held &= (1 << bits) - 1;
    }
  }
  if (bits >= 5 || held !== 0) {
    throw new HoldfastError("malformed", "Base32 that is cut");
  }
  return Uint8Array.from(bytes);
}

/**
 * The number in at most 6 bytes, big endian; 0 for none.
 *
 * @param {Uint8Array} bytes
 */
export function toNumber(bytes) {
  let number = 0;
  for (const byte of bytes) {
    number = number * 256 + byte;
  }
  return number;
}

/**
 * `number` big endian in as few bytes as there can be, at least `least`.
 *
 * @param {number} number 0 to 2^53 - 1
 * @param {number} [least]
 * @returns {Bytes}
 */
export function fromNumber(number, least = 0) {
  const bytes = [];
  for (let rest = number; rest > 0 || bytes.length < least; rest = Math.floor(rest / 256)) {
    bytes.unshift(rest % 256);
  }
  return Uint8Array.from(bytes);
}

/**
 * @param {string} text
 * @returns {Bytes}
 */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/**
 * The text in UTF-8 bytes, every one of them: a byte order mark is a character.
 *
 * @param {Uint8Array} bytes
 */
export function toText(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new HoldfastError("malformed", "text that is no UTF-8", error);
  }
}
