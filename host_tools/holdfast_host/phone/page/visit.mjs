/** One tap: from a door's button to its answer, over one reader at a time. */

import { HoldfastError, unlock } from "./core.mjs";
import * as ble from "./ble.mjs";
import { loadKeys } from "./database.mjs";
import { openKeys } from "./keys.mjs";
import { NotRecognised } from "./person.mjs";

/** @import { Report } from "./core.mjs" */
/** @import { Device } from "./ble.mjs" */
/** @import { Enrolled } from "./enrolment.mjs" */

/** @typedef {"looking" | "recognising" | "connecting" | "connected" | "proven" | "decided"} Phase */
/** @typedef {import("./core.mjs").Code | "no-bluetooth" | "none-chosen" | "not-recognised" | "busy" | "unknown"} Why */
/**
 * @typedef {Object} Told
 * @property {(phase: Phase) => void} reached
 * @property {(doors: readonly string[]) => void} found
 */

const LOCK = "holdfast visit";
// What a reader that is not this door's says: the next tap asks which is.
const ANOTHER = ["other-door", "not-a-door", "other-site", "no-proof", "no-certificate", "revoked"];

/** By site and door, while the page lives: the browser asks again after that. @type {Map<string, Device>} */
const devices = new Map();

/**
 * Open a door, because a person has tapped for it: call this in their tap and at no other time. No second visit begins,
 * in any window of this page, before the first has ended: two would use one Partial IV.
 *
 * @param {string | null} door null: that of the reader which the person chooses
 * @param {Enrolled} who
 * @param {Told} told
 * @returns {Promise<Report | Why>}
 */
export function open(door, who, told) {
  const visit = async (/** @type {Lock | null} */ lock) => (lock === null ? "busy" : opened(door, who, told));
  return navigator.locks.request(LOCK, { ifAvailable: true }, visit);
}

/**
 * The reader is chosen first, while the tap counts as one for the browser; then the person is asked, and only then is
 * there a connection.
 *
 * @param {string | null} door
 * @param {Enrolled} who
 * @param {Told} told
 * @returns {Promise<Report | Why>}
 */
async function opened(door, { trust, credential }, { reached, found }) {
  const radio = ble.bluetooth();
  if (radio === null || (await radio.getAvailability?.()) === false) {
    return "no-bluetooth";
  }
  reached("looking");
  const name = (/** @type {string | null} */ one) => JSON.stringify([trust.site, one]);
  const device = (door === null ? undefined : devices.get(name(door))) ?? (await ble.choose(radio));
  if (device === null) {
    return "none-chosen";
  }
  const remember = (/** @type {readonly string[]} */ doors) => {
    doors.forEach((one) => devices.set(name(one), device));
    found(doors);
  };
  const connect = () => {
    reached("connecting");
    return ble.connect(device);
  };
  try {
    const keys = await loadKeys();
    if (keys === undefined) {
      return "unknown";
    }
    if (keys.lock !== undefined) {
      reached("recognising");
    }
    const { key, isVerified, storeOf } = await openKeys(keys);
    const identities = [{ key, token: credential.token, trust }];
    const wish = { intent: true, userVerified: isVerified };
    const store = storeOf(trust.site);
    if (door !== null) {
      devices.set(name(door), device);
    }
    return await unlock({ connect, store, identities, door, wish, handshakes: 2, reached, found: remember });
  } catch (error) {
    if (error instanceof NotRecognised) {
      return "not-recognised";
    }
    if (!(error instanceof HoldfastError)) {
      throw error;
    }
    if (ANOTHER.includes(error.code)) {
      devices.delete(name(door));
    }
    return error.code;
  }
}
