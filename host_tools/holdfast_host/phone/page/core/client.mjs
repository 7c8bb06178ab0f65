/**
 * An unlock in steps that do no I/O: each has the next request, and reads the answer to it.
 *
 *     const handshake = await Handshake.start(identity, door);             cold: two round trips
 *     const checked = await handshake.read(await connection.request(handshake.request), now);
 *     const asked = await checked.ask(door, wish);
 *     const outcome = await asked.read(await connection.request(asked.request));
 *
 *     const asked = await Asked.start(context, number, door, wish);        warm: one
 *     const outcome = await asked.read(await connection.request(asked.request));
 *
 * @typedef {Object} Identity what the phone shows, and whom it believes
 * @property {AgreementKey} key
 * @property {Bytes} token its credential
 * @property {Trust} trust
 * @typedef {Object} Wish
 * @property {number} [action] one permission bit; 1, unlock, if it is left out
 * @property {boolean} intent whether a person made a gesture for this very request; never true without one
 * @property {boolean} [userVerified] whether the phone verified its user for it
 * @typedef {Object} Outcome the door's protected answer
 * @property {boolean} granted
 * @property {number} reason coarse: see REASONS
 * @property {number} strikeMs 0 unless granted
 * @typedef {{ echo: Bytes }} EchoChallenge the door asks for the same again with `echo` in it
 * @typedef {Object} Chance what is new in each handshake; only a test has another than CHANCE
 * @property {(suite: Suite) => Promise<AgreementKey>} ephemeral
 * @property {() => Bytes} connectionId C_I
 */

import { HoldfastError, as } from "./errors.mjs";
import { concat, equal, utf8 } from "./bytes.mjs";
import * as cbor from "./cbor.mjs";
import * as coap from "./coap.mjs";
import { randomBytes } from "./crypto.mjs";
import { Initiator } from "./edhoc.mjs";
import { WRONG_SUITE, offerSuites, parseError } from "./edhoc_error.mjs";
import { SecurityContext, combine } from "./oscore.mjs";
import { ephemeralKey } from "./public_key.mjs";
import { CARRIER, authenticateDevice } from "./trust.mjs";

/** @import { Bytes } from "./bytes.mjs" */
/** @import { Message } from "./coap.mjs" */
/** @import { Completed, VerifiedMessage2, WaitMessage2 } from "./edhoc.mjs" */
/** @import { Exchange } from "./oscore.mjs" */
/** @import { AgreementKey, Suite } from "./public_key.mjs" */
/** @import { Device, Trust } from "./trust.mjs" */

/** What a coarse reason means, by its number; a reader may learn others. */
export const REASONS = /** @type {const} */ ([
  "granted",
  "credential-not-accepted",
  "outside-its-time",
  "not-for-this-door",
  "request-not-accepted",
  "reader-cannot-decide",
  "locked-down",
]);

const UNLOCK = 1;
const MOST_OFFERS = 3; // whoever forges errors for ever must not be answered for ever
const CONTEXT_NOT_FOUND = "Security context not found"; // RFC 8613 section 8.2

/** @type {Chance} */
const CHANCE = { ephemeral: ephemeralKey, connectionId };

/** A refusal in the clear, which may be anybody's. */
export class Rejected extends HoldfastError {
  /** @param {Message} response */
  constructor(response) {
    const error = coap.formatOf(response) === coap.FORMAT_EDHOC ? parseError(response.payload) : null;
    super(error?.code === WRONG_SUITE ? "wrong-suite" : "rejected", error?.text || coap.diagnostic(response));
    /** @readonly */
    this.response = response;
    /** @readonly SUITES_R, if it is about suites */
    this.suites = error?.suites ?? [];
  }

  /** Whether the reader knows the context no more, and the connection stays. */
  get isForgotten() {
    const { code, payload } = this.response;
    return code === coap.UNAUTHORIZED && equal(payload, utf8(CONTEXT_NOT_FOUND));
  }
}

/** message_1 is made, with a new ephemeral key. */
export class Handshake {
  /**
   * @param {Identity} identity
   * @param {string | null} door
   * @param {Bytes} message1
   * @param {WaitMessage2} waiting
   */
  constructor(identity, door, message1, waiting) {
    this._identity = identity;
    this._door = door;
    this._waiting = waiting;
    this.message1 = message1;
    /** @type {Message} */
    this.request = {
      code: coap.POST,
      options: [...coap.pathOptions(".well-known", "edhoc"), coap.contentFormat(coap.FORMAT_CID_EDHOC)],
      payload: concat(cbor.encode(true), message1),
    };
  }

