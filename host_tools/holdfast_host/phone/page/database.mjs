/**
 * What the phone keeps, in IndexedDB: its key, which cannot be read, its enrolment, and the sessions of doors met
 * before. A write has reached the disk when it resolves.
 *
 * @typedef {{ suite: Suite, pair: CryptoKeyPair }} Keys
 * @typedef {Object} Enrolment
 * @property {Bytes} token
 * @property {Bytes | null} devices the list of revoked devices, as it came
 */

/** @import { Bytes } from "./core/bytes.mjs" */
/** @import { Suite } from "./core/public_key.mjs" */
/** @import { Session, Store } from "./core/unlock.mjs" */

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

/** @returns {Promise<Enrolment | undefined>} */
export const loadEnrolment = () => run("readonly", (table) => table.get("enrolment"));

/**
 * Sessions of the credential before are found out by their owner, and not used.
 *
 * @param {Enrolment} enrolment
 */
export const saveEnrolment = (enrolment) => run("readwrite", (table) => table.put(enrolment, "enrolment"));

/** All of it, the key too: the phone begins anew. */
export const forgetAll = () => run("readwrite", (table) => table.clear());

/** @type {Store} */
export const sessions = {
  /** @returns {Promise<Session | undefined>} */
  load: (door) => run("readonly", (table) => table.get(`session ${door}`)),
  async save(door, session) {
    const key = `session ${door}`;
    if (session === null) {
      await run("readwrite", (table) => table.delete(key));
    } else {
      await run("readwrite", (table) => table.put(session, key));
    }
  },
};
