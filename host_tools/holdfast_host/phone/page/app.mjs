/** The page: what is shown of doors, and what a tap on one does. */

import { loadKeys } from "./database.mjs";
import { enrolled, meet, readSites } from "./enrolment.mjs";
import { enrolling, settings, taken } from "./settings.mjs";
import { button, element, tell, tellResult } from "./view.mjs";
import { open } from "./visit.mjs";
import { LANGUAGE, say } from "./words.mjs";

/** @import { Keys } from "./database.mjs" */
/** @import { Enrolled } from "./enrolment.mjs" */
/** @import { About } from "./settings.mjs" */

const ENDING_S = 14 * 86400;
const SHOWN_MS = 6000; // how long an open door is shown as open

const main = /** @type {HTMLElement} */ (document.querySelector("main"));

const now = () => Math.floor(Date.now() / 1000);

/** @param {About} about */
async function show(about) {
  const keys = await loadKeys();
  const found = await Promise.all(about.sites.map((site) => enrolled(site, keys)));
  const here = found.filter((who) => who !== null);
  const sections = here.map((who) => doors(who, keys, about));
  const rest = here.length > 0 ? [await settings(about, keys)] : await enrolling(about, keys);
  main.replaceChildren(...sections, ...rest);
}

/**
 * @param {Enrolled} who
 * @param {Keys | undefined} keys
 * @param {About} about
 */
function doors(who, keys, about) {
  const { credential, site } = who;
  const { expires, notBefore } = credential;
  const section = element("section", "");
  if (about.sites.length > 1) {
    section.append(element("h2", site.name));
  }
  if (now() >= expires) {
    section.append(element("p", say("ended"), { class: "bad" }));
    return section;
  }
  const tapped = async (/** @type {string | null} */ door) => {
    const reached = (/** @type {import("./visit.mjs").Phase} */ phase) => tell(say(phase), "busy");
    /** @type {readonly string[]} */
    let met = [];
    tellResult(await open(door, who, { reached, found: (names) => void (met = names) }), SHOWN_MS);
    if (door === null && met.length > 0) {
      await meet(site, met);
      await about.show();
    }
  };
  for (const name of who.doors) {
    section.append(button(name, () => tapped(name), { class: "door", "aria-label": say("open", name) }));
  }
  for (const zone of who.zones) {
    section.append(button(say("zoneDoor", zone), () => tapped(null), { class: "door zone" }));
  }
  if (who.doors.length + who.zones.length === 0) {
    section.append(element("p", say("noDoors")));
  }
  const isEnding = now() >= expires - ENDING_S;
  const notes = [say("holder", credential.holder, credential.site)];
  if (notBefore !== null && now() < notBefore) {
    notes.push(say("from", dateText(notBefore)));
  }
  notes.push(say("until", dateText(expires)) + (isEnding ? ` ${say("ending")}` : ""));
  if (credential.needsVerifiedUser && keys?.lock === undefined) {
    notes.push(say("cannotRecognise"));
  }
  section.append(...notes.map((text) => element("p", text)));
  return section;
}

/** @param {number} seconds since 1970 */
function dateText(seconds) {
  return new Date(1000 * seconds).toLocaleString(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });
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
  const { sites, hasQrReader } = await readSites();
  const about = { sites, hasQrReader, show: () => show(about) };
  const [first, ...others] = sites;
  document.title = first !== undefined && others.length === 0 ? `${say("title")} · ${first.name}` : say("title");
  /** @type {HTMLElement} */ (document.querySelector("h1")).textContent = say("title");
  const link = location.hash;
  if (link.includes("credential=")) {
    history.replaceState(null, "", location.pathname); // not left in the history of a borrowed phone
  }
  await show(about);
  if (link.includes("credential=")) {
    await taken(link, about);
  }
  document.documentElement.dataset["ready"] = "true";
  await watchVersions();
}

await begin();
