/**
 * One connection to a reader: requests out, answers in, and what is said of the connection itself.
 *
 * @typedef {Object} Link the plug for whatever carries bytes both ways: GATT, a socket
 * @property {(bytes: Bytes) => Promise<void>} write all of them, in order, in pieces of the link's own size
 * @property {() => Promise<Uint8Array>} read what has come and was not read, at least one byte; none once the
 *   connection has ended. Asked for again only when it was answered. A link must bound what it keeps unread.
 * @property {() => void | Promise<void>} [close]
 */

import { HoldfastError } from "./errors.mjs";
import { EMPTY, concat } from "./bytes.mjs";
import * as coap from "./coap.mjs";
import { StreamDecoder, encodeFrame } from "./stream.mjs";

/** @import { Bytes } from "./bytes.mjs" */
/** @import { Message } from "./coap.mjs" */

/** How long an answer may take, in milliseconds. */
export const ANSWER_MS = 10_000;

const GREETING = { code: coap.CSM, options: [], payload: EMPTY };

/** The phone's end. `roundTrips`, `bytesOut` and `bytesIn` count what it has cost so far. */
export class Connection {
  /**
   * @param {Link} link
   * @param {number} [answerMs]
   */
  constructor(link, answerMs = ANSWER_MS) {
    this.roundTrips = 0;
    this.bytesOut = 0;
    this.bytesIn = 0;
    this._link = link;
    this._answerMs = answerMs;
    this._decoder = new StreamDecoder();
    /** @type {Message[]} */
    this._messages = [];
    this._greeting = encodeFrame(GREETING);
    this._isGreeted = false;
    this._isOver = false;
  }

  /**
   * Send a request, wait for its answer: one round trip. Raises HoldfastError `link-closed`, `silent`, or `malformed`
   * if what is there breaks CoAP's rules; the connection is over then.
   *
   * @param {Message} request without a token: one is under way at a time
   * @returns {Promise<Message>}
   */
  async request(request) {
    const greeting = this._greeting;
    this._greeting = EMPTY;
    try {
      // The time is for all of it: a link may keep the bytes for as long as it likes, and the reader ping for ever.
      return await this._within(this._exchange(concat(greeting, encodeFrame(request))));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** End the connection. */
  async close() {
    if (this._isOver) {
      return;
    }
    this._isOver = true;
    try {
      await this._link.close?.();
    } catch {
      // It is over either way, and there is nothing that anybody could do.
    }
  }

  /** @param {Bytes} frame */
  async _exchange(frame) {
    await this._write(frame);
    for (;;) {
      for (let message = this._messages.shift(); message !== undefined; message = this._messages.shift()) {
        if (await this._isResponse(message)) {
          this.roundTrips++;
          return message;
        }
      }
      this._messages = this._decoder.feed(await this._read());
    }
  }

  /**
   * @template T
   * @param {Promise<T>} work
   * @returns {Promise<T>}
   */
  async _within(work) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      const error = new HoldfastError("silent", `no answer within ${this._answerMs} ms`);
      timer = setTimeout(() => reject(error), this._answerMs);
    });
    try {
      return /** @type {T} */ (await Promise.race([work, late]));
    } finally {
      clearTimeout(timer);
      work.catch(() => undefined); // what a link still says of a connection that was left concerns nobody
    }
  }

  /** @param {Bytes} bytes */
  async _write(bytes) {
    if (this._isOver) {
      throw new HoldfastError("link-closed", "the connection was closed");
    }
    this.bytesOut += bytes.length;
    try {
      await this._link.write(bytes);
    } catch (error) {
      throw new HoldfastError("link-closed", "the connection ended while something was sent", error);
    }
  }

  /** @returns {Promise<Uint8Array>} */
  async _read() {
    let chunk;
    try {
      chunk = await this._link.read();
    } catch (error) {
      throw new HoldfastError("link-closed", "the connection ended", error);
    }
    if (chunk.length === 0) {
      throw new HoldfastError("link-closed", "the reader ended the connection");
    }
    this.bytesIn += chunk.length;
    return chunk;
  }

  /**
   * Heeds what is said of the connection (RFC 8323 section 5).
   *
   * @param {Message} message
   */
  async _isResponse(message) {
    const { code, token } = message;
    if (code === 0) {
      return false;
    }
    if (code === coap.ABORT) {
      throw new HoldfastError("link-closed", "the reader could not read what was sent");
    }
    if (!this._isGreeted && code !== coap.CSM) {
      throw new HoldfastError("malformed", "the first message is no CSM");
    }
    this._isGreeted = true;
    if (coap.isResponse(code)) {
      if (token !== undefined && token.length > 0) {
        throw new HoldfastError("malformed", "an answer to something that was not asked");
      }
      return true;
    }
    // All options that RFC 8323 defines are elective, whose numbers are even.
    if (code < coap.CSM || code > coap.RELEASE || message.options.some(([number]) => number % 2 === 1)) {
      throw new HoldfastError("malformed", "a request, or a signal that is not known");
    }
    if (code === coap.PING) {
      await this._write(encodeFrame({ code: coap.PONG, options: [], payload: EMPTY, token: token ?? EMPTY }));
    }
    return false;
  }
}
