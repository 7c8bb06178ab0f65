/**
 * One unlock as a person means it: the fast way if the door is known, the full way if need be.
 *
 * @typedef {Object} Session what is kept of a handshake, so that the next visit takes one round trip
 * @property {Bytes | CryptoKey} masterSecret
 * @property {Bytes} masterSalt
 * @property {Bytes} senderId
 * @property {Bytes} recipientId
 * @property {number} sequenceNumber the first Partial IV that was not used
 * @property {string} credential SHA-256 of the token that it was made with, hexadecimal digits
 * @property {{ cti: string, expires: number, doors: readonly string[] }} partner who has the other end, by its
 *   certificate
 * @typedef {Object} Store the plug for what is kept, by door. One visit uses it at a time: a Partial IV that is used
 *   twice gives away what it protected, so a backup or a copy of it must never be brought into use.
 * @property {(door: string) => Promise<Session | null | undefined>} load
 * @property {(door: string, session: Session | null) => Promise<void>} save durably before it resolves; null forgets
 * @property {boolean} [keepsBytes] true: masterSecret is bytes, for a store that cannot keep a CryptoKey
 * @typedef {Object} Visit
 * @property {() => Promise<Link>} connect makes a connection to the reader, a new one each time
 * @property {Store} store
 * @property {readonly Identity[]} identities one for each suite that there is a key for, the preferred one first
 * @property {string | null} door null: the one door of whatever reader is there, as for a credential that names zones
 * @property {Wish} wish
 * @property {(doors: readonly string[]) => void} [found] told the doors of the reader, once it is proven
 * @property {number} [now] seconds since 1970
 * @property {boolean} [cold] leave out what is kept
 * @property {number} [handshakes] how many are tried if connections end in one; 1 if it is left out
 * @property {(phase: "connected" | "proven" | "decided") => void} [reached]
 * @property {number} [answerMs]
 * @property {Chance} [chance] for tests
 * @typedef {Object} Report what came of it and what it cost, all its connections together
 * @property {string} door
 * @property {boolean} granted
 * @property {number} reason
 * @property {number} strikeMs
 * @property {boolean} warm
 * @property {Suite} suite
 * @property {number} roundTrips
 * @property {number} bytesOut
 * @property {number} bytesIn
 */

import { HoldfastError } from "./errors.mjs";
import { toHex } from "./bytes.mjs";
import { Asked, Rejected, introduce } from "./client.mjs";
import { Connection } from "./connection.mjs";
import { sha256 } from "./crypto.mjs";
import { MAX_SEQUENCE_NUMBER, SecurityContext, importMasterSecret } from "./oscore.mjs";

/** @import { Bytes } from "./bytes.mjs" */
/** @import { Chance, Checked, Identity, Outcome, Wish } from "./client.mjs" */
/** @import { Link } from "./connection.mjs" */
/** @import { Suite } from "./public_key.mjs" */

/**
 * Ask a door for what the wish says. A kept context is tried first; if the reader knows it no more, or the connection
 * ends, a full handshake follows. After that the wish is sent once. A reader of several doors is asked for none if the
 * visit names none: `which-door`, and `found` has told which there are.
 *
 * What is granted is the door's own protected word, and nothing else is. Raises HoldfastError; with `unanswered` and
 * `not-believed` the door may be open.
 *
 * @param {Visit} visit
 * @returns {Promise<Report>}
 */
export async function unlock(visit) {
  const connections = new Connections(visit);
  try {
    const now = visit.now ?? Math.floor(Date.now() / 1000);
    const { door } = visit;
    const warm = visit.cold || door === null ? null : await tryWarm(visit, door, connections, now);
    return await (warm ?? tryCold(visit, connections, now));
  } finally {
    await connections.close();
  }
}

/** The connections of one visit, one at a time: two to one reader are one too many for a radio. */
class Connections {
  /** @param {Visit} visit */
  constructor(visit) {
    this._visit = visit;
    /** @type {Connection[]} */
    this.all = [];
    /** @type {Connection | null} */
    this._current = null;
  }

  /** The one that is there, or a new one. */
  async current() {
    if (this._current === null) {
      const connection = new Connection(await this._link(), this._visit.answerMs);
      this._current = connection;
      this.all.push(connection);
      this._visit.reached?.("connected");
    }
    return this._current;
  }

  async close() {
    await this._current?.close();
    this._current = null;
  }

  async _link() {
    try {
      return await this._visit.connect();
    } catch (error) {
      if (error instanceof HoldfastError) {
        throw error;
      }
      throw new HoldfastError("link-closed", "there is no connection", error);
    }
  }
}

/**
 * Under what is kept, twice if the reader lost its memory of replays (RFC 8613 appendix B.1.2). Null if that came to
 * nothing, and a handshake is next.
 *
 * @param {Visit} visit
 * @param {string} door
 * @param {Connections} connections
 * @param {number} now
 */
