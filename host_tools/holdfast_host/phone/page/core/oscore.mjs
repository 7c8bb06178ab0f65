/**
 * OSCORE for a client (RFC 8613): requests out, answers in, AES-CCM-16-64-128 and HKDF with SHA-256.
 *
 * @typedef {Object} Secrets what a context is derived from
 * @property {Bytes | CryptoKey} masterSecret 16 bytes, or an HKDF key, which WebCrypto keeps and does not give back
 * @property {Bytes} masterSalt
 * @property {Bytes} senderId
 * @property {Bytes} recipientId
 * @typedef {Object} Exchange a request, and what its answer is bound to
 * @property {Bytes} requestPiv
 * @property {boolean} isAnswered
 */

import { HoldfastError } from "./errors.mjs";
import { EMPTY, concat, equal, fromNumber, xor } from "./bytes.mjs";
import * as cbor from "./cbor.mjs";
import * as coap from "./coap.mjs";
import { TAG_LENGTH, aesCcmDecrypt, aesCcmEncrypt } from "./aes_ccm.mjs";
import { subtle } from "./crypto.mjs";

/** @import { Bytes } from "./bytes.mjs" */
/** @import { Message } from "./coap.mjs" */
/** @import { AesKey } from "./aes_ccm.mjs" */

/** The highest Partial IV that there is (section 7.2.1). */
export const MAX_SEQUENCE_NUMBER = 2 ** 40 - 1;

const ALG_AES_CCM_16_64_128 = 10;
const VERSION = 1;
const MAX_IDENTIFIER = 7;
const MAX_PIV = 5;
const NONCE_LENGTH = 13;

const FLAG_KID = 0x08;
const FLAG_KID_CONTEXT = 0x10;
const FLAGS_RESERVED = 0xe0;

/** @param {string} text */
const malformed = (text) => new HoldfastError("malformed", `OSCORE: ${text}`);

/**
 * The master secret as a key that can be kept in IndexedDB and not be read.
 *
 * @param {Bytes} masterSecret
 */
export function importMasterSecret(masterSecret) {
  return subtle().importKey("raw", masterSecret, "HKDF", false, ["deriveBits", "deriveKey"]);
}

/** A security context, of which this side sends the requests. It keeps no sequence number: who asks brings one. */
export class SecurityContext {
  /**
   * @param {Secrets} secrets
   * @param {AesKey} senderKey
   * @param {AesKey} recipientKey
   * @param {Bytes} commonIv
   */
  constructor(secrets, senderKey, recipientKey, commonIv) {
    this.senderId = secrets.senderId;
    this.recipientId = secrets.recipientId;
    this.commonIv = commonIv;
    this._senderKey = senderKey;
    this._recipientKey = recipientKey;
  }

  /**
   * Derives the keys (section 3.2.1). Raises HoldfastError `malformed` for identifiers that are the same: both sides
   * would use one key and nonce.
   *
   * @param {Secrets} secrets
   */
  static async derive(secrets) {
    const { masterSecret, senderId, recipientId } = secrets;
    if (Math.max(senderId.length, recipientId.length) > MAX_IDENTIFIER || equal(senderId, recipientId)) {
      throw malformed("identifiers of more than 7 bytes, or one for both sides");
    }
    const secret = masterSecret instanceof Uint8Array ? await importMasterSecret(masterSecret) : masterSecret;
    const [sender, recipient] = await Promise.all([
      deriveAesKey(secret, secrets.masterSalt, senderId),
      deriveAesKey(secret, secrets.masterSalt, recipientId),
    ]);
    const iv = parameters(secrets.masterSalt, EMPTY, "IV", NONCE_LENGTH);
    const commonIv = new Uint8Array(await subtle().deriveBits(iv, secret, 8 * NONCE_LENGTH));
    return new SecurityContext(secrets, sender, recipient, commonIv);
  }

  /**
   * The protected form of a request under the Partial IV `number`, which must be used for nothing else, ever.
   *
   * @param {Message} request
   * @param {number} number
   * @returns {Promise<{ message: Message, exchange: Exchange }>}
   */
  async protectRequest(request, number) {
    if (!Number.isSafeInteger(number) || number < 0 || number > MAX_SEQUENCE_NUMBER) {
      throw new HoldfastError("exhausted", "OSCORE: there are no more Partial IVs");
    }
    const piv = fromNumber(number, 1);
    const plaintext = concat(request.code, coap.encodeOptions(request.options, request.payload));
    const nonce = this.nonce(this.senderId, piv);
    const ciphertext = await aesCcmEncrypt(this._senderKey, nonce, plaintext, this.aad(piv));
    const header = concat(piv.length | FLAG_KID, piv, this.senderId);
    const message = { code: coap.POST, options: option(header), payload: ciphertext };
    return { message, exchange: { requestPiv: piv, isAnswered: false } };
  }

