/**
 * COSE_Sign1 and COSE_Mac0 (RFC 9052), as much as a phone reads of them, and COSE_Key (RFC 9053).
 *
 * @typedef {Map<unknown, unknown>} Header
 * @typedef {Object} Message a COSE object of the right shape, not yet verified
 * @property {number} tag
 * @property {Bytes} protectedRaw the protected header as it is authenticated
 * @property {Header} protectedHeader
 * @property {Header} unprotectedHeader
 * @property {Bytes} payload
 * @property {Bytes} signature the signature or MAC
 * @typedef {Object} Key a public COSE_Key
 * @property {number} kty
 * @property {number} crv
 * @property {Bytes} x 32 bytes
 * @property {Bytes | boolean | null} y of P-256: 32 bytes, its sign, or null
 * @property {number | string | null} alg the only algorithm that it may be used with
 * @property {readonly (number | string)[] | null} keyOps the only operations
 * @property {Bytes | null} kid
 */

import { HoldfastError } from "./errors.mjs";
import { EMPTY, concat, equal } from "./bytes.mjs";
import * as cbor from "./cbor.mjs";
import { isEd25519Signature, p256Point } from "./public_key.mjs";

/** @import { Bytes } from "./bytes.mjs" */
/** @import { Suite } from "./public_key.mjs" */

export const MAC0 = 17;
export const SIGN1 = 18;

export const ALG_EDDSA = -8;

const [ALG, CRIT, CONTENT_TYPE, KID, IV, PARTIAL_IV] = [1, 2, 3, 4, 5, 6];
const UNDERSTOOD = [ALG, CRIT, CONTENT_TYPE, KID, IV, PARTIAL_IV];

const KTY_OKP = 1;
const KTY_EC2 = 2;
const CRV_P256 = 1;
const CRV_X25519 = 4;
const CRV_ED25519 = 6;
const OPERATION_VERIFY = 2;
const OPERATIONS_OF_AGREEMENT = [7, 8];
const SIGNATURES = [-7, -8];

/** @param {string} text */
const malformed = (text) => new HoldfastError("malformed", `COSE: ${text}`);

/**
 * Check shape and headers of a tagged COSE object; no cryptography.
 *
 * @param {Uint8Array} data
 * @returns {Message}
 */
export function parse(data) {
  const object = cbor.decode(data);
  if (!(object instanceof cbor.Tag) || (object.number !== SIGN1 && object.number !== MAC0)) {
    throw malformed("no COSE_Sign1 and no COSE_Mac0");
  }
  const body = object.value;
  if (!Array.isArray(body) || body.length !== 4) {
    throw malformed("no array of four");
  }
  const [protectedRaw, unprotectedHeader, payload, signature] = /** @type {unknown[]} */ (body);
  if (!isBytes(protectedRaw) || !isBytes(payload) || !isBytes(signature)) {
    throw malformed("header, content or signature is no byte string");
  }
  const protectedHeader = protectedRaw.length > 0 ? cbor.decode(protectedRaw) : new Map();
  if (!(protectedHeader instanceof Map) || !(unprotectedHeader instanceof Map)) {
    throw malformed("a header is no map");
  }
  checkHeaders(protectedHeader, unprotectedHeader);
  // An empty map is authenticated as no bytes.
  const authenticated = protectedHeader.size > 0 ? protectedRaw : EMPTY;
  return { tag: object.number, protectedRaw: authenticated, protectedHeader, unprotectedHeader, payload, signature };
}

/**
 * The kid in either header, or null.
 *
 * @param {Message} message
 * @returns {Bytes | null}
 */
export function kidOf(message) {
  const kid = message.protectedHeader.get(KID) ?? message.unprotectedHeader.get(KID);
  return isBytes(kid) ? kid : null;
}

/**
 * The algorithm, from the protected header only: elsewhere anybody could have changed it.
 *
 * @param {Message} message
 */
export function algorithmOf(message) {
  if (!message.protectedHeader.has(ALG)) {
    throw malformed("no algorithm in the protected header");
  }
  return message.protectedHeader.get(ALG);
}

/**
 * Whether the unprotected header has nothing but a kid.
 *
 * @param {Message} message
 */
export function hasOnlyKidUnprotected(message) {
  return [...message.unprotectedHeader.keys()].every((label) => label === KID);
}

/**
 * Whether `message`, a COSE_Sign1, was signed with one of the Ed25519 `keys`.
 *
 * @param {Message} message
 * @param {readonly Key[]} keys
 * @param {Bytes} [externalAad]
 */
export async function isSignedByOneOf(message, keys, externalAad = EMPTY) {
  if (message.tag !== SIGN1 || algorithmOf(message) !== ALG_EDDSA) {
    throw new HoldfastError("unsupported", "COSE: no signature with EdDSA");
  }
  const kid = kidOf(message);
  const signed = cbor.encode(["Signature1", message.protectedRaw, externalAad, message.payload]);
  for (const key of keys) {
    if (kid !== null && key.kid !== null && !equal(kid, key.kid)) {
      continue;
    }
    if (verifiesSignatures(key) && (await isEd25519Signature(key.x, signed, message.signature))) {
      return true;
    }
  }
  return false;
}

/**
 * The public key in a decoded COSE_Key map.
 *
 * @param {unknown} labels
 * @returns {Key}
 */
