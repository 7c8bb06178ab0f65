/** EDHOC error messages, and which suites to offer after one (RFC 9528 section 6). */

import { HoldfastError } from "./errors.mjs";
import { EMPTY } from "./bytes.mjs";
import * as cbor from "./cbor.mjs";

/** @import { Bytes } from "./bytes.mjs" */
/** @import { Suite } from "./public_key.mjs" */

export const WRONG_SUITE = 2;

const MAX_ERROR = 256;

/**
 * An EDHOC error message (RFC 9528 section 6): its code, and SUITES_R or the text that is in it. Nothing proves whose
 * word it is. Null for any other message.
 *
 * @param {Bytes} data
 * @returns {{ code: number, suites: number[], text: string } | null}
 */
export function parseError(data) {
  try {
    const reader = new cbor.Decoder(data.length > MAX_ERROR ? EMPTY : data);
    const [code, info] = [reader.item(), reader.item()];
    if (typeof code !== "number" || !reader.isAtEnd) {
      return null;
    }
    const suites = (Array.isArray(info) ? info : [info]).filter((one) => typeof one === "number");
    return { code, suites: code === WRONG_SUITE ? suites : [], text: typeof info === "string" ? info : "" };
  } catch (error) {
    if (error instanceof HoldfastError) {
      return null;
    }
    throw error;
  }
}

/**
 * SUITES_I for another message_1 after an error that named `suitesR` (RFC 9528 section 6.3.1): all that are better
 * than the one selected stay, so that a forged error hides none. Empty if there is none in common, or if it would be
 * `sent` over again.
 *
 * @param {readonly Suite[]} preferred
 * @param {readonly number[]} suitesR
 * @param {readonly Suite[]} sent
 * @returns {readonly Suite[]}
 */
export function offerSuites(preferred, suitesR, sent) {
  const index = preferred.findIndex((suite) => suitesR.includes(suite));
  const offered = preferred.slice(0, index + 1);
  return offered.length === sent.length && offered.every((suite, i) => suite === sent[i]) ? [] : offered;
}
