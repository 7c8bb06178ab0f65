/** CoAP's frames on a stream of bytes (RFC 8323 section 3.2), in chunks of any size. */

import { HoldfastError } from "./errors.mjs";
import { EMPTY, concat, toNumber } from "./bytes.mjs";
import { codeText, decodeOptions, encodeOptions, shorten } from "./coap.mjs";

/** @import { Bytes } from "./bytes.mjs" */
/** @import { Message } from "./coap.mjs" */

/** The largest frame, head included (RFC 8323 section 5.3.1). */
export const MAX_MESSAGE_SIZE = 1152;

const MAX_TOKEN = 8;

/** @param {string} text */
const malformed = (text) => new HoldfastError("malformed", text);

/**
 * The frame that carries a message.
 *
 * @param {Message} message
 */
export function encodeFrame(message) {
  const token = message.token ?? EMPTY;
  const body = encodeOptions(message.options, message.payload);
  const [length, more] = shorten(body.length);
  return concat((length << 4) | token.length, more, message.code, token, body);
}

/** Turns the chunks of one stream into messages; holds one frame of at most 1152 bytes. */
export class StreamDecoder {
  constructor() {
    this._held = EMPTY;
    this._isBroken = false;
  }

  /**
   * The messages that `chunk` completes. Raises HoldfastError `malformed` on the first thing that RFC 8323 forbids, and
   * from then on at each call.
   *
   * @param {Uint8Array} chunk
   * @returns {Message[]}
   */
  feed(chunk) {
    if (this._isBroken) {
      throw malformed("the stream broke earlier");
    }
    const messages = [];
    let data = concat(this._held, chunk);
    try {
      for (let length = frameLength(data); length !== null && length <= data.length; length = frameLength(data)) {
        messages.push(decodeFrame(data.slice(0, length)));
        data = data.slice(length);
      }
    } catch (error) {
      this._isBroken = true;
      throw error;
    }
    this._held = data;
    return messages;
  }
}

/**
 * How long the frame is that `data` begins with, or null if that cannot be told yet.
 *
 * @param {Bytes} data
 */
function frameLength(data) {
  const [first] = data;
  if (first === undefined) {
    return null;
  }
  const tokenLength = first & 0x0f;
  if (tokenLength > MAX_TOKEN) {
    throw malformed("a reserved token length");
  }
  const nibble = first >> 4;
  const more = nibble < 13 ? 0 : 1 << (nibble - 13);
  if (data.length < 1 + more) {
    return null;
  }
  const base = [13, 269, 65805][nibble - 13] ?? nibble;
  const length = 1 + more + 1 + tokenLength + base + toNumber(data.subarray(1, 1 + more));
  if (length > MAX_MESSAGE_SIZE) {
    throw malformed(`a frame of more than ${MAX_MESSAGE_SIZE} bytes`);
  }
  return length;
}

/**
 * @param {Bytes} frame a whole one
 * @returns {Message}
 */
function decodeFrame(frame) {
  const first = frame[0] ?? 0;
  const nibble = first >> 4;
  const codeAt = 1 + (nibble < 13 ? 0 : 1 << (nibble - 13));
  const code = frame[codeAt] ?? 0;
  if (code >> 5 === 1 || code >> 5 === 6) {
    throw malformed(`reserved code ${codeText(code)}`);
  }
  const optionsAt = codeAt + 1 + (first & 0x0f);
  return { code, token: frame.slice(codeAt + 1, optionsAt), ...decodeOptions(frame.slice(optionsAt)) };
}