async function tryWarm(visit, door, connections, now) {
  let echo;
  try {
    for (let asks = 0; asks < 2; asks++) {
      const taken = await take(visit, door, now);
      if (taken === null) {
        return null;
      }
      const { session, identity } = taken;
      const context = await SecurityContext.derive(session);
      const asked = await Asked.start(context, session.sequenceNumber, door, visit.wish, echo);
      const outcome = await asked.read(await (await connections.current()).request(asked.request));
      if (!("echo" in outcome)) {
        visit.reached?.("decided");
        return report(door, outcome, true, identity, connections);
      }
      echo = outcome.echo;
    }
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code === "not-believed") {
      throw error;
    }
    if (!(error instanceof Rejected && error.isForgotten)) {
      await connections.close();
    }
    return null;
  }
  throw new HoldfastError("not-believed", "the reader asks again instead of answering");
}

/**
 * Both sides prove themselves, the door answers, and what follows from the handshake is kept if it opened.
 *
 * @param {Visit} visit
 * @param {Connections} connections
 * @param {number} now
 */
async function tryCold(visit, connections, now) {
  const checked = await proven(visit, connections, now);
  visit.reached?.("proven");
  const { doors } = checked.device;
  visit.found?.(doors);
  const [first, ...others] = doors;
  const door = visit.door ?? (others.length === 0 ? first : undefined);
  if (door === undefined) {
    throw new HoldfastError("which-door", "the reader there has several doors, or none");
  }
  const asked = await checked.ask(door, visit.wish);
  const connection = await connections.current();
  let response;
  try {
    response = await connection.request(asked.request);
  } catch (error) {
    if (error instanceof HoldfastError) {
      throw new HoldfastError("unanswered", `the door was asked, and its answer is lost: ${error.message}`, error);
    }
    throw error;
  }
  const outcome = await asked.read(response);
  if ("echo" in outcome) {
    throw new HoldfastError("not-believed", "the reader asks again instead of answering");
  }
  visit.reached?.("decided");
  if (outcome.granted) {
    try {
      await visit.store.save(door, await sessionOf(checked, visit.store));
    } catch {
      // The door is open, and that is what must be told; the next visit is a cold one.
    }
  }
  return report(door, outcome, false, checked.identity, connections);
}

/**
 * @param {Visit} visit
 * @param {Connections} connections
 * @param {number} now
 * @returns {Promise<Checked>}
 */
async function proven(visit, connections, now) {
  for (let left = visit.handshakes ?? 1; ; left--) {
    try {
      const connection = await connections.current();
      const request = connection.request.bind(connection);
      return await introduce(request, visit.identities, visit.door, now, visit.chance);
    } catch (error) {
      const isLost = error instanceof HoldfastError && (error.code === "link-closed" || error.code === "silent");
      if (!isLost || left <= 1) {
        throw error;
      }
      await connections.close();
    }
  }
}

/**
 * The session for the door with a Partial IV that nothing else will use: the store knows the next before this is
 * returned. Null if there is none that may be used `now`.
 *
 * @param {Visit} visit
 * @param {string} door
 * @param {number} now
 */
async function take({ store, identities }, door, now) {
  const session = (await store.load(door)) ?? null;
  if (session === null) {
    return null;
  }
  const identity = await ownerOf(session, identities);
  const { partner, sequenceNumber } = session;
  // A handshake shows whether the reader has another certificate.
  const isBelieved =
    identity !== null &&
    partner.doors.includes(door) &&
    now < partner.expires &&
    !identity.trust.revoked.has(partner.cti);
  if (!isBelieved || sequenceNumber > MAX_SEQUENCE_NUMBER) {
    await store.save(door, null);
    return null;
  }
  await store.save(door, { ...session, sequenceNumber: sequenceNumber + 1 });
  return { session, identity };
}

/**
 * The identity that a session was made with, or null: the credential was renewed.
 *
 * @param {Session} session
 * @param {readonly Identity[]} identities
 */
async function ownerOf(session, identities) {
  for (const identity of identities) {
    if (toHex(await sha256(identity.token)) === session.credential) {
      return identity;
    }
  }
  return null;
}

/**
 * @param {Checked} checked
 * @param {Store} store
 * @returns {Promise<Session>}
 */
async function sessionOf(checked, store) {
  const { device, identity, completed } = checked;
  const { masterSecret } = completed;
  return {
    ...completed,
    masterSecret: store.keepsBytes ? masterSecret : await importMasterSecret(masterSecret),
    sequenceNumber: 1,
    credential: toHex(await sha256(identity.token)),
    partner: { cti: device.cti, expires: device.expires, doors: device.doors },
  };
}

/**
 * @param {string} door
 * @param {Outcome} outcome
 * @param {boolean} warm
 * @param {Identity} identity
 * @param {Connections} connections
 * @returns {Report}
 */
function report(door, outcome, warm, identity, connections) {
  const sum = (/** @type {"roundTrips" | "bytesOut" | "bytesIn"} */ what) =>
    connections.all.reduce((total, connection) => total + connection[what], 0);
  return {
    door,
    ...outcome,
    warm,
    suite: identity.key.suite,
    roundTrips: sum("roundTrips"),
    bytesOut: sum("bytesOut"),
    bytesIn: sum("bytesIn"),
  };
}
