/**
 * EDHOC's Initiator in method 3, static Diffie-Hellman, in suites 0 and 2 (RFC 9528), with tokens by value.
 *
 *     const { waiting, message1 } = await new Initiator({ key, token }, suites).prepareMessage1(ephemeral, cI);
 *     const received = await waiting.parseMessage2(message2);
 *     const verified = await received.verify(publicKey);       // of received.certificate, which the caller believes
 *     const { completed, message3 } = await verified.prepareMessage3();
 *
 * A state never changes: a message that is refused leaves nothing behind. An ephemeral key is for one message_1.
 *
 * @typedef {Object} EdhocIdentity
 * @property {AgreementKey} key
 * @property {Bytes} token shown as ID_CRED_I, `{13: token}`; a CWT tag in front is shown, and no part of CRED_I
 * @typedef {Object} Completed what OSCORE begins with (RFC 9528 appendix A.1)
 * @property {Bytes} masterSecret 16 bytes
 * @property {Bytes} masterSalt 8 bytes
 * @property {Bytes} senderId C_R
 * @property {Bytes} recipientId C_I
 * @typedef {Object} Trace the values on the way, for tests and for who writes a phone of their own
 * @property {Record<string, Bytes>} values
 */

import { HoldfastError } from "./errors.mjs";
import { EMPTY, concat, equal, xor } from "./bytes.mjs";
import * as cbor from "./cbor.mjs";
import { aesCcmEncrypt, importAesKey } from "./aes_ccm.mjs";
import { hkdfExpand, hkdfExtract, sha256 } from "./crypto.mjs";
import { bare } from "./cwt.mjs";
import { fromShortForm, sharedSecret, shortForm } from "./public_key.mjs";

/** @import { Bytes } from "./bytes.mjs" */
/** @import { AgreementKey } from "./public_key.mjs" */

const METHOD_STAT_STAT = 3;
const MAX_MESSAGE = 1024;
const MAX_IDENTIFIER = 7; // an OSCORE Sender ID: the nonce less 6 (RFC 8613 section 3.3)
const MAX_EAD_ITEMS = 8;
const MAX_EAD_LABEL = 0xffff;
const HASH_LENGTH = 32;
const MAC_LENGTH = 8;
const KEY_LENGTH = 16;
const IV_LENGTH = 13;
const SALT_LENGTH = 8;
const G_LENGTH = 32;

/** @param {string} text */
const malformed = (text) => new HoldfastError("malformed", `EDHOC: ${text}`);

/** This side: who it is, and what it asks for. */
export class Initiator {
  /**
   * @param {EdhocIdentity} identity
   * @param {readonly number[]} suites SUITES_I: those it prefers, best first, down to the one selected, the key's
   */
  constructor(identity, suites) {
    if (suites[suites.length - 1] !== identity.key.suite) {
      throw new TypeError("the key is for another suite than the one selected");
    }
    this.identity = identity;
    this.suites = suites;
  }

  /**
   * message_1 = ( METHOD, SUITES_I, G_X, C_I ).
   *
   * @param {AgreementKey} ephemeral of the same suite, new each time
   * @param {Bytes} cI 0 to 7 bytes
   */
  async prepareMessage1(ephemeral, cI) {
    if (cI.length > MAX_IDENTIFIER) {
      throw new TypeError("a connection identifier has at most 7 bytes");
    }
    const suites = this.suites.length === 1 ? this.suites[0] : this.suites;
    const head = cbor.encodeSequence(METHOD_STAT_STAT, suites, shortForm(ephemeral));
    const message1 = concat(head, encodeIdentifier(cI));
    const values = { h_message_1: await sha256(message1) };
    return { message1, waiting: new WaitMessage2(this.identity, ephemeral, cI, { values }) };
  }
}

/** message_1 was sent; the next to come is message_2. */
export class WaitMessage2 {
  /**
   * @param {EdhocIdentity} identity
   * @param {AgreementKey} ephemeral
   * @param {Bytes} cI
   * @param {Trace} trace
   */
  constructor(identity, ephemeral, cI, trace) {
    this.identity = identity;
    this.ephemeral = ephemeral;
    this.cI = cI;
    this.trace = trace;
  }

