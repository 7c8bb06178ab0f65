/**
 * Where this phone may go: the sites that the page is for, and its credentials there.
 *
 * @typedef {Object} Site what the page was written for
 * @property {string} name
 * @property {readonly Key[]} authorityKeys
 * @typedef {Object} Enrolled
 * @property {Site} site
 * @property {Credential} credential
 * @property {Trust} trust
 * @property {readonly string[]} doors to show a button for, in the order of the alphabet
 * @property {readonly string[]} zones that it may go to, whatever doors are there
 */

import { HoldfastError, fromHex, readAuthority, readCredential, readRevokedDevices, replaces } from "./core.mjs";
import { fromBase32 } from "./core/bytes.mjs";
import * as cbor from "./core/cbor.mjs";
import { isBytes } from "./core/cose.mjs";
import * as database from "./database.mjs";

/** @import { Bytes } from "./core/bytes.mjs" */
/** @import { Key } from "./core/cose.mjs" */
/** @import { Trust } from "./core/trust.mjs" */
/** @import { Credential } from "./core.mjs" */
/** @import { Keys } from "./database.mjs" */

const MOST_LINK = 16_384; // characters
const MOST_MET = 64; // doors of zones that are remembered
const UNLOCK = 1;
const SCHEME = "HOLDFAST:";
const CREDENTIAL = 2;
const DEVICES = 3;

/** @returns {Promise<{ sites: Site[], hasQrReader: boolean }>} */
export async function readSites() {
  const response = await fetch("sites.json");
  const read = /** @type {{ sites: { site: string, authority: string }[], qrReader: boolean }} */ (await response.json());
  const sites = read.sites.map(({ site, authority }) => ({ name: site, authorityKeys: readAuthority(fromHex(authority)) }));
  return { sites, hasQrReader: read.qrReader };
}

/**
 * Take the credential in a link, `#credential=…&devices=…`, or its digits alone, once it is shown to be this phone's
 * at one of the sites. Raises HoldfastError.
 *
 * @param {string} text
 * @param {readonly Site[]} sites
 * @param {Keys | undefined} keys
 * @param {number} now
 */
export async function take(text, sites, keys, now) {
  const { token, devices } = partsOf(text);
  if (keys === undefined) {
    throw new HoldfastError("credential", "this phone has no key yet");
  }
  let refused = new HoldfastError("credential", "it is of another site");
  for (const site of sites) {
    try {
      const credential = await readCredential(token, keys, site.authorityKeys, now);
      if (credential.site === site.name) {
        const before = (await database.loadEnrolment(site.name))?.devices ?? null;
        const kept = { token: credential.token, devices: await newer(devices, before, site), met: [] };
        return void (await database.saveEnrolment(site.name, kept));
      }
    } catch (error) {
      if (!(error instanceof HoldfastError)) {
        throw error;
      }
      refused = error;
    }
  }
  throw refused;
}

/**
 * What the phone is enrolled as at a site, or null. Also of a credential that has ended: it is to be told.
 *
 * @param {Site} site
 * @param {Keys | undefined} keys
 * @returns {Promise<Enrolled | null>}
 */
export async function enrolled(site, keys) {
  const enrolment = await database.loadEnrolment(site.name);
  if (keys === undefined || enrolment === undefined) {
    return null;
  }
  const credential = await readCredential(enrolment.token, keys, site.authorityKeys, 0);
  const list = enrolment.devices && (await readRevokedDevices(enrolment.devices, site.name, site.authorityKeys));
  const trust = { site: site.name, authorityKeys: site.authorityKeys, revoked: list?.ctis ?? new Set() };
  const opens = credential.rights.filter(({ permissions }) => permissions & UNLOCK);
  const named = (/** @type {"door" | "zone"} */ kind) => opens.filter((one) => one.kind === kind).map(({ name }) => name);
  const zones = named("zone");
  const doors = new Set([...named("door"), ...(zones.length > 0 ? enrolment.met : [])]);
  return { site, credential, trust, doors: inOrder([...doors]), zones: inOrder(zones) };
}

/**
 * Remember the doors of a reader, which the authority has certified, for a credential that names their zone.
 *
 * @param {Site} site
 * @param {readonly string[]} doors
 */
export async function meet(site, doors) {
  const enrolment = await database.loadEnrolment(site.name);
  if (enrolment !== undefined) {
    const met = [...new Set([...doors, ...enrolment.met])].slice(0, MOST_MET);
    await database.saveEnrolment(site.name, { ...enrolment, met });
  }
}

/** @param {string[]} names */
function inOrder(names) {
  return names.sort((a, b) => a.localeCompare(b));
}

/**
 * What a link brings, or a QR code of `holdfast credential issue --qr`: HOLDFAST: and a CBOR map in Base32. Whose
 * authority stands in that is of no interest here: the page has its own.
 *
 * @param {string} text
 */
function partsOf(text) {
  if (text.length > MOST_LINK) {
    throw new HoldfastError("malformed", "the link is too long");
  }
  const trimmed = text.trim();
  if (trimmed.startsWith(SCHEME)) {
    const map = cbor.decode(fromBase32(trimmed.slice(SCHEME.length)));
    const [token, devices] = map instanceof Map ? [map.get(CREDENTIAL), map.get(DEVICES)] : [];
    if (!isBytes(token) || !isBytes(devices)) {
      throw new HoldfastError("malformed", "the code is no enrolment");
    }
    return { token, devices };
  }
  const fields = new URLSearchParams(trimmed.includes("#") ? trimmed.slice(trimmed.indexOf("#") + 1) : trimmed);
  const devices = fields.get("devices");
  return { token: fromHex(fields.get("credential") ?? trimmed), devices: devices === null ? null : fromHex(devices) };
}

/**
 * @param {Bytes | null} came
 * @param {Bytes | null} before
 * @param {Site} site
 */
async function newer(came, before, site) {
  if (came === null) {
    return before;
  }
  const list = await readRevokedDevices(came, site.name, site.authorityKeys);
  const kept = before && (await readRevokedDevices(before, site.name, site.authorityKeys));
  return replaces(list, kept) ? came : before;
}
