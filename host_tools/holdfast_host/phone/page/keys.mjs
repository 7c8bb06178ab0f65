/**
 * The phone's key: made in the page, and kept so that no script can read it. Where the phone can recognise its person
 * it is sealed, and so is what doors met before need: each visit asks for the person then.
 */

import { agreementKey, algorithmOf, encodeAgreementKey, generateKeyPair, toHex } from "./core.mjs";
import { utf8 } from "./core/bytes.mjs";
import { randomBytes, subtle } from "./core/crypto.mjs";
import * as database from "./database.mjs";
import { ask, canRecognise, makeLock } from "./person.mjs";

/** @import { Bytes } from "./core/bytes.mjs" */
/** @import { AgreementKey, Store } from "./core.mjs" */
/** @import { Keys } from "./database.mjs" */
/** @typedef {{ key: AgreementKey, isVerified: boolean, storeOf: (site: string) => Store }} Opened */

const SUITE = 2; // P-256: every browser with Web Bluetooth has it

/** @param {Bytes} iv */
const gcm = (iv) => ({ name: "AES-GCM", iv });

/**
 * The key that the phone has, or a new one. The browser is asked to keep it, which it may decline. Raises
 * NotRecognised.
 */
export async function makeKey() {
  if ((await database.loadKeys()) !== undefined) {
    return;
  }
  const lock = (await canRecognise()) ? await makeLock() : null;
  if (lock === null) {
    const pair = await generateKeyPair(SUITE);
    const { publicKey } = await agreementKey(SUITE, pair);
    await database.addKeys({ suite: SUITE, publicKey, privateKey: pair.privateKey });
  } else {
    const box = await ask(lock);
    // WebCrypto seals only what it may give out: for this moment the script could take it.
    const algorithm = /** @type {EcKeyGenParams} */ (algorithmOf(SUITE));
    const pair = await subtle().generateKey(algorithm, true, ["deriveBits"]);
    const iv = randomBytes(12);
    const data = new Uint8Array(await subtle().wrapKey("pkcs8", pair.privateKey, box, gcm(iv)));
    const { publicKey } = await agreementKey(SUITE, pair);
    await database.addKeys({ suite: SUITE, publicKey, lock, sealed: { iv, data } });
  }
  await navigator.storage?.persist?.();
}

/**
 * What the site's manager needs to issue a credential, as hexadecimal digits.
 *
 * @param {Keys} keys
 */
export function shown({ suite, publicKey }) {
  return toHex(suite === 0 ? encodeAgreementKey(0, publicKey).slice(-32) : publicKey);
}

/**
 * The key for one visit, and where its sessions are kept. If it is sealed the person is asked. Raises NotRecognised.
 *
 * @param {Keys} keys
 * @returns {Promise<Opened>}
 */
export async function openKeys({ suite, publicKey, privateKey, lock, sealed }) {
  const usable = { name: algorithmOf(suite).name };
  const whole = { ...algorithmOf(suite) };
  const importPublic = () => subtle().importKey("raw", publicKey, whole, true, []);
  if (privateKey !== undefined) {
    const key = await agreementKey(suite, { publicKey: await importPublic(), privateKey });
    return { key, isVerified: false, storeOf: plainStore };
  }
  if (lock === undefined || sealed === undefined) {
    throw new Error("the key is incomplete");
  }
  const box = await ask(lock);
  const { iv, data } = sealed;
  const opened = await subtle().unwrapKey("pkcs8", data, box, gcm(iv), { ...whole, ...usable }, false, ["deriveBits"]);
  const key = await agreementKey(suite, { publicKey: await importPublic(), privateKey: opened });
  return { key, isVerified: true, storeOf: (site) => sealedStore(site, box) };
}

/**
 * @param {string} site
 * @returns {Store}
 */
function plainStore(site) {
  return {
    load: async (door) => {
      const kept = await database.loadSession(site, door);
      return kept?.masterSecret instanceof CryptoKey ? { ...kept, masterSecret: kept.masterSecret } : null;
    },
    save: (door, session) =>
      database.saveSession(site, door, session && { ...session, masterSecret: /** @type {CryptoKey} */ (session.masterSecret) }),
  };
}

/**
 * Sessions whose master secret is worth nothing without the person. Which door of which site it is for is bound in.
 *
 * @param {string} site
 * @param {CryptoKey} box
 * @returns {Store}
 */
function sealedStore(site, box) {
  const bound = (/** @type {string} */ door, /** @type {Bytes} */ iv) => ({
    ...gcm(iv),
    additionalData: utf8(JSON.stringify([site, door])),
  });
  return {
    keepsBytes: true,
    load: async (door) => {
      const kept = await database.loadSession(site, door);
      if (kept === undefined || kept.masterSecret instanceof CryptoKey) {
        return null;
      }
      const { iv, data } = kept.masterSecret;
      const secret = await subtle().decrypt(bound(door, iv), box, data);
      return { ...kept, masterSecret: new Uint8Array(secret) };
    },
    save: async (door, session) => {
      if (session === null) {
        await database.saveSession(site, door, null);
        return;
      }
      const iv = randomBytes(12);
      const secret = /** @type {Bytes} */ (session.masterSecret);
      const data = new Uint8Array(await subtle().encrypt(bound(door, iv), box, secret));
      await database.saveSession(site, door, { ...session, masterSecret: { iv, data } });
    },
  };
}
