/**
 * Whom a phone believes: the site's authority, the devices that it certifies, and none that it has revoked.
 *
 * @typedef {Object} Trust
 * @property {string} site
 * @property {readonly Key[]} authorityKeys one, or two while the site replaces its key
 * @property {ReadonlySet<string>} revoked ids (`cti`) of revoked certificates, as hexadecimal digits
 * @typedef {Object} Device what the authority says of a device
 * @property {string} name
 * @property {number} role READER, CONTROLLER or CARRIER
 * @property {readonly string[]} doors those that it speaks for
 * @property {Suite} suite
 * @property {Bytes} publicKey
 * @property {number} expires seconds since 1970
 * @property {string} cti hexadecimal digits
 * @typedef {Object} Credential
 * @property {Bytes} token
 * @property {string} site
 * @property {string} holder
 * @property {Suite} suite
 * @property {number} expires
 * @property {number | null} notBefore
 * @property {readonly Right[]} rights
 * @property {boolean} isGuest then nobody but the zone's readers can tell who made it
 * @property {boolean} needsVerifiedUser
 * @typedef {{ site: string, issuedAt: number, ctis: ReadonlySet<string> }} RevokedDevices
 */

import { HoldfastError, as } from "./errors.mjs";
import { equal, toHex, utf8 } from "./bytes.mjs";
import * as cbor from "./cbor.mjs";
import * as cose from "./cose.mjs";
import * as cwt from "./cwt.mjs";

/** @import { Bytes } from "./bytes.mjs" */
/** @import { Key } from "./cose.mjs" */
/** @import { Claims, Right, Token } from "./cwt.mjs" */
/** @import { AgreementKey, Suite } from "./public_key.mjs" */

export const READER = 1;
export const CONTROLLER = 2;
export const CARRIER = 3;

const ROLE = -65537;
const USER_VERIFICATION = -65539;
const CTI_LENGTH = 8;
const MAX_AUTHORITY_FILE = 512;
const MAX_LIST = 4096;
const MAX_REVOKED = 400;
const LIST_VERSION = 2;

/**
 * The keys in an `authority.pub`: a COSE_Key, or an array of two while the key is replaced.
 *
 * @param {Uint8Array} data
 * @returns {Key[]}
 */
export function readAuthority(data) {
  if (data.length > MAX_AUTHORITY_FILE) {
    throw new HoldfastError("malformed", "authority.pub is too long");
  }
  const content = cbor.decode(data);
  const keys = (Array.isArray(content) ? content : [content]).map(cose.keyFromMap);
  const isOne = !Array.isArray(content) || content.length === 2;
  if (!isOne || !keys.every(cose.verifiesSignatures)) {
    throw new HoldfastError("malformed", "authority.pub has no Ed25519 key, or more than two");
  }
  return keys;
}

/**
 * The Device of a certificate that the authority signed for the site. Whether it has ended or is revoked is another
 * question. Raises HoldfastError `other-site`.
 *
 * @param {Bytes} raw
 * @param {Trust} trust
 * @returns {Promise<Device>}
 */
export function authenticateDevice(raw, trust) {
  return as("other-site", "the certificate", async () => {
    const token = await authenticate(raw, trust.site, trust.authorityKeys);
    const { claims } = token;
    const { name, cti, key, suite } = complete(claims);
    const role = claims.other.get(ROLE);
    const rights = claims.scope === null ? [] : cwt.parseScope(claims.scope);
    if (typeof role !== "number" || role < READER || role > CARRIER || rights.some((one) => one.kind !== "door")) {
      throw new HoldfastError("malformed", "it is no device's");
    }
    const doors = rights.map((one) => one.name);
    return { name, role, doors, suite, publicKey: cose.publicKeyOf(key), expires: claims.exp, cti: toHex(cti) };
  });
}

/**
 * What is in a credential that `key` and `keys` fit. Raises HoldfastError `credential` if it is for another phone, of
 * another site or has ended `now`.
 *
 * @param {Bytes} raw
 * @param {Pick<AgreementKey, "suite" | "publicKey">} key
 * @param {readonly Key[]} keys of the authority
 * @param {number} now seconds since 1970
 * @returns {Promise<Credential>}
 */
