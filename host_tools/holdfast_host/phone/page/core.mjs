/**
 * Holdfast's phone as a library: no dependency but WebCrypto, no DOM, no network.
 *
 * Who wraps it brings two plugs. A `Link` carries bytes to a reader and back: Web Bluetooth, CoreBluetooth, a socket.
 * A `Store` keeps what a door met before needs for a fast unlock. A private key may be WebCrypto's, or any
 * `AgreementKey`, such as one in a secure enclave.
 *
 *     const pair = await generateKeyPair(2);                         // once; the pair goes into IndexedDB
 *     const key = await agreementKey(2, pair);
 *     encodeAgreementKey(2, key.publicKey);                          // phone-p256.pub, for the site's manager
 *
 *     const authorityKeys = readAuthority(authorityPub);             // what the manager gave back
 *     const credential = await readCredential(token, key, authorityKeys, now);
 *     const revoked = (await readRevokedDevices(list, credential.site, authorityKeys)).ctis;
 *
 *     const trust = { site: credential.site, authorityKeys, revoked };
 *     const identities = [{ key, token: credential.token, trust }];
 *     const report = await unlock({ connect, store, identities, door: "lobby", wish: { intent: true } });
 *
 * Everything that comes from outside is checked before it is used; what is refused is a `HoldfastError`, whose `code`
 * says why. docs/protocol.md has the wire, docs/vectors what to test a wrapping with.
 */

export { HoldfastError } from "./core/errors.mjs";
export { fromHex, toHex } from "./core/bytes.mjs";
export { SUITES, agreementKey, algorithmOf, generateKeyPair } from "./core/public_key.mjs";
export { encodeAgreementKey } from "./core/cose.mjs";
export { parseScope } from "./core/cwt.mjs";
export { readAuthority, readCredential, readRevokedDevices, replaces } from "./core/trust.mjs";
export { Connection } from "./core/connection.mjs";
export { Asked, Handshake, REASONS, Rejected, introduce } from "./core/client.mjs";
export { unlock } from "./core/unlock.mjs";

/** @typedef {import("./core/errors.mjs").Code} Code */
/** @typedef {import("./core/public_key.mjs").AgreementKey} AgreementKey */
/** @typedef {import("./core/public_key.mjs").Suite} Suite */
/** @typedef {import("./core/connection.mjs").Link} Link */
/** @typedef {import("./core/client.mjs").Identity} Identity */
/** @typedef {import("./core/client.mjs").Wish} Wish */
/** @typedef {import("./core/trust.mjs").Credential} Credential */
/** @typedef {import("./core/unlock.mjs").Session} Session */
/** @typedef {import("./core/unlock.mjs").Store} Store */
/** @typedef {import("./core/unlock.mjs").Visit} Visit */
/** @typedef {import("./core/unlock.mjs").Report} Report */
