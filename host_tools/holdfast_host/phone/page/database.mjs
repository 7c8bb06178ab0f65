/**
 * What the phone keeps, in IndexedDB: its key, which cannot be read, its enrolments, and the sessions of doors met
 * before. A write has reached the disk when it resolves.
 *
 * @typedef {Object} Keys
 * @property {Suite} suite
 * @property {Bytes} publicKey
 * @property {CryptoKey} [privateKey] that any tap can use
 * @property {Lock} [lock] in its stead: what the person must be recognised for
 * @property {Sealed} [sealed] the private key under that lock, PKCS #8
 * @typedef {{ iv: Bytes, data: Bytes }} Sealed AES-GCM
 * @typedef {Object} Enrolment
 * @property {Bytes} token
 * @property {Bytes | null} devices the list of revoked devices, as it came
 * @property {readonly string[]} met doors of readers met in the credential's zones
 * @typedef {Omit<Session, "masterSecret"> & { masterSecret: CryptoKey | Sealed }} Kept
 */

/** @import { Bytes } from "./core/bytes.mjs" */
/** @import { Suite } from "./core/public_key.mjs" */
/** @import { Session } from "./core/unlock.mjs" */
/** @import { Lock } from "./person.mjs" */

const NAME = "holdfast";
const VERSION = 1;
const TABLE = "kept";

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("the database is in use by an older page"));
  });
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(table: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>}
 */
async function run(mode, work) {
  const database = await opened();
  try {
    const transaction = database.transaction(TABLE, mode, { durability: "strict" });
    const request = work(transaction.objectStore(TABLE));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

/** @returns {Promise<Keys | undefined>} */
export const loadKeys = () => run("readonly", (table) => table.get("keys"));

/**
 * A key is never replaced but by forgetting all.
 *
 * @param {Keys} keys
 */
export const addKeys = (keys) => run("readwrite", (table) => table.add(keys, "keys"));

/**
 * @param {string} site
 * @returns {Promise<Enrolment | undefined>}
 */
export const loadEnrolment = (site) => run("readonly", (table) => table.get(["enrolment", site]));

/**
 * Sessions of the credential before are found out by their owner, and not used.
 *
 * @param {string} site
 * @param {Enrolment} enrolment
 */
export const saveEnrolment = (site, enrolment) => run("readwrite", (table) => table.put(enrolment, ["enrolment", site]));

/**
 * @param {string} site
 * @param {string} door
 * @returns {Promise<Kept | undefined>}
 */
export const loadSession = (site, door) => run("readonly", (table) => table.get(["session", site, door]));

/**
 * @param {string} site
 * @param {string} door
 * @param {Kept | null} session null forgets
 */
export async function saveSession(site, door, session) {
  const key = ["session", site, door];
  await run("readwrite", (table) => /** @type {IDBRequest} */ (session ? table.put(session, key) : table.delete(key)));
}

/** All of it, the key too: the phone begins anew. */
export const forgetAll = () => run("readwrite", (table) => table.clear());
