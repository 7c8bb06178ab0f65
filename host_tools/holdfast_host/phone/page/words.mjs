/** What the page says, in the phone's language. */

import { GERMAN } from "./german.mjs";

/** @typedef {keyof typeof ENGLISH} Word */

const ENGLISH = {
  title: "Doors",
  noKey: "This phone has no key yet. It is made here and cannot leave this phone.",
  makeKey: "Make this phone's key",
  noKeyMade: "No key was made: the phone did not recognise you. Try again.",
  keyMade: "Give this to the manager of the site, who issues a credential for it:",
  copy: "Copy",
  copied: "Copied",
  paste: "Link from the manager",
  take: "Enrol",
  scan: "Scan a QR code",
  scanning: "What the camera sees",
  stop: "Stop",
  noCamera: "There is no camera, or the page may not use it. Paste the link instead.",
  notTaken: "This is no credential for this phone.",
  holder: "{0} at {1}",
  from: "Valid from {0}.",
  until: "Valid until {0}.",
  ending: "It ends soon: ask the manager for another.",
  ended: "The credential has ended. Ask the manager for another.",
  cannotRecognise: "The credential wants the phone to recognise you, and this key was made without that.",
  zoneDoor: "A door in {0}",
  noDoors: "The credential names no door.",
  renew: "Another credential",
  forget: "Forget everything",
  forgetSure: "Forget this phone's key and credential? The manager must issue another.",
  newVersion: "There is a new version of this page.",
  useNewVersion: "Use it",
  open: "Open {0}",
  looking: "Choose the reader",
  recognising: "Confirm that it is you",
  connecting: "Connecting",
  connected: "Connected",
  proven: "The reader is the right one",
  decided: "Answer received",
  granted: "Open",
  "reason-1": "Refused: the credential is not accepted",
  "reason-2": "Refused: not at this time",
  "reason-3": "Refused: not for this door",
  "reason-4": "Refused: the request is not accepted",
  "reason-5": "Refused: the reader cannot decide now",
  "reason-6": "Refused: the door is locked down",
  "reason-other": "Refused",
  "no-bluetooth": "No Bluetooth: switch it on, or use a browser that has it, such as Chrome on Android",
  "none-chosen": "No reader was chosen",
  "not-recognised": "You were not recognised. Nothing was sent",
  busy: "A visit is under way",
  "link-closed": "The connection was lost. Try again, nearer to the door",
  silent: "The reader does not answer. It may be switched off",
  unanswered: "The answer was lost. Look at the door; if it is shut, try again",
  "not-believed": "The answer cannot be believed. Look at the door; if it is shut, try again",
  "other-door": "That is the reader of another door",
  "which-door": "That reader has several doors. They are shown now: tap the one you mean",
  "not-a-door": "That device opens no door",
  "other-site": "That reader is not of this site. Nothing was shown to it",
  "no-proof": "The reader does not prove who it is. Nothing was shown to it",
  "no-certificate": "The reader does not prove who it is. Nothing was shown to it",
  revoked: "The site does not trust this reader any more. Tell the manager",
  endedReader: "The reader's certificate has ended. Tell the manager",
  rejected: "What answered refused to talk. It may not be the reader",
  "wrong-suite": "The reader does not know this kind of key. Tell the manager",
  unsupported: "This browser is too old: it lacks Ed25519",
  malformed: "What answered does not speak as a reader does",
  unknown: "Something went wrong. Try again",
};

/** `de` or `en`. */
export const LANGUAGE = navigator.languages.find((one) => /^(de|en)\b/.test(one))?.slice(0, 2) ?? "en";

/** @type {Record<Word, string>} */
const WORDS = LANGUAGE === "de" ? GERMAN : ENGLISH;

/**
 * @param {Word} word
 * @param {...string} inserted
 */
export function say(word, ...inserted) {
  return WORDS[word].replace(/\{(\d)\}/g, (_, index) => inserted[Number(index)] ?? "");
}

/**
 * What came of a visit, in words.
 *
 * @param {import("./core.mjs").Report | import("./visit.mjs").Why} result
 */
export function sayResult(result) {
  if (typeof result === "object") {
    const word = result.granted ? "granted" : `reason-${result.reason}`;
    return say(isWord(word) ? word : "reason-other");
  }
  // The certificate's end, and not the credential's.
  const word = result === "ended" ? "endedReader" : result;
  return say(isWord(word) ? word : "unknown");
}

/**
 * @param {string} word
 * @returns {word is Word}
 */
function isWord(word) {
  return Object.hasOwn(ENGLISH, word);
}