  /**
   * @param {Identity} identity
   * @param {string | null} door that the person means, or null: any, to show the person which there are
   * @param {readonly Suite[]} [suites] SUITES_I, the last of them the identity's
   * @param {Chance} [chance]
   */
  static async start(identity, door, suites, chance = CHANCE) {
    const { suite } = identity.key;
    const initiator = new Initiator(identity, suites ?? [suite]);
    const ephemeral = await chance.ephemeral(suite);
    const { message1, waiting } = await initiator.prepareMessage1(ephemeral, chance.connectionId());
    return new Handshake(identity, door, message1, waiting);
  }

  /**
   * Check message_2 in `response`, and that the reader's certificate is for the door and holds `now` (seconds since
   * 1970). Raises Rejected, or HoldfastError with the code that says why it is not the door's reader.
   *
   * @param {Message} response
   * @param {number} now
   */
  async read(response, now) {
    if (response.code !== coap.CHANGED || coap.optionOf(response, coap.OPTION_OSCORE) !== null) {
      throw new Rejected(response);
    }
    const received = await as("no-proof", "message_2", async () => {
      if (coap.formatOf(response) !== coap.FORMAT_EDHOC) {
        throw new HoldfastError("malformed", "it has no Content-Format 64");
      }
      return this._waiting.parseMessage2(response.payload);
    }).catch(withoutCertificate);
    const device = await authenticateDevice(received.certificate, this._identity.trust);
    this._check(device, now);
    const verified = await as("no-proof", "message_2", () => received.verify(device.publicKey));
    return Checked.of(this._identity, device, received.certificate, verified);
  }

  /**
   * @param {Device} device
   * @param {number} now
   */
  _check(device, now) {
    const { revoked } = this._identity.trust;
    if (device.suite !== this._identity.key.suite) {
      throw new HoldfastError("no-proof", "the certificate has a key of another suite");
    }
    if (revoked.has(device.cti)) {
      throw new HoldfastError("revoked", `the site has revoked ${device.name}, the reader there`);
    }
    if (device.role === CARRIER) {
      throw new HoldfastError("not-a-door", `what is there, ${device.name}, only carries and opens no door`);
    }
    if (this._door !== null && !device.doors.includes(this._door)) {
      throw new HoldfastError("other-door", "the reader there is that of another door");
    }
    if (now >= device.expires) {
      throw new HoldfastError("ended", "the reader's certificate has ended");
    }
  }
}

/** The reader is the right one, and message_3 is made. */
export class Checked {
  /**
   * @param {Identity} identity
   * @param {Device} device
   * @param {Bytes} certificate
   * @param {Completed} completed
   * @param {Bytes} message3
   */
  constructor(identity, device, certificate, completed, message3) {
    this.identity = identity;
    this.device = device;
    this.certificate = certificate;
    this.completed = completed;
    this.message3 = message3;
  }

  /**
   * @param {Identity} identity
   * @param {Device} device
   * @param {Bytes} certificate
   * @param {VerifiedMessage2} verified
   */
  static async of(identity, device, certificate, verified) {
    const { completed, message3 } = await verified.prepareMessage3();
    return new Checked(identity, device, certificate, completed, message3);
  }

  /**
   * The wish and message_3 in one request (RFC 9668), which takes Partial IV 0 of the new context.
   *
   * @param {string} door one of the device's
   * @param {Wish} wish
   */
  async ask(door, wish) {
    if (!this.device.doors.includes(door)) {
      throw new HoldfastError("other-door", "the reader there is that of another door");
    }
    const context = await SecurityContext.derive(this.completed);
    const asked = await Asked.start(context, 0, door, wish);
    asked.request = combine(this.message3, asked.request);
    return asked;
  }
}

/** A protected request for a door. */
export class Asked {
  /**
   * @param {SecurityContext} context
   * @param {Message} request
   * @param {Exchange} exchange
   */
  constructor(context, request, exchange) {
    this.request = request;
    this._context = context;
    this._exchange = exchange;
  }

