/** One tap: from a door's button to its answer, over one reader at a time. */

import { HoldfastError, unlock } from "./core.mjs";
import * as ble from "./ble.mjs";
import { sessions } from "./database.mjs";

/** @import { Identity, Report } from "./core.mjs" */
/** @import { Device } from "./ble.mjs" */

/** @typedef {"looking" | "connecting" | "connected" | "proven" | "decided"} Phase */
/** @typedef {import("./core.mjs").Code | "no-bluetooth" | "none-chosen" | "busy" | "unknown"} Why */

const LOCK = "holdfast visit";
// What a reader that is not this door's says: the next tap asks which is.
const ANOTHER = ["other-door", "not-a-door", "other-site", "no-proof", "no-certificate", "revoked"];

/** By door, while the page lives: the browser asks again after that. @type {Map<string, Device>} */
const devices = new Map();

/**
 * Open a door, because a person has tapped for it: call this in their tap and at no other time. No second visit begins,
 * in any window of this page, before the first has ended: two would use one Partial IV.
 *
 * @param {string} door
 * @param {Identity} identity
 * @param {(phase: Phase) => void} reached
 * @returns {Promise<Report | Why>}
 */
export function open(door, identity, reached) {
  const visit = async (/** @type {Lock | null} */ lock) => (lock === null ? "busy" : opened(door, identity, reached));
  return navigator.locks.request(LOCK, { ifAvailable: true }, visit);
}

/**
 * @param {string} door
 * @param {Identity} identity
 * @param {(phase: Phase) => void} reached
 * @returns {Promise<Report | Why>}
 */
async function opened(door, identity, reached) {
  const radio = ble.bluetooth();
  if (radio === null || (await radio.getAvailability?.()) === false) {
    return "no-bluetooth";
  }
  reached("looking");
  const device = devices.get(door) ?? (await ble.choose(radio));
  if (device === null) {
    return "none-chosen";
  }
  devices.set(door, device);
  const connect = () => {
    reached("connecting");
    return ble.connect(device);
  };
  try {
    const wish = { intent: true };
    return await unlock({ connect, store: sessions, identities: [identity], door, wish, handshakes: 2, reached });
  } catch (error) {
    if (!(error instanceof HoldfastError)) {
      throw error;
    }
    if (ANOTHER.includes(error.code)) {
      devices.delete(door);
    }
    return error.code;
  }
}
