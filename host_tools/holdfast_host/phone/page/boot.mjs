/**
 * Starts the page out of the service worker's keeping, where all its modules are: they come in one packed file, and a
 * server has none of them. So what runs is what was installed, with a network and without.
 */

/** @param {string} text */
function tell(text) {
  /** @type {HTMLElement} */ (document.querySelector("#status")).textContent = text;
}

const workers = navigator.serviceWorker;

async function begin() {
  if (workers === undefined) {
    tell("This browser keeps no page for offline use: private windows do not, and http does not.");
    return;
  }
  await workers.register("sw.js"); // asks nobody if it is registered
  if (workers.controller === null) {
    // At the first visit, and after one that went round the worker (reload with shift).
    const controlled = new Promise((resolve) => workers.addEventListener("controllerchange", resolve, { once: true }));
    (await workers.ready).active?.postMessage("claim");
    await controlled;
  }
  await import("./app.mjs");
}

begin().catch((error) => {
  console.error(error);
  tell("The page could not be started. Try again with a network.");
});
