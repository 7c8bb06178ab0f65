/** The page: what is shown, and what each button does. */

import { HoldfastError } from "./core.mjs";
import { forgetAll } from "./database.mjs";
import { doorsOf, enrolled, makeKey, publicKey, readSites, take } from "./enrolment.mjs";
import { open } from "./visit.mjs";
import { LANGUAGE, say, sayResult } from "./words.mjs";

/** @import { Enrolled, Site } from "./enrolment.mjs" */

const ENDING_S = 14 * 86400;
const SHOWN_MS = 6000; // how long an open door is shown as open

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const status = /** @type {HTMLElement} */ (document.querySelector("#status"));

const now = () => Math.floor(Date.now() / 1000);

/**
 * An element with text and attributes.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} text
 * @param {Record<string, string>} [attributes]
 */
function element(name, text, attributes = {}) {
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
 */
function button(text, work) {
  const made = element("button", text, { type: "button" });
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
function tell(text, kind = "") {
  status.textContent = text;
  status.className = kind;
}

/** @param {Site} site */
async function show(site) {
  const who = await enrolled(site);
  const isOver = who !== null && now() >= who.credential.expires;
  main.replaceChildren(...(who === null || isOver ? await enrolling(site, isOver) : doors(who, site)));
}

/**
 * @param {Enrolled} who
 * @param {Site} site
 */
function doors({ credential, identity }, site) {
  const names = doorsOf(credential);
  const buttons = names.map((name) => {
    const made = button(name, () => tapped(name, identity));
    made.className = "door";
    made.setAttribute("aria-label", say("open", name));
    return made;
  });
  const end = new Date(1000 * credential.expires).toLocaleString(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });
  const isEnding = now() >= credential.expires - ENDING_S;
  return [
    ...(names.length > 0 ? buttons : [element("p", say("noDoors"))]),
    element("p", say("holder", credential.holder, credential.site)),
    element("p", `${say("until", end)} ${isEnding ? say("ending") : ""}`),
    settings(site),
  ];
}

/**
 * @param {string} door
 * @param {import("./core.mjs").Identity} identity
 */
async function tapped(door, identity) {
  const result = await open(door, identity, (phase) => tell(say(phase), "busy"));
  const isOpen = typeof result === "object" && result.granted;
  tell(sayResult(result), isOpen ? "good" : "bad");
  status.dataset["result"] = JSON.stringify(result);
  if (isOpen) {
    navigator.vibrate?.(200);
    setTimeout(() => status.className === "good" && tell(""), SHOWN_MS);
  }
}

/** @param {Site} site */
function settings(site) {
  const box = element("details", "");
  const forget = button(say("forget"), async () => {
    if (confirm(say("forgetSure"))) {
      await forgetAll();
      await show(site);
    }
  });
  box.append(element("summary", say("renew")), ...taking(site), forget);
  return box;
}

/**
 * @param {Site} site
 * @param {boolean} isOver
 */
async function enrolling(site, isOver) {
  const shown = await publicKey();
  if (shown === null) {
    const make = button(say("makeKey"), async () => {
      await makeKey();
      await show(site);
    });
    return [element("p", say("noKey")), make];
  }
  const copy = button(say("copy"), async (made) => {
    await navigator.clipboard.writeText(shown);
    made.textContent = say("copied");
  });
  const told = isOver ? [element("p", say("ended"), { class: "bad" })] : [];
  return [...told, element("p", say("keyMade")), element("code", shown, { id: "key" }), copy, ...taking(site)];
}

/** @param {Site} site */
function taking(site) {
  const input = element("input", "", { id: "link", type: "text", autocomplete: "off", spellcheck: "false" });
  const label = element("label", say("paste"), { for: "link" });
  return [label, input, button(say("take"), () => taken(input.value, site))];
}

/**
 * @param {string} text
 * @param {Site} site
 */
async function taken(text, site) {
  try {
    await take(text, site, now());
    tell("");
    await show(site);
  } catch (error) {
    if (!(error instanceof HoldfastError)) {
      throw error;
    }
    tell(say("notTaken"), "bad");
  }
}

/** A new version is on the phone, and is taken when the person says so. */
async function watchVersions() {
  const workers = navigator.serviceWorker;
  const registration = await workers.ready;
  const offer = () => {
    if (registration.waiting === null) {
      return;
    }
    const use = button(say("useNewVersion"), async () => registration.waiting?.postMessage("take"));
    const note = element("p", say("newVersion"), { id: "version" });
    note.append(use);
    document.querySelector("#version")?.remove();
    main.before(note);
  };
  offer();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
  workers.addEventListener("controllerchange", () => location.reload());
}

async function begin() {
  document.documentElement.lang = LANGUAGE;
  const [site] = await readSites();
  if (site === undefined) {
    throw new Error("the page is for no site");
  }
  document.title = `${say("title")} · ${site.name}`;
  /** @type {HTMLElement} */ (document.querySelector("h1")).textContent = say("title");
  if (location.hash.includes("credential=")) {
    const link = location.hash;
    history.replaceState(null, "", location.pathname); // not left in the history of a borrowed phone
    await taken(link, site);
  }
  await show(site);
  document.documentElement.dataset["ready"] = "true";
  await watchVersions();
}

await begin();
