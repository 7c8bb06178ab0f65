/**
 * A key that the phone gives out only once it has recognised its person, by finger, face or PIN: WebAuthn with the PRF
 * extension. An authenticator has one secret for when it has verified its user and another for when it has not
 * (CTAP 2.1 section 12.5), so what is sealed here cannot be opened without.
 *
 * @typedef {{ credential: Bytes, salt: Bytes }} Lock
 * @typedef {{ prf?: { enabled?: boolean, results?: { first?: ArrayBuffer } } }} Extended
 */

import { utf8 } from "./core/bytes.mjs";
import { randomBytes, subtle } from "./core/crypto.mjs";

/** @import { Bytes } from "./core/bytes.mjs" */

const USER_VERIFIED = 0x04; // WebAuthn section 6.1
const FLAGS_AT = 32; // behind the hash of the origin's name
const INFO = utf8("holdfast phone key");

/** The person was not recognised, or did not want to be. */
export class NotRecognised extends Error {}

/** Whether this phone can recognise its person for a page at all. */
export async function canRecognise() {
  return (await globalThis.PublicKeyCredential?.isUserVerifyingPlatformAuthenticatorAvailable?.()) ?? false;
}

/**
 * A new lock, or null where the phone's authenticator has no PRF. The person is asked. Raises NotRecognised.
 *
 * @returns {Promise<Lock | null>}
 */
export async function makeLock() {
  const made = await heeded(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: "Holdfast" },
        user: { id: randomBytes(16), name: "Holdfast", displayName: "Holdfast" },
        challenge: randomBytes(32), // nobody checks an attestation
        pubKeyCredParams: [-7, -257].map((alg) => ({ type: /** @type {const} */ ("public-key"), alg })),
        // On Android it is credentials that can be discovered which have PRF.
        authenticatorSelection: { authenticatorAttachment: "platform", residentKey: "required", userVerification: "required" },
        extensions: /** @type {any} */ ({ prf: {} }),
      },
    }),
  );
  const hasPrf = /** @type {Extended} */ (made.getClientExtensionResults()).prf?.enabled === true;
  return hasPrf ? { credential: new Uint8Array(made.rawId), salt: randomBytes(32) } : null;
}

/**
 * The key of a lock, for AES-GCM, which cannot be read. The person is asked. Raises NotRecognised.
 *
 * @param {Lock} lock
 */
export async function ask({ credential, salt }) {
  const got = await heeded(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: randomBytes(32),
        allowCredentials: [{ type: "public-key", id: credential }],
        userVerification: "required",
        extensions: /** @type {any} */ ({ prf: { eval: { first: salt } } }),
      },
    }),
  );
  const { authenticatorData } = /** @type {AuthenticatorAssertionResponse} */ (got.response);
  const flags = new Uint8Array(authenticatorData)[FLAGS_AT] ?? 0;
  const secret = /** @type {Extended} */ (got.getClientExtensionResults()).prf?.results?.first;
  if (!(flags & USER_VERIFIED) || secret === undefined) {
    throw new NotRecognised();
  }
  const raw = await subtle().importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: INFO };
  return subtle().deriveKey(how, raw, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt", "wrapKey", "unwrapKey"]);
}

/**
 * @param {() => Promise<Credential | null>} work
 * @returns {Promise<PublicKeyCredential>}
 */
async function heeded(work) {
  try {
    const credential = await work();
    if (credential !== null) {
      return /** @type {PublicKeyCredential} */ (credential);
    }
  } catch (error) {
    if (!(error instanceof DOMException)) {
      throw error;
    }
    console.info(error.name, error.message);
  }
  throw new NotRecognised();
}
