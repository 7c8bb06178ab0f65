/** The views in which the phone gets its key and its credentials, and forgets them. */

import { HoldfastError } from "./core.mjs";
import { forgetAll, loadKeys } from "./database.mjs";
import { take } from "./enrolment.mjs";
import { makeKey, shown } from "./keys.mjs";
import { NotRecognised } from "./person.mjs";
import { canScan, scan } from "./scan.mjs";
import { button, element, tell } from "./view.mjs";
import { say } from "./words.mjs";

/** @import { Keys } from "./database.mjs" */
/** @import { Site } from "./enrolment.mjs" */
/**
 * @typedef {Object} About what the page was written with, and how to show all of it anew
 * @property {readonly Site[]} sites
 * @property {boolean} hasQrReader
 * @property {() => Promise<void>} show
 */

const now = () => Math.floor(Date.now() / 1000);

/**
 * For a phone that has no credential: its key, and what brings it one.
 *
 * @param {About} about
 * @param {Keys | undefined} keys
 * @returns {Promise<HTMLElement[]>}
 */
export async function enrolling(about, keys) {
  if (keys === undefined) {
    const make = button(say("makeKey"), async () => {
      try {
        await makeKey();
      } catch (error) {
        if (!(error instanceof NotRecognised)) {
          throw error;
        }
        return tell(say("noKeyMade"), "bad");
      }
      tell("");
      await about.show();
    });
    return [element("p", say("noKey")), make];
  }
  const digits = shown(keys);
  const copy = button(say("copy"), async (made) => {
    await navigator.clipboard.writeText(digits);
    made.textContent = say("copied");
  });
  return [element("p", say("keyMade")), element("code", digits, { id: "key" }), copy, ...(await taking(about))];
}

/**
 * Behind one line: another credential, and forgetting all.
 *
 * @param {About} about
 * @param {Keys | undefined} keys
 */
export async function settings(about, keys) {
  const box = element("details", "");
  const forget = button(say("forget"), async () => {
    if (confirm(say("forgetSure"))) {
      await forgetAll();
      await about.show();
    }
  });
  box.append(element("summary", say("renew")), ...(await enrolling(about, keys)), forget);
  return box;
}

/** @param {About} about */
async function taking(about) {
  const input = element("input", "", { id: "link", type: "text", autocomplete: "off", spellcheck: "false" });
  const label = element("label", say("paste"), { for: "link" });
  const parts = [label, input, button(say("take"), () => taken(input.value, about))];
  if (await canScan(about.hasQrReader)) {
    parts.unshift(button(say("scan"), (made) => scanning(made, about), { id: "scan" }));
  }
  return parts;
}

/**
 * The camera's picture in the place of the button, until there is a code in it or the person has enough.
 *
 * @param {HTMLButtonElement} made
 * @param {About} about
 */
async function scanning(made, about) {
  const ended = new AbortController();
  const video = element("video", "", { playsinline: "", "aria-label": say("scanning") });
  video.muted = true;
  const stop = button(say("stop"), async () => ended.abort());
  made.after(video, stop);
  try {
    const text = await scan(video, ended.signal);
    if (text !== null) {
      await taken(text, about);
    }
  } catch (error) {
    if (!(error instanceof DOMException)) {
      throw error;
    }
    tell(say("noCamera"), "bad");
  } finally {
    video.remove();
    stop.remove();
  }
}

/**
 * Take what a link, a code or the person's own typing has brought.
 *
 * @param {string} text
 * @param {About} about
 */
export async function taken(text, about) {
  try {
    await take(text, about.sites, await loadKeys(), now());
    tell("");
    await about.show();
  } catch (error) {
    if (!(error instanceof HoldfastError)) {
      throw error;
    }
    console.info(error.message);
    tell(say("notTaken"), "bad");
  }
}