  /**
   * Decrypts message_2; nothing in it is authenticated then. Raises HoldfastError `malformed`, or `no-certificate`.
   *
   * @param {Bytes} message2
   */
  async parseMessage2(message2) {
    const { suite } = this.identity.key;
    const whole = message2.length > MAX_MESSAGE ? null : cbor.decode(message2);
    if (!(whole instanceof Uint8Array) || whole.length <= G_LENGTH) {
      throw malformed("message_2 is no byte string of the right length");
    }
    const received = Uint8Array.from(whole);
    const gY = received.slice(0, G_LENGTH);
    const ciphertext2 = received.slice(G_LENGTH);
    const peer = fromShortForm(suite, gY);
    const gXY = await sharedSecret(this.ephemeral, peer);
    const th2 = await sha256(cbor.encodeSequence(gY, value(this.trace, "h_message_1")));
    const prk2e = await hkdfExtract(th2, gXY);
    const keystream2 = await kdf(prk2e, 0, th2, ciphertext2.length);
    const plaintext2 = xor(ciphertext2, keystream2);
    const trace = further(this.trace, {
      g_xy: gXY,
      th_2: th2,
      prk_2e: prk2e,
      keystream_2: keystream2,
      plaintext_2: plaintext2,
    });
    return new ReceivedMessage2(this, peer, plaintext2, trace);
  }
}

/** message_2 was decrypted: `cR` and `certificate` (a token without CWT tag) are what its sender says. */
export class ReceivedMessage2 {
  /**
   * @param {WaitMessage2} waiting
   * @param {Bytes} peerEphemeral
   * @param {Bytes} plaintext2
   * @param {Trace} trace
   */
  constructor(waiting, peerEphemeral, plaintext2, trace) {
    const reader = new cbor.Decoder(plaintext2);
    this.cR = readIdentifier(reader);
    const { value: shown, raw: idCredR } = reader.itemAndBytes();
    this.idCredR = idCredR;
    this.certificate = certificateIn(shown, idCredR);
    const mac = reader.item();
    if (!(mac instanceof Uint8Array) || mac.length !== MAC_LENGTH) {
      throw malformed("MAC_2 has not 8 bytes");
    }
    this._mac2 = mac;
    this._ead2 = reader.data.slice(reader.at);
    refuseCritical(reader);
    if (equal(this.cR, waiting.cI)) {
      throw malformed("C_R equals C_I");
    }
    this._waiting = waiting;
    this._peerEphemeral = peerEphemeral;
    this._trace = trace;
  }

  /**
   * Whether the sender holds the private key of its certificate, whose public key `publicKey` is and which the caller
   * has found good. Raises HoldfastError `no-proof`.
   *
   * @param {Bytes} publicKey of the suite, as AgreementKey has it
   */
  async verify(publicKey) {
    const { identity, ephemeral } = this._waiting;
    // Our own credential would prove that nobody else is there (RFC 9528 section 9.2). Of a point x alone counts.
    if (equal(publicKey.slice(-64).slice(0, 32), identity.key.publicKey.slice(-64).slice(0, 32))) {
      throw new HoldfastError("no-proof", "EDHOC: the peer shows the key of this side");
    }
    const [th2, prk2e] = [value(this._trace, "th_2"), value(this._trace, "prk_2e")];
    const gRX = await sharedSecret(ephemeral, publicKey);
    const salt3e2m = await kdf(prk2e, 1, th2, HASH_LENGTH);
    const prk3e2m = await hkdfExtract(salt3e2m, gRX);
    const context2 = concat(encodeIdentifier(this.cR), this.idCredR, cbor.encode(th2), this.certificate, this._ead2);
    const mac2 = await kdf(prk3e2m, 2, context2, MAC_LENGTH);
    if (!equal(mac2, this._mac2)) {
      throw new HoldfastError("no-proof", "EDHOC: message_2 is not from the holder of its certificate");
    }
    const th3 = await sha256(cbor.encode(th2), value(this._trace, "plaintext_2"), this.certificate);
    const trace = further(this._trace, {
      g_rx: gRX,
      salt_3e2m: salt3e2m,
      prk_3e2m: prk3e2m,
      context_2: context2,
      mac_2: mac2,
      th_3: th3,
    });
    return new VerifiedMessage2(identity, this._peerEphemeral, this._waiting.cI, this.cR, trace);
  }
}

/** The Responder is authenticated; message_3 shows it who this side is. */
export class VerifiedMessage2 {
  /**
   * @param {EdhocIdentity} identity
   * @param {Bytes} peerEphemeral
   * @param {Bytes} cI
   * @param {Bytes} cR
   * @param {Trace} trace
   */
  constructor(identity, peerEphemeral, cI, cR, trace) {
    this.cI = cI;
    this.cR = cR;
    this._identity = identity;
    this._peerEphemeral = peerEphemeral;
    this._trace = trace;
  }

