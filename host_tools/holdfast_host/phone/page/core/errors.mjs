/**
 * What the core refuses, and why.
 *
 * | code | what happened |
 * |---|---|
 * | `malformed` | bytes that are not what they must be |
 * | `not-authentic` | a signature, MAC or tag that is not that of the key it should be of |
 * | `unsupported` | a form or algorithm that is allowed and not known here |
 * | `other-site`, `no-certificate`, `not-a-door`, `other-door`, `revoked`, `ended`, `no-proof` | what answers is not the reader of the door; nothing of the credential was shown to it |
 * | `which-door` | the reader is right and has several doors; which is meant was not said, and nothing was asked |
 * | `rejected` | a refusal in the clear: nobody proves that it is the reader's |
 * | `wrong-suite` | the same, and it names no cipher suite that this phone has a key for |
 * | `not-believed` | an answer that is not the door's, or none to what was asked; the door may be open |
 * | `link-closed`, `silent` | the connection ended, or nothing came in time; nothing was asked of the door |
 * | `unanswered` | the door was asked, and its answer is lost: it may be open |
 * | `credential` | what was given to enrol is not for this phone, or has ended |
 * | `exhausted` | a context has used all its Partial IVs |
 *
 * @typedef {"malformed" | "not-authentic" | "unsupported" | "other-site" | "no-certificate" | "not-a-door"
 *   | "other-door" | "revoked" | "ended" | "no-proof" | "which-door" | "rejected" | "wrong-suite" | "not-believed"
 *   | "link-closed" | "silent" | "unanswered" | "credential" | "exhausted"} Code
 */

/** The only error that the core raises for anything that came from outside. */
export class HoldfastError extends Error {
  /**
   * @param {Code} code
   * @param {string} message for a log or a developer, without secrets; a page has its own words for each code
   * @param {unknown} [cause]
   */
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "HoldfastError";
    /** @readonly @type {Code} */
    this.code = code;
  }
}

/**
 * Runs `work`, and gives what it refuses another code: what is malformed in a certificate is no proof.
 * An error that is none of ours, a fault of the platform, stays what it is.
 *
 * @template T
 * @param {Code} code
 * @param {string} what
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function as(code, what, work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HoldfastError) {
      throw new HoldfastError(code, `${what}: ${error.message}`, error);
    }
    throw error;
  }
}
