/**
 * A Link over Web Bluetooth: `rx` is written, `tx` notifies (docs/protocol.md, "Over the air").
 *
 * Of Web Bluetooth, as much as is used here:
 *
 * @typedef {EventTarget & { value?: DataView, startNotifications(): Promise<unknown>,
 *   writeValueWithoutResponse(value: BufferSource): Promise<void> }} Characteristic
 * @typedef {{ getCharacteristic(uuid: string): Promise<Characteristic> }} Service
 * @typedef {{ connected: boolean, connect(): Promise<Server>, disconnect(): void,
 *   getPrimaryService(uuid: string): Promise<Service> }} Server
 * @typedef {EventTarget & { id: string, gatt: Server }} Device
 * @typedef {{ requestDevice(options: object): Promise<Device>, getAvailability?(): Promise<boolean> }} Bluetooth
 */

/** @import { Link } from "./core/connection.mjs" */

export const SERVICE = "3c050001-0b31-4d39-bb98-49479f5e9cf9";
const RX = "3c050002-0b31-4d39-bb98-49479f5e9cf9";
const TX = "3c050003-0b31-4d39-bb98-49479f5e9cf9";

const LEAST_CHUNK = 20; // fits whatever the MTU is, which a page can neither see nor ask for
const MOST_CHUNK = 512; // Android drops longer values
const MOST_UNREAD = 8192; // of what a reader says unasked; then it is left

/** @returns {Bluetooth | null} */
export function bluetooth() {
  return /** @type {{ bluetooth?: Bluetooth }} */ (/** @type {unknown} */ (navigator)).bluetooth ?? null;
}

/**
 * The reader that the person chooses in the browser's own window, which needs their tap. Null if they chose none.
 *
 * @param {Bluetooth} radio
 */
export async function choose(radio) {
  try {
    return await radio.requestDevice({ filters: [{ services: [SERVICE] }] });
  } catch (error) {
    if (error instanceof Error && error.name === "NotFoundError") {
      return null;
    }
    throw error;
  }
}

/**
 * A new connection to a reader. A disconnection of the visit before may come late and end it while it is made: then it
 * is made once more.
 *
 * @param {Device} device
 * @returns {Promise<Link>}
 */
export async function connect(device) {
  try {
    return await connectOnce(device);
  } catch {
    device.gatt.disconnect();
    return connectOnce(device);
  }
}

/**
 * @param {Device} device
 * @returns {Promise<Link>}
 */
async function connectOnce(device) {
  const server = await device.gatt.connect();
  const service = await server.getPrimaryService(SERVICE);
  const rx = await service.getCharacteristic(RX);
  const tx = await service.getCharacteristic(TX);
  const link = new GattLink(device, rx, tx);
  await tx.startNotifications();
  return link;
}

/** The stream of one connection. */
class GattLink {
  /**
   * @param {Device} device
   * @param {Characteristic} rx
   * @param {Characteristic} tx
   */
  constructor(device, rx, tx) {
    this._device = device;
    this._rx = rx;
    this._chunk = LEAST_CHUNK;
    /** @type {Uint8Array[]} */
    this._unread = [];
    this._unreadBytes = 0;
    this._isOver = false;
    this._wake = () => {};
    tx.addEventListener("characteristicvaluechanged", () => this._take(tx.value));
    device.addEventListener("gattserverdisconnected", () => this._end(), { once: true });
  }

  /** @param {import("./core/bytes.mjs").Bytes} bytes */
  async write(bytes) {
    for (let at = 0; at < bytes.length; at += this._chunk) {
      if (this._isOver) {
        throw new Error("the reader has disconnected");
      }
      await this._rx.writeValueWithoutResponse(bytes.slice(at, at + this._chunk));
    }
  }

  /** @returns {Promise<Uint8Array>} */
  async read() {
    while (this._unread.length === 0 && !this._isOver) {
      await new Promise((resolve) => {
        this._wake = () => resolve(undefined);
      });
    }
    const chunk = this._unread.shift() ?? new Uint8Array(0);
    this._unreadBytes -= chunk.length;
    return chunk;
  }

  close() {
    this._end();
    this._device.gatt.disconnect();
  }

  /** @param {DataView | undefined} value */
  _take(value) {
    if (value === undefined || this._isOver) {
      return;
    }
    const bytes = new Uint8Array(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength));
    // What the reader can notify at once can be written at once.
    this._chunk = Math.min(Math.max(this._chunk, bytes.length), MOST_CHUNK);
    this._unreadBytes += bytes.length;
    if (this._unreadBytes > MOST_UNREAD) {
      this._unread = [];
      this.close();
    } else if (bytes.length > 0) {
      this._unread.push(bytes);
    }
    this._wake();
  }

  _end() {
    this._isOver = true;
    this._wake();
  }
}