export function keyFromMap(labels) {
  if (!(labels instanceof Map) || [...labels.values()].includes(null)) {
    throw malformed("COSE_Key is no map, or has a null");
  }
  const [kty, crv, x] = [labels.get(1), labels.get(-1), labels.get(-2)];
  const isOkp = kty === KTY_OKP && (crv === CRV_X25519 || crv === CRV_ED25519);
  if (!isOkp && !(kty === KTY_EC2 && crv === CRV_P256)) {
    throw new HoldfastError("unsupported", "COSE_Key of a type or curve that is not known");
  }
  if (labels.has(-4)) {
    throw malformed("COSE_Key with a private part");
  }
  const y = isOkp ? null : (labels.get(-3) ?? null);
  if (!isCoordinate(x) || !(y === null || typeof y === "boolean" || isCoordinate(y))) {
    throw malformed("COSE_Key without coordinates of 32 bytes");
  }
  const [kid, alg, keyOps] = [labels.get(2) ?? null, labels.get(3) ?? null, labels.get(4) ?? null];
  if (!(kid === null || isBytes(kid)) || !(alg === null || isLabel(alg))) {
    throw malformed("COSE_Key with a kid or an alg of a wrong type");
  }
  if (keyOps !== null && !(Array.isArray(keyOps) && keyOps.length > 0 && keyOps.every(isLabel))) {
    throw malformed("COSE_Key with key_ops of a wrong type");
  }
  return { kty, crv, x, y, alg, keyOps, kid };
}

/**
 * The COSE_Key of a public key for agreement, as it stands in `phone.pub` and in `cnf`.
 *
 * @param {Suite} suite
 * @param {Bytes} publicKey as AgreementKey has it
 */
export function encodeAgreementKey(suite, publicKey) {
  if (suite === 0) {
    return cbor.encode(new Map([[1, KTY_OKP], [-1, CRV_X25519], [-2, /** @type {unknown} */ (publicKey)]]));
  }
  const [x, y] = [publicKey.slice(1, 33), publicKey.slice(33)];
  return cbor.encode(new Map([[1, KTY_EC2], [-1, CRV_P256], [-2, /** @type {unknown} */ (x)], [-3, y]]));
}

/**
 * The suite in which a key proves who has it by static Diffie-Hellman, or null.
 *
 * @param {Key} key
 * @returns {Suite | null}
 */
export function suiteOf(key) {
  const isBoundToSignatures = key.alg !== null && SIGNATURES.some((alg) => alg === key.alg);
  const isForOther = key.keyOps !== null && !key.keyOps.some((one) => OPERATIONS_OF_AGREEMENT.includes(Number(one)));
  if (key.crv === CRV_ED25519 || isBoundToSignatures || isForOther) {
    return null;
  }
  return key.crv === CRV_X25519 ? 0 : 2;
}

/**
 * The key as AgreementKey has public keys. Whether the point is one of the curve is found out when it is used, unless
 * it is compressed. Raises HoldfastError `malformed`.
 *
 * @param {Key} key for agreement
 */
export function publicKeyOf(key) {
  if (key.crv === CRV_X25519) {
    return key.x;
  }
  return isBytes(key.y) ? concat(4, key.x, key.y) : p256Point(key.x, key.y === true);
}

/**
 * Whether it is an Ed25519 key that may verify.
 *
 * @param {Key} key
 */
export function verifiesSignatures(key) {
  const isForIt = key.keyOps === null || key.keyOps.includes(OPERATION_VERIFY);
  return key.crv === CRV_ED25519 && (key.alg === null || key.alg === ALG_EDDSA) && isForIt;
}

/**
 * The rules of RFC 9052 section 3.
 *
 * @param {Header} protectedHeader
 * @param {Header} unprotectedHeader
 */
function checkHeaders(protectedHeader, unprotectedHeader) {
  for (const [label, value] of [...protectedHeader, ...unprotectedHeader]) {
    const isWrong =
      (label === ALG && !isLabel(value)) ||
      (label === CONTENT_TYPE && !(typeof value === "string" || (typeof value === "number" && value >= 0))) ||
      ((label === KID || label === IV || label === PARTIAL_IV) && !isBytes(value));
    if (isWrong) {
      throw malformed("header parameter of a wrong type");
    }
  }
  if ([...unprotectedHeader.keys()].some((label) => label === CRIT || protectedHeader.has(label))) {
    throw malformed("crit outside of the protected header, or a parameter in both");
  }
  if (!protectedHeader.has(CRIT)) {
    return;
  }
  const critical = protectedHeader.get(CRIT);
  if (!Array.isArray(critical) || critical.length === 0 || !critical.every((label) => protectedHeader.has(label))) {
    throw malformed("crit is no array of labels in the protected header");
  }
  if (!critical.every((label) => UNDERSTOOD.includes(label))) {
    throw new HoldfastError("unsupported", "COSE: critical header parameter that is not known");
  }
}

/**
 * @param {unknown} value
 * @returns {value is Bytes}
 */
export function isBytes(value) {
  return value instanceof Uint8Array;
}

/**
 * @param {unknown} value
 * @returns {value is Bytes}
 */
function isCoordinate(value) {
  return isBytes(value) && value.length === 32;
}

/**
 * @param {unknown} value
 * @returns {value is number | string}
 */
function isLabel(value) {
  return typeof value === "number" || typeof value === "string";
}
