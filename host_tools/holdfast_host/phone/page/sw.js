/**
 * Keeps the page on the phone: it opens with no network at all, and only what was installed is ever shown. A new
 * version waits until the person takes it. VERSION and FILES are filled in when the page is written.
 */
const VERSION = "@VERSION@";
const FILES = ["@FILES@"];

const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  const others = (/** @type {string[]} */ names) => names.filter((name) => name !== VERSION);
  const cleared = caches.keys().then((names) => Promise.all(others(names).map((name) => caches.delete(name))));
  event.waitUntil(cleared.then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const kept = caches.open(VERSION).then((cache) => cache.match(event.request, { ignoreSearch: true }));
  event.respondWith(kept.then((found) => found ?? fetch(event.request)));
});

worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data === "take") {
    worker.skipWaiting();
  }
});
