/**
 * CBOR in deterministic encoding (RFC 8949 section 4.2.1), both ways, and nothing else of CBOR.
 *
 * Integers are numbers, beyond 2^53 - 1 bigints; then there are Uint8Array, string, arrays, Map, Tag, booleans and
 * null. Keys of a map are integers and texts. Floats, other simple values, bignums and byte strings as keys are in
 * no message of Holdfast's, and are refused.
 */

import { HoldfastError } from "./errors.mjs";
import { concat, toHex, toText, utf8 } from "./bytes.mjs";

/** @import { Bytes } from "./bytes.mjs" */

const MAX_DEPTH = 8;
const MAX_ITEMS = 512;

const [UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG] = [0, 1, 2, 3, 4, 5, 6];

/** A tagged item. */
export class Tag {
  /**
   * @param {number} number
   * @param {unknown} value
   */
  constructor(number, value) {
    this.number = number;
    this.value = value;
  }
}

/**
 * The bytes of `value`; a map's entries are put in order. A value that has no encoding is a TypeError: it is the
 * caller's.
 *
 * @param {unknown} value
 * @returns {Bytes}
 */
export function encode(value) {
  if (value === false || value === true || value === null) {
    return Uint8Array.of(value === null ? 0xf6 : value ? 0xf5 : 0xf4);
  }
  if (typeof value === "number" && Number.isSafeInteger(value)) {
    return value < 0 ? head(NEGATIVE, -1 - value) : head(UNSIGNED, value);
  }
  if (typeof value === "string") {
    const text = utf8(value);
    return concat(head(TEXT, text.length), text);
  }
  if (value instanceof Uint8Array) {
    return concat(head(BYTES, value.length), value);
  }
  if (Array.isArray(value)) {
    return concat(head(ARRAY, value.length), ...value.map(encode));
  }
  if (value instanceof Map) {
    // Hexadecimal digits are in the order of the bytes.
    const entries = [...value].map(([key, item]) => ({ key: encode(key), item: encode(item) }));
    entries.sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1));
    return concat(head(MAP, value.size), ...entries.map(({ key, item }) => concat(key, item)));
  }
  if (value instanceof Tag) {
    return concat(head(TAG, value.number), encode(value.value));
  }
  throw new TypeError(`no CBOR for a value of type ${typeof value}`);
}

/**
 * The encodings of `values` behind one another: a CBOR sequence (RFC 8742).
 *
 * @param {...unknown} values
 */
export function encodeSequence(...values) {
  return concat(...values.map(encode));
}

/**
 * @param {number} major
 * @param {number} argument 0 to 2^53 - 1
 * @returns {Bytes}
 */
function head(major, argument) {
  const type = major << 5;
  if (argument < 24) {
    return Uint8Array.of(type | argument);
  }
  const [info, size] = argument < 2 ** 8 ? [24, 1] : argument < 2 ** 16 ? [25, 2] : argument < 2 ** 32 ? [26, 4] : [27, 8];
  const bytes = new Uint8Array(1 + size);
  bytes[0] = type | info;
  for (let i = size, rest = argument; i > 0; i--, rest = Math.floor(rest / 256)) {
    bytes[i] = rest % 256;
  }
  return bytes;
}

/**
 * The one item that is all of `data`.
 *
 * @param {Uint8Array} data
 * @returns {unknown}
 */
export function decode(data) {
  const decoder = new Decoder(data);
  const value = decoder.item();
  if (decoder.at !== data.length) {
    throw new HoldfastError("malformed", `CBOR: ${data.length - decoder.at} bytes after the item's end`);
  }
  return value;
}

/** Reads the items of a CBOR sequence, one after the other; each method raises HoldfastError. */
export class Decoder {
  /** @param {Uint8Array} data */
  constructor(data) {
    this.data = Uint8Array.from(data);
    /** Where the next item begins. */
    this.at = 0;
    this._itemsLeft = MAX_ITEMS;
  }

  get isAtEnd() {
    return this.at >= this.data.length;
  }

