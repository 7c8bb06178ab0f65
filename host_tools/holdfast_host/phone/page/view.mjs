/** What the page is made of: elements, buttons, and the line that says what happens. */

import { sayResult } from "./words.mjs";

const status = /** @type {HTMLElement} */ (document.querySelector("#status"));

/**
 * An element with text and attributes.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} text
 * @param {Record<string, string>} [attributes]
 */
export function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  Object.entries(attributes).forEach(([attribute, value]) => made.setAttribute(attribute, value));
  return made;
}

/**
 * A button that works once at a time.
 *
 * @param {string} text
 * @param {(button: HTMLButtonElement) => Promise<void>} work
 * @param {Record<string, string>} [attributes]
 */
export function button(text, work, attributes = {}) {
  const made = element("button", text, { type: "button", ...attributes });
  made.addEventListener("click", async () => {
    made.disabled = true;
    try {
      await work(made);
    } catch (error) {
      console.error(error);
      tell(sayResult("unknown"), "bad");
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

/**
 * Said to eyes and to screen readers.
 *
 * @param {string} text
 * @param {"" | "busy" | "good" | "bad"} kind
 */
export function tell(text, kind = "") {
  status.textContent = text;
  status.className = kind;
}

/**
 * What came of a visit: shown for some time if the door is open, and kept for who tests the page.
 *
 * @param {import("./core.mjs").Report | import("./visit.mjs").Why} result
 * @param {number} shownMs
 */
export function tellResult(result, shownMs) {
  const isOpen = typeof result === "object" && result.granted;
  tell(sayResult(result), isOpen ? "good" : "bad");
  status.dataset["result"] = JSON.stringify(result);
  if (isOpen) {
    navigator.vibrate?.(200);
    setTimeout(() => status.className === "good" && tell(""), shownMs);
  }
}
