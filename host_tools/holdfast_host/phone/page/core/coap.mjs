/**
 * CoAP messages: codes, options, payload (RFC 7252 sections 3.1 and 5).
 *
 * @typedef {[number: number, value: Bytes]} Option
 * @typedef {Object} Message
 * @property {number} code class << 5 | detail
 * @property {readonly Option[]} options in rising order
 * @property {Bytes} payload
 * @property {Bytes} [token] none if it is not there
 */

import { HoldfastError } from "./errors.mjs";
import { EMPTY, concat, fromNumber, toNumber, toText, utf8 } from "./bytes.mjs";

/** @import { Bytes } from "./bytes.mjs" */

export const POST = 0x02;
export const PUT = 0x03;
export const CHANGED = 0x44;
export const BAD_REQUEST = 0x80;
export const UNAUTHORIZED = 0x81;
export const FORBIDDEN = 0x83;
export const CSM = 0xe1;
export const PING = 0xe2;
export const PONG = 0xe3;
export const RELEASE = 0xe4;
export const ABORT = 0xe5;

export const OPTION_OSCORE = 9;
export const OPTION_URI_PATH = 11;
export const OPTION_CONTENT_FORMAT = 12;
export const OPTION_EDHOC = 21;
export const OPTION_ECHO = 252;

export const FORMAT_CBOR = 60;
export const FORMAT_EDHOC = 64;
export const FORMAT_CID_EDHOC = 65;

const MAX_OPTIONS = 64;
const MAX_NUMBER = 0xffff;
const PAYLOAD_MARKER = 0xff;

/** @param {string} text */
const malformed = (text) => new HoldfastError("malformed", text);

/** @param {number} code */
export function isResponse(code) {
  return code >> 5 >= 2 && code >> 5 <= 5;
}

/**
 * `2.04` for 0x44.
 *
 * @param {number} code
 */
export function codeText(code) {
  return `${code >> 5}.${String(code & 31).padStart(2, "0")}`;
}

/**
 * @param {...string} segments
 * @returns {Option[]}
 */
export function pathOptions(...segments) {
  return segments.map((segment) => [OPTION_URI_PATH, utf8(segment)]);
}

/**
 * @param {number} format
 * @returns {Option}
 */
export function contentFormat(format) {
  return [OPTION_CONTENT_FORMAT, fromNumber(format)];
}

/**
 * The first option of that number, or null.
 *
 * @param {Message} message
 * @param {number} number
 * @returns {Bytes | null}
 */
export function optionOf(message, number) {
  return message.options.find(([found]) => found === number)?.[1] ?? null;
}

/**
 * The Content-Format, or null.
 *
 * @param {Message} message
 */
export function formatOf(message) {
  const format = optionOf(message, OPTION_CONTENT_FORMAT);
  return format === null || format.length > 2 ? null : toNumber(format);
}

/**
 * What an error's payload says, in one line of at most 200 characters, or its code. Never believe it.
 *
 * @param {Message} message
 */
export function diagnostic(message) {
  let text = "";
  try {
    text = formatOf(message) === null ? toText(message.payload.slice(0, 200)) : "";
  } catch (error) {
    if (!(error instanceof HoldfastError)) {
      throw error;
    }
  }
  return text.replaceAll(/[^\x20-\x7e]/g, "") || `code ${codeText(message.code)}`;
}

/**
 * What follows code and token: options and payload.
 *
 * @param {readonly Option[]} options in rising order
 * @param {Bytes} payload
 */
export function encodeOptions(options, payload) {
  const pieces = [];
  let previous = 0;
  for (const [number, value] of options) {
    if (number < previous) {
      throw new TypeError("options are written in rising order");
    }
    const [delta, deltaMore] = shorten(number - previous);
    const [length, lengthMore] = shorten(value.length);
    pieces.push(concat((delta << 4) | length, deltaMore, lengthMore, value));
    previous = number;
  }
  return payload.length > 0 ? concat(...pieces, PAYLOAD_MARKER, payload) : concat(...pieces);
}

/**
 * Options and payload in `data`. Raises HoldfastError `malformed`.
 *
 * @param {Bytes} data
 * @returns {{ options: Option[], payload: Bytes }}
 */
export function decodeOptions(data) {
  /** @type {Option[]} */
  const options = [];
  let at = 0;
  let number = 0;
  /** @param {number} nibble */
  const extended = (nibble) => {
    if (nibble < 13) {
      return nibble;
    }
    if (nibble === 15) {
      throw malformed("a reserved option delta or length");
    }
    const size = nibble - 12;
    if (size > data.length - at) {
      throw malformed("an option header is cut short");
    }
    at += size;
    return toNumber(data.subarray(at - size, at)) + (size === 1 ? 13 : 269);
  };
  while (at < data.length) {
    const first = data[at++] ?? 0;
    if (first === PAYLOAD_MARKER) {
      if (at === data.length) {
        throw malformed("a payload marker without a payload");
      }
      return { options, payload: data.slice(at) };
    }
    number += extended(first >> 4);
    const length = extended(first & 0x0f);
    if (number > MAX_NUMBER || length > data.length - at || options.length === MAX_OPTIONS) {
      throw malformed("an option is cut short, beyond 65535 or one too many");
    }
    options.push([number, data.slice(at, at + length)]);
    at += length;
  }
  return { options, payload: EMPTY };
}

/**
 * The nibble and the bytes that stand for a delta or a length below 65805.
 *
 * @param {number} number
 * @returns {[nibble: number, more: Bytes]}
 */
export function shorten(number) {
  if (number < 13) {
    return [number, EMPTY];
  }
  return number < 269 ? [13, fromNumber(number - 13, 1)] : [14, fromNumber(number - 269, 2)];
}