  /**
   * The next item.
   *
   * @param {number} [depth] how many arrays, maps and tags may enclose what is in it
   * @returns {unknown}
   */
  item(depth = MAX_DEPTH) {
    if (this._itemsLeft-- <= 0) {
      throw this._error("too many items");
    }
    const first = this._byte();
    const major = first >> 5;
    const info = first & 31;
    if (major > TAG) {
      return this._simple(info);
    }
    const argument = this._argument(info);
    if (major === UNSIGNED) {
      return argument;
    }
    if (major === NEGATIVE) {
      const number = -1n - BigInt(argument);
      return number >= Number.MIN_SAFE_INTEGER ? Number(number) : number;
    }
    // Every length is compared with what is there before anything is made.
    const length = Number(argument);
    if (major === BYTES || major === TEXT) {
      const bytes = this._take(length);
      return major === BYTES ? bytes : toText(bytes);
    }
    if (depth <= 0) {
      throw this._error("nested too deep");
    }
    if (major === TAG) {
      return this._tag(length, depth - 1);
    }
    if (length * (major === MAP ? 2 : 1) > Math.min(this.data.length - this.at, this._itemsLeft)) {
      throw this._error("more items than there can be");
    }
    return major === ARRAY ? this._array(length, depth - 1) : this._map(length, depth - 1);
  }

  /**
   * The next item, and the bytes that it was read from.
   *
   * @returns {{ value: unknown, raw: Bytes }}
   */
  itemAndBytes() {
    const start = this.at;
    const value = this.item();
    return { value, raw: this.data.slice(start, this.at) };
  }

  /** @param {string} text */
  _error(text) {
    return new HoldfastError("malformed", `CBOR: ${text} at byte ${this.at}`);
  }

  _byte() {
    const byte = this.data[this.at];
    if (byte === undefined) {
      throw this._error("cut short");
    }
    this.at++;
    return byte;
  }

  /** @param {number} length */
  _take(length) {
    if (length > this.data.length - this.at) {
      throw this._error("length beyond the input");
    }
    this.at += length;
    return this.data.slice(this.at - length, this.at);
  }

  /**
   * @param {number} info
   * @returns {number | bigint} a bigint only where a number would not be exact
   */
  _argument(info) {
    if (info < 24) {
      return info;
    }
    if (info > 27) {
      throw this._error("indefinite length or reserved information");
    }
    const size = 1 << (info - 24);
    let argument = 0n;
    for (const byte of this._take(size)) {
      argument = (argument << 8n) | BigInt(byte);
    }
    // The least that needs this size: 24, 2^8, 2^16, 2^32.
    if (argument < (size === 1 ? 24n : 1n << BigInt(4 * size))) {
      throw this._error("longer head than needed");
    }
    return argument <= Number.MAX_SAFE_INTEGER ? Number(argument) : argument;
  }

  /**
   * @param {number} length
   * @param {number} depth
   */
  _array(length, depth) {
    const values = [];
    for (let i = 0; i < length; i++) {
      values.push(this.item(depth));
    }
    return values;
  }

  /**
   * @param {number} length
   * @param {number} depth
   */
  _map(length, depth) {
    /** @type {Map<unknown, unknown>} */
    const values = new Map();
    let previous = "";
    for (let i = 0; i < length; i++) {
      const start = this.at;
      const major = (this.data[start] ?? 0xff) >> 5;
      if (major !== UNSIGNED && major !== NEGATIVE && major !== TEXT) {
        throw this._error("map key that is no integer and no text");
      }
      const key = this.item(depth);
      // Rising order is what a deterministic encoder writes, and leaves no room for a key twice.
      const encoded = toHex(this.data.subarray(start, this.at));
      if (encoded <= previous) {
        throw this._error("map key out of order");
      }
      previous = encoded;
      values.set(key, this.item(depth));
    }
    return values;
  }

  /**
   * @param {number} number
   * @param {number} depth
   */
  _tag(number, depth) {
    if (number === 2 || number === 3 || !Number.isSafeInteger(number)) {
      throw this._error("bignum, or a tag beyond 2^53");
    }
    return new Tag(number, this.item(depth));
  }

  /** @param {number} info */
  _simple(info) {
    if (info < 20 || info > 22) {
      throw this._error("float or simple value");
    }
    return [false, true, null][info - 20];
  }
}