export function readCredential(raw, key, keys, now) {
  return as("credential", "the credential", async () => {
    const token = cwt.parse(raw);
    const { claims } = token;
    const isGuest = token.message.tag === cose.MAC0;
    if (!isGuest) {
      await authenticate(raw, claims.iss, keys);
    }
    const { name, suite, key: holders } = complete(claims);
    if (claims.other.has(ROLE) || !cwt.isName(claims.iss) || claims.scope === null) {
      throw new HoldfastError("malformed", "it is no holder's");
    }
    if (suite !== key.suite || !equal(cose.publicKeyOf(holders), key.publicKey)) {
      throw new HoldfastError("credential", "it is for another phone's key");
    }
    if (now >= claims.exp) {
      throw new HoldfastError("credential", "it has ended");
    }
    return {
      token: token.raw,
      site: claims.iss,
      holder: name,
      suite,
      expires: claims.exp,
      notBefore: claims.nbf,
      rights: cwt.parseScope(claims.scope),
      isGuest,
      needsVerifiedUser: (claims.other.get(USER_VERIFICATION) ?? false) !== false,
    };
  });
}

/**
 * The list of revoked devices in `raw`, once it is shown to be the site's. Raises HoldfastError `malformed`,
 * `not-authentic` or `other-site`.
 *
 * @param {Bytes} raw
 * @param {string} site
 * @param {readonly Key[]} keys of the authority
 * @returns {Promise<RevokedDevices>}
 */
export async function readRevokedDevices(raw, site, keys) {
  if (raw.length > MAX_LIST) {
    throw new HoldfastError("malformed", "the list of revoked devices is too long");
  }
  const message = cose.parse(raw);
  const isPlain = equal(message.protectedRaw, Uint8Array.of(0xa1, 0x01, 0x27)) && message.unprotectedHeader.size === 0;
  const list = cbor.decode(message.payload);
  if (!isPlain || !(list instanceof Map) || list.size !== 4 || list.get(1) !== LIST_VERSION) {
    throw new HoldfastError("malformed", "no list of revoked devices, or one of another version");
  }
  const [named, issuedAt, ctis] = [list.get(2), list.get(3), list.get(4)];
  if (!cwt.isName(named) || typeof issuedAt !== "number" || issuedAt < 0) {
    throw new HoldfastError("malformed", "the list of revoked devices has no site or no time");
  }
  if (!Array.isArray(ctis) || ctis.length > MAX_REVOKED || !ctis.every(isCti)) {
    throw new HoldfastError("malformed", `no list of at most ${MAX_REVOKED} certificates`);
  }
  if (!(await cose.isSignedByOneOf(message, keys, utf8("holdfast revoked devices")))) {
    throw new HoldfastError("not-authentic", "the list of revoked devices is not signed by this authority");
  }
  if (named !== site) {
    throw new HoldfastError("other-site", "the list of revoked devices is another site's");
  }
  return { site, issuedAt, ctis: new Set(ctis.map(toHex)) };
}

/**
 * Whether `list` replaces `kept`: an older one never does, unless it names all that the kept one does.
 *
 * @param {RevokedDevices} list
 * @param {RevokedDevices | null} kept
 */
export function replaces(list, kept) {
  if (kept === null || kept.site !== list.site || kept.issuedAt <= list.issuedAt) {
    return true;
  }
  return [...kept.ctis].every((cti) => list.ctis.has(cti));
}

/**
 * @param {Bytes} raw
 * @param {string | null} site
 * @param {readonly Key[]} keys
 * @returns {Promise<Token>}
 */
async function authenticate(raw, site, keys) {
  const token = cwt.parse(raw);
  if (token.claims.iss === null || token.claims.iss !== site) {
    throw new HoldfastError("other-site", "it is of another site");
  }
  if (!(await cose.isSignedByOneOf(token.message, keys))) {
    throw new HoldfastError("not-authentic", "it is not signed by this authority");
  }
  return token;
}

/**
 * What every token needs.
 *
 * @param {Claims} claims
 */
function complete(claims) {
  const { sub: name, cti, cnf: key } = claims;
  const suite = key === null ? null : cose.suiteOf(key);
  if (!cwt.isName(name) || !isCti(cti) || key === null || suite === null) {
    throw new HoldfastError("malformed", "it lacks a name, an id or a key for agreement");
  }
  return { name, cti, key, suite };
}

/**
 * @param {unknown} value
 * @returns {value is Bytes}
 */
function isCti(value) {
  return cose.isBytes(value) && value.length === CTI_LENGTH;
}