  /**
   * @param {SecurityContext} context
   * @param {number} number the Partial IV, which the store has been told of
   * @param {string} door
   * @param {Wish} wish
   * @param {Bytes} [echo]
   */
  static async start(context, number, door, wish, echo) {
    /** @type {coap.Option[]} */
    const options = [...coap.pathOptions("doors", door), coap.contentFormat(coap.FORMAT_CBOR)];
    if (echo !== undefined) {
      options.push([coap.OPTION_ECHO, echo]);
    }
    const plain = { code: coap.PUT, options, payload: encodeWish(wish) };
    const { message, exchange } = await context.protectRequest(plain, number);
    return new Asked(context, message, exchange);
  }

  /**
   * The door's answer. Raises Rejected if `response` is not protected: that is never "open"; HoldfastError
   * `not-believed` if it is not the door's, or no answer.
   *
   * @param {Message} response
   * @returns {Promise<Outcome | EchoChallenge>}
   */
  async read(response) {
    if (coap.optionOf(response, coap.OPTION_OSCORE) === null) {
      throw new Rejected(response);
    }
    return as("not-believed", "the answer", async () => {
      const answer = await this._context.unprotectResponse(response, this._exchange);
      const echo = coap.optionOf(answer, coap.OPTION_ECHO);
      if (answer.code === coap.UNAUTHORIZED && echo !== null && echo.length > 0 && echo.length <= 40) {
        return { echo };
      }
      return outcomeOf(answer);
    });
  }
}

/**
 * A handshake in the best suite that phone and reader both have (RFC 9528 section 6.3).
 *
 * A reader's word on its suites may be forged, but all that the phone would rather have had goes along in the next
 * message_1, and a reader that has one of these refuses: nobody is talked down.
 *
 * @param {(request: Message) => Promise<Message>} request
 * @param {readonly Identity[]} identities one a suite, the preferred first; at least one
 * @param {string | null} door
 * @param {number} now
 * @param {Chance} [chance]
 * @returns {Promise<Checked>}
 */
export async function introduce(request, identities, door, now, chance = CHANCE) {
  const preferred = identities.map((identity) => identity.key.suite);
  let suites = preferred.slice(0, 1);
  for (let offers = 1; ; offers++) {
    const selected = suites[suites.length - 1];
    const identity = identities.find((one) => one.key.suite === selected);
    if (identity === undefined) {
      throw new TypeError("there is no identity");
    }
    const handshake = await Handshake.start(identity, door, suites, chance);
    const response = await request(handshake.request);
    try {
      return await handshake.read(response, now);
    } catch (error) {
      const following = error instanceof Rejected ? offerSuites(preferred, error.suites, suites) : [];
      if (following.length === 0 || offers === MOST_OFFERS) {
        throw error;
      }
      suites = [...following];
    }
  }
}

/**
 * C_I: one of the 48 that are a single byte on the wire (RFC 9528 section 3.3.2).
 *
 * @returns {Bytes}
 */
function connectionId() {
  const number = (randomBytes(1)[0] ?? 0) % 48;
  return Uint8Array.of(number < 24 ? number : number + 8);
}

/** @param {Wish} wish */
function encodeWish(wish) {
  /** @type {Map<number, number | boolean>} */
  const map = new Map([[1, wish.action ?? UNLOCK]]);
  map.set(2, wish.intent);
  if (wish.userVerified === true) {
    map.set(3, true);
  }
  return cbor.encode(map);
}

/**
 * @param {Message} answer
 * @returns {Outcome}
 */
function outcomeOf(answer) {
  const body = answer.payload.length > 0 ? cbor.decode(answer.payload) : null;
  if (!(body instanceof Map)) {
    throw new HoldfastError("malformed", `none to the wish, but ${coap.codeText(answer.code)}`);
  }
  const [granted, reason, strikeMs] = [body.get(1), body.get(2), body.get(3) ?? 0];
  if (typeof granted !== "boolean" || typeof reason !== "number" || typeof strikeMs !== "number" || reason < 0) {
    throw new HoldfastError("malformed", "none to the wish");
  }
  if (granted !== (answer.code === coap.CHANGED) || granted !== (reason === 0)) {
    throw new HoldfastError("malformed", "it contradicts itself");
  }
  return { granted, reason, strikeMs };
}

/**
 * Of what is wrong with message_2 it is worth telling that there was no certificate.
 *
 * @param {unknown} error
 * @returns {never}
 */
function withoutCertificate(error) {
  const cause = error instanceof HoldfastError ? error.cause : null;
  throw cause instanceof HoldfastError && cause.code === "no-certificate" ? cause : error;
}
