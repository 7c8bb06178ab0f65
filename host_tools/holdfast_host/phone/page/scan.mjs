/**
 * QR codes out of the phone's camera: by the browser's own detector, or by jsQR where the page was written with it.
 * No picture leaves the page, and none is kept.
 *
 * @typedef {(video: HTMLVideoElement) => Promise<string | null>} Reader the text of a code in the picture, or null
 * @typedef {{ detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]> }} Detector
 * @typedef {{ new (options: object): Detector, getSupportedFormats(): Promise<string[]> }} Detectors
 * @typedef {(data: Uint8ClampedArray, width: number, height: number) => { data: string } | null} JsQr
 */

const FORMAT = "qr_code";
const BETWEEN_MS = 150;
const MOST_WIDTH = 800; // of a picture that jsQR looks at

/** What the browser brings of both, which TypeScript does not know. */
const brought = /** @type {{ BarcodeDetector?: Detectors, jsQR?: JsQr }} */ (/** @type {unknown} */ (globalThis));

/**
 * Whether there is a camera to ask for, and something that reads.
 *
 * @param {boolean} hasJsQr
 */
export async function canScan(hasJsQr) {
  const hasCamera = navigator.mediaDevices?.getUserMedia !== undefined;
  return hasCamera && (hasJsQr || (await hasDetector()));
}

async function hasDetector() {
  return ((await brought.BarcodeDetector?.getSupportedFormats()) ?? []).includes(FORMAT);
}

/** @returns {Promise<Reader>} */
async function reader() {
  const { BarcodeDetector } = brought;
  if (BarcodeDetector !== undefined && (await hasDetector())) {
    const detector = new BarcodeDetector({ formats: [FORMAT] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  await import(new URL("jsQR.js", import.meta.url).href); // sets a global and has no types
  const canvas = document.createElement("canvas");
  return async (video) => {
    const shrunk = Math.min(1, MOST_WIDTH / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * shrunk);
    canvas.height = Math.round(video.videoHeight * shrunk);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (context === null || brought.jsQR === undefined) {
      return null;
    }
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return brought.jsQR(data, canvas.width, canvas.height)?.data ?? null;
  };
}

/**
 * The text of the first code that the camera sees, or null once `signal` ends it. Raises DOMException if there is no
 * camera or the person lets the page have none.
 *
 * @param {HTMLVideoElement} video shows what the camera sees
 * @param {AbortSignal} signal
 */
export async function scan(video, signal) {
  const read = await reader();
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  try {
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const text = await read(video);
      if (text !== null && text !== "") {
        return text;
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    }
    return null;
  } finally {
    stream.getTracks().forEach((track) => track.stop());
  }
}
