/**
 * Keys for agreement in EDHOC's cipher suites 0 (X25519) and 2 (P-256), and the check of Ed25519 signatures.
 *
 * A public key is bytes: 32 of X25519, or 65 of P-256 (04, x, y).
 *
 * @typedef {0 | 2} Suite
 * @typedef {Object} AgreementKey
 *   A private key that stays where it is: in WebCrypto, a secure enclave, a key store. Who wraps the core for another
 *   system brings one of these.
 * @property {Suite} suite
 * @property {Bytes} publicKey
 * @property {(peer: Bytes) => Promise<Bytes>} agree the secret shared with the public key `peer`, 32 bytes: of P-256
 *   the x of the shared point. May refuse a key that is no point.
 */

import { HoldfastError } from "./errors.mjs";
import { concat, fromHex, toHex } from "./bytes.mjs";
import { subtle } from "./crypto.mjs";

/** @import { Bytes } from "./bytes.mjs" */

/** The suites that there are keys for; P-256, which a secure enclave has, before X25519. */
export const SUITES = /** @type {readonly Suite[]} */ ([2, 0]);

/** @type {Record<Suite, { name: string, namedCurve?: string }>} */
const ALGORITHMS = { 0: { name: "X25519" }, 2: { name: "ECDH", namedCurve: "P-256" } };

/**
 * The algorithm of a suite's keys, as WebCrypto's generateKey and importKey take it.
 *
 * @param {Suite} suite
 */
export function algorithmOf(suite) {
  return ALGORITHMS[suite];
}

/**
 * A new key pair. Its private half can be used, kept in IndexedDB, and not read.
 *
 * @param {Suite} suite
 * @returns {Promise<CryptoKeyPair>}
 */
export async function generateKeyPair(suite) {
  const made = await subtle().generateKey(algorithmOf(suite), false, ["deriveBits"]);
  return /** @type {CryptoKeyPair} */ (made);
}

/**
 * The AgreementKey of a pair in WebCrypto.
 *
 * @param {Suite} suite
 * @param {CryptoKeyPair} pair
 * @returns {Promise<AgreementKey>}
 */
export async function agreementKey(suite, pair) {
  const algorithm = algorithmOf(suite);
  return {
    suite,
    publicKey: new Uint8Array(await subtle().exportKey("raw", pair.publicKey)),
    agree: async (peer) => {
      const key = await subtle().importKey("raw", peer, algorithm, true, []);
      const request = { name: algorithm.name, public: key };
      return new Uint8Array(await subtle().deriveBits(request, pair.privateKey, 256));
    },
  };
}

/**
 * A new AgreementKey for one handshake.
 *
 * @param {Suite} suite
 */
export async function ephemeralKey(suite) {
  return agreementKey(suite, await generateKeyPair(suite));
}

/**
 * What EDHOC sends of a public key: G_X, 32 bytes; of P-256 x alone (RFC 9528 section 3.7).
 *
 * @param {AgreementKey} key
 */
export function shortForm(key) {
  return key.suite === 0 ? key.publicKey : key.publicKey.slice(1, 33);
}

/**
 * The public key that a peer sent in its short form; either y of P-256 will do.
 *
 * @param {Suite} suite
 * @param {Bytes} g 32 bytes
 */
export function fromShortForm(suite, g) {
  return suite === 0 ? g : p256Point(g, false);
}

/**
 * The shared secret. Raises HoldfastError `malformed` if there is none with this public key: it is no point of the
 * curve, or one of small order.
 *
 * @param {AgreementKey} key
 * @param {Bytes} peer
 */
export async function sharedSecret(key, peer) {
  let secret;
  try {
    secret = await key.agree(peer);
  } catch (error) {
    throw new HoldfastError("malformed", "no shared secret with this public key", error);
  }
  // WebCrypto's own check of X25519 came late to some browsers.
  if (secret.every((byte) => byte === 0)) {
    throw new HoldfastError("malformed", "no shared secret with this public key");
  }
  return secret;
}

// P-256: y^2 = x^3 - 3x + B modulo P (SEC 2 section 2.4.2).
const P = (1n << 256n) - (1n << 224n) + (1n << 192n) + (1n << 96n) - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/**
 * The point of P-256 with this x and the y that is odd or even: 65 bytes. It takes more or less time by what it
 * computes, which is public. Not every browser takes compressed points. Raises HoldfastError `malformed`.
 *
 * @param {Bytes} x 32 bytes
 * @param {boolean} isOdd
 * @returns {Bytes}
 */
export function p256Point(x, isOdd) {
  const number = BigInt(`0x${toHex(x)}`);
  const square = (((number * number * number - 3n * number + B) % P) + P) % P;
  let y = power(square, (P + 1n) / 4n);
  if (x.length !== 32 || number >= P || (y * y) % P !== square) {
    throw new HoldfastError("malformed", "P-256: no point has this x");
  }
  if (y % 2n !== (isOdd ? 1n : 0n)) {
    y = P - y;
  }
  return concat(4, x, fromHex(y.toString(16).padStart(64, "0")));
}

/**
 * @param {bigint} base
 * @param {bigint} exponent
 */
function power(base, exponent) {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % P) {
    if (rest & 1n) {
      result = (result * square) % P;
    }
  }
  return result;
}

/**
 * Whether `signature` over `data` is that of the Ed25519 key `publicKey` (RFC 8032).
 *
 * Raises HoldfastError `unsupported` where WebCrypto has no Ed25519, such as in Chrome before 137.
 *
 * @param {Bytes} publicKey 32 bytes
 * @param {Bytes} data
 * @param {Bytes} signature
 */
export async function isEd25519Signature(publicKey, data, signature) {
  let key;
  try {
    key = await subtle().importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error instanceof Error && error.name === "NotSupportedError") {
      throw new HoldfastError("unsupported", "this browser has no Ed25519", error);
    }
    return false;
  }
  return subtle().verify({ name: "Ed25519" }, key, signature, data);
}