  /**
   * message_3, and what follows from the handshake.
   *
   * @returns {Promise<{ completed: Completed, message3: Bytes, trace: Trace }>}
   */
  async prepareMessage3() {
    const { key, token } = this._identity;
    const [th3, prk3e2m] = [value(this._trace, "th_3"), value(this._trace, "prk_3e2m")];
    const idCredI = concat(0xa1, 0x0d, token);
    const credI = bare(token);
    const gIY = await sharedSecret(key, this._peerEphemeral);
    const salt4e3m = await kdf(prk3e2m, 5, th3, HASH_LENGTH);
    const prk4e3m = await hkdfExtract(salt4e3m, gIY);
    const context3 = concat(idCredI, cbor.encode(th3), credI);
    const mac3 = await kdf(prk4e3m, 6, context3, MAC_LENGTH);
    const plaintext3 = concat(idCredI, cbor.encode(mac3));
    const k3 = await kdf(prk3e2m, 3, th3, KEY_LENGTH);
    const iv3 = await kdf(prk3e2m, 4, th3, IV_LENGTH);
    const aad3 = cbor.encode(["Encrypt0", EMPTY, th3]);
    const message3 = cbor.encode(await aesCcmEncrypt(await importAesKey(k3), iv3, plaintext3, aad3));
    const th4 = await sha256(cbor.encode(th3), plaintext3, credI);
    const prkOut = await kdf(prk4e3m, 7, th4, HASH_LENGTH);
    const prkExporter = await kdf(prkOut, 10, EMPTY, HASH_LENGTH);
    const completed = {
      masterSecret: await kdf(prkExporter, 0, EMPTY, KEY_LENGTH),
      masterSalt: await kdf(prkExporter, 1, EMPTY, SALT_LENGTH),
      senderId: this.cR,
      recipientId: this.cI,
    };
    const trace = further(this._trace, {
      g_iy: gIY,
      salt_4e3m: salt4e3m,
      prk_4e3m: prk4e3m,
      context_3: context3,
      mac_3: mac3,
      plaintext_3: plaintext3,
      k_3: k3,
      iv_3: iv3,
      aad_3: aad3,
      th_4: th4,
      prk_out: prkOut,
      prk_exporter: prkExporter,
    });
    return { completed, message3, trace };
  }
}

/**
 * EDHOC_KDF( PRK, label, context, length ), section 4.1.2.
 *
 * @param {Bytes} prk
 * @param {number} label
 * @param {Bytes} context
 * @param {number} length
 */
function kdf(prk, label, context, length) {
  return hkdfExpand(prk, cbor.encodeSequence(label, context, length), length);
}

/**
 * The wire form of a C_I or C_R: one byte that is an integer of CBOR as it is, any other a byte string.
 *
 * @param {Bytes} identifier
 */
function encodeIdentifier(identifier) {
  return isShort(identifier) ? identifier : cbor.encode(identifier);
}

/**
 * @param {cbor.Decoder} reader
 * @returns {Bytes}
 */
function readIdentifier(reader) {
  const { value: identifier, raw } = reader.itemAndBytes();
  if (typeof identifier === "number" && isShort(raw)) {
    return raw;
  }
  if (!(identifier instanceof Uint8Array) || identifier.length > MAX_IDENTIFIER) {
    throw malformed("C_R is no identifier of at most 7 bytes");
  }
  const bytes = Uint8Array.from(identifier);
  if (isShort(bytes)) {
    throw malformed("C_R is a byte string where an integer must be");
  }
  return bytes;
}

/** @param {Bytes} identifier */
function isShort(identifier) {
  const [first = 0xff] = identifier;
  return identifier.length === 1 && (first <= 0x17 || (first >= 0x20 && first <= 0x37));
}

/**
 * The token in ID_CRED_R, `{13: token}`, byte for byte as it was signed.
 *
 * @param {unknown} shown
 * @param {Bytes} raw
 */
function certificateIn(shown, raw) {
  const token = shown instanceof Map && shown.size === 1 && shown.has(13) ? bare(raw.slice(2)) : EMPTY;
  if (token[0] !== 0xd1 && token[0] !== 0xd2) {
    throw new HoldfastError("no-certificate", "EDHOC: the reader shows no certificate");
  }
  return token;
}

/**
 * What is left is EAD_2 (section 3.8): well made, and nothing critical, as nothing is known here.
 *
 * @param {cbor.Decoder} reader
 */
function refuseCritical(reader) {
  let last = null;
  for (let items = 0; !reader.isAtEnd; items++) {
    const item = reader.item();
    const isLabel = typeof item === "number" && item >= 0 && item <= MAX_EAD_LABEL;
    if (!isLabel && !(item instanceof Uint8Array && last === "label")) {
      throw malformed("EAD_2 is critical or malformed");
    }
    if (items >= 2 * MAX_EAD_ITEMS) {
      throw malformed("EAD_2 has too many items");
    }
    last = isLabel ? "label" : "value";
  }
}

/**
 * @param {Trace} trace
 * @param {Record<string, Bytes>} values
 * @returns {Trace}
 */
function further(trace, values) {
  return { values: { ...trace.values, ...values } };
}

/**
 * @param {Trace} trace
 * @param {string} name
 */
function value(trace, name) {
  return /** @type {Bytes} */ (trace.values[name]);
}
