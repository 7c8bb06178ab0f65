/**
 * Keeps the page on the phone: it opens with no network at all, and only what was installed is ever shown. A new
 * version waits until the person takes it. VERSION, FILES, PACK and DIGEST are filled in when the page is written.
 */
const VERSION = "@VERSION@";
const FILES = ["@FILES@"];
const PACK = "@PACK@"; // gzip of JSON: the text of each module, by its path
const DIGEST = "@DIGEST@"; // SHA-256 of it

const worker = /** @type {any} */ (self);

/** @param {string} file */
const fresh = (file) => new Request(file, { cache: "reload" });

async function install() {
  const cache = await caches.open(VERSION);
  await cache.addAll(FILES.map(fresh));
  const packed = await (await fetch(fresh(PACK))).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", packed));
  if (Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") !== DIGEST) {
    throw new Error("the modules are of another version");
  }
  const text = new Response(packed).body?.pipeThrough(new DecompressionStream("gzip"));
  const headers = { "Content-Type": "text/javascript" };
  for (const [path, module] of Object.entries(await new Response(text).json())) {
    await cache.put(path, new Response(module, { headers }));
  }
}

async function clear() {
  const others = (await caches.keys()).filter((name) => name !== VERSION);
  await Promise.all(others.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** @param {Request} request */
async function answer(request) {
  const cache = await caches.open(VERSION);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}

worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(clear()));
worker.addEventListener("fetch", (/** @type {any} */ event) => event.respondWith(answer(event.request)));
worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data === "take") {
    worker.skipWaiting();
  } else if (event.data === "claim") {
    event.waitUntil(worker.clients.claim());
  }
});
