/**
 * Whose phone this is: its key, its credential, the site that it believes.
 *
 * @typedef {Object} Site what the page was written for
 * @property {string} name
 * @property {readonly Key[]} authorityKeys
 * @typedef {Object} Enrolled
 * @property {Identity} identity
 * @property {Credential} credential
 */

import { HoldfastError, agreementKey, encodeAgreementKey, fromHex, generateKeyPair } from "./core.mjs";
import { readAuthority, readCredential, readRevokedDevices, replaces, toHex } from "./core.mjs";
import * as database from "./database.mjs";

/** @import { Bytes } from "./core/bytes.mjs" */
/** @import { Key } from "./core/cose.mjs" */
/** @import { Credential, Identity } from "./core.mjs" */

const SUITE = 2; // P-256: every browser with Web Bluetooth has it
const MOST_LINK = 16_384; // characters

/** @returns {Promise<Site[]>} */
export async function readSites() {
  const response = await fetch("sites.json");
  const { sites } = /** @type {{ sites: { site: string, authority: string }[] }} */ (await response.json());
  return sites.map(({ site, authority }) => ({ name: site, authorityKeys: readAuthority(fromHex(authority)) }));
}

/**
 * The key that the phone has, or a new one: what the site's manager needs to issue a credential, as hexadecimal digits.
 * The browser is asked to keep it, which it may decline.
 */
export async function makeKey() {
  if ((await database.loadKeys()) === undefined) {
    await database.addKeys({ suite: SUITE, pair: await generateKeyPair(SUITE) });
    await navigator.storage?.persist?.();
  }
  return publicKey();
}

/** The phone's public key as the manager takes it, or null before there is one. */
export async function publicKey() {
  const keys = await database.loadKeys();
  if (keys === undefined) {
    return null;
  }
  const key = await agreementKey(keys.suite, keys.pair);
  return toHex(keys.suite === 0 ? encodeAgreementKey(0, key.publicKey).slice(-32) : key.publicKey);
}

/**
 * Take the credential in a link, `#credential=…&devices=…`, or its digits alone, once it is shown to be this phone's.
 * Raises HoldfastError.
 *
 * @param {string} text
 * @param {Site} site
 * @param {number} now
 */
export async function take(text, site, now) {
  const { token, devices } = partsOf(text);
  const keys = await database.loadKeys();
  if (keys === undefined) {
    throw new HoldfastError("credential", "this phone has no key yet");
  }
  const key = await agreementKey(keys.suite, keys.pair);
  const credential = await readCredential(token, key, site.authorityKeys, now);
  if (credential.site !== site.name) {
    throw new HoldfastError("credential", "it is of another site");
  }
  const before = (await database.loadEnrolment())?.devices ?? null;
  await database.saveEnrolment({ token: credential.token, devices: await newer(devices, before, site) });
}

/**
 * What the phone is enrolled as, or null. Also of a credential that has ended: it is to be told.
 *
 * @param {Site} site
 * @returns {Promise<Enrolled | null>}
 */
export async function enrolled(site) {
  const [keys, enrolment] = [await database.loadKeys(), await database.loadEnrolment()];
  if (keys === undefined || enrolment === undefined) {
    return null;
  }
  const key = await agreementKey(keys.suite, keys.pair);
  const credential = await readCredential(enrolment.token, key, site.authorityKeys, 0);
  const list = enrolment.devices && (await readRevokedDevices(enrolment.devices, site.name, site.authorityKeys));
  const trust = { site: site.name, authorityKeys: site.authorityKeys, revoked: list?.ctis ?? new Set() };
  return { credential, identity: { key, token: credential.token, trust } };
}

/**
 * The names of the doors that the credential opens, in the order of the alphabet.
 *
 * @param {Credential} credential
 */
export function doorsOf(credential) {
  const doors = credential.rights.filter(({ kind, permissions }) => kind === "door" && permissions % 2 === 1);
  return doors.map(({ name }) => name).sort((a, b) => a.localeCompare(b));
}

/** @param {string} text */
function partsOf(text) {
  if (text.length > MOST_LINK) {
    throw new HoldfastError("malformed", "the link is too long");
  }
  const trimmed = text.trim();
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