  /**
   * The answer in `message` to the request of `exchange`; there is one. Raises HoldfastError `malformed` or
   * `not-authentic`, and then the exchange is as before.
   *
   * A protected answer is 2.04 outside and has one option, whatever is inside (section 4.2): nothing else there is
   * authenticated.
   *
   * @param {Message} message
   * @param {Exchange} exchange
   * @returns {Promise<Message>}
   */
  async unprotectResponse(message, exchange) {
    const [first] = message.options;
    if (message.code !== coap.CHANGED || message.options.length !== 1 || first?.[0] !== coap.OPTION_OSCORE) {
      throw malformed("an answer that has more outside than its OSCORE option");
    }
    if (message.payload.length <= TAG_LENGTH || exchange.isAnswered) {
      throw malformed("no room for a code and a tag, or a second answer");
    }
    const piv = this._pivOfResponse(first[1]);
    const { requestPiv } = exchange;
    const nonce = piv === null ? this.nonce(this.senderId, requestPiv) : this.nonce(this.recipientId, piv);
    const plaintext = await aesCcmDecrypt(this._recipientKey, nonce, message.payload, this.aad(requestPiv));
    const inner = { code: plaintext[0] ?? 0, ...coap.decodeOptions(plaintext.slice(1)) };
    if (!coap.isResponse(inner.code) || coap.optionOf(inner, coap.OPTION_OSCORE) !== null) {
      throw malformed("no answer inside");
    }
    exchange.isAnswered = true;
    return inner;
  }

  /**
   * The nonce for a Partial IV made by the side `id` (section 5.2).
   *
   * @param {Bytes} id
   * @param {Bytes} piv
   */
  nonce(id, piv) {
    const fill = (/** @type {number} */ length) => new Uint8Array(length);
    const padded = concat(id.length, fill(MAX_IDENTIFIER - id.length), id, fill(MAX_PIV - piv.length), piv);
    return xor(padded, this.commonIv);
  }

  /**
   * The Enc_structure that binds a message to its request (section 5.4).
   *
   * @param {Bytes} requestPiv
   */
  aad(requestPiv) {
    const array = cbor.encode([VERSION, [ALG_AES_CCM_16_64_128], this.senderId, requestPiv, EMPTY]);
    return cbor.encode(["Encrypt0", EMPTY, array]);
  }

  /**
   * The Partial IV in an answer's option (section 6.1), or null: the request's is meant.
   *
   * @param {Bytes} value
   * @returns {Bytes | null}
   */
  _pivOfResponse(value) {
    const [flags] = value;
    if (flags === undefined) {
      return null;
    }
    const length = flags & 0x07;
    const piv = value.slice(1, 1 + length);
    if (flags === 0 || flags & FLAGS_RESERVED || length > MAX_PIV || piv.length < length) {
      throw malformed("reserved bits in the option, or it is cut short");
    }
    if (length > 1 && piv[0] === 0) {
      throw malformed("a Partial IV with leading zeros");
    }
    const kid = value.slice(1 + length);
    const isNamed = (flags & FLAG_KID) !== 0;
    if (flags & FLAG_KID_CONTEXT || !equal(kid, isNamed ? this.recipientId : EMPTY)) {
      throw malformed("the answer names another context");
    }
    return length > 0 ? piv : null;
  }
}

/**
 * message_3 in front of a protected request: the combined request of RFC 9668.
 *
 * @param {Bytes} message3
 * @param {Message} request
 * @returns {Message}
 */
export function combine(message3, request) {
  const options = [...request.options, ...option(EMPTY, coap.OPTION_EDHOC)];
  return { ...request, options, payload: concat(message3, request.payload) };
}

/**
 * @param {Bytes} value
 * @param {number} [number]
 * @returns {coap.Option[]}
 */
function option(value, number = coap.OPTION_OSCORE) {
  return [[number, value]];
}

/**
 * @param {Bytes} salt
 * @param {Bytes} id
 * @param {"Key" | "IV"} type
 * @param {number} length
 */
function parameters(salt, id, type, length) {
  return { name: "HKDF", hash: "SHA-256", salt, info: cbor.encode([id, null, ALG_AES_CCM_16_64_128, type, length]) };
}

/**
 * @param {CryptoKey} secret
 * @param {Bytes} salt
 * @param {Bytes} id
 * @returns {Promise<AesKey>}
 */
async function deriveAesKey(secret, salt, id) {
  const info = parameters(salt, id, "Key", 16);
  const [cbc, ctr] = await Promise.all([
    subtle().deriveKey(info, secret, { name: "AES-CBC", length: 128 }, false, ["encrypt"]),
    subtle().deriveKey(info, secret, { name: "AES-CTR", length: 128 }, false, ["encrypt"]),
  ]);
  return { cbc, ctr };
}
