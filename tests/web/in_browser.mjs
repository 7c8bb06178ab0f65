/**
 * Node's `test`, `assert` and `readFileSync`, as much as the vectors' script uses, for a browser: so it is the same
 * script that runs there. `results` has each test's name and why it failed, or null, once `finished` resolves.
 */

const waiting = [];
export const results = [];

export function test(name, work) {
  waiting.push([name, work]);
}

/** Runs what was told to `test`, in its order. */
export async function finished() {
  for (const [name, work] of waiting.splice(0)) {
    try {
      await work();
      results.push([name, null]);
    } catch (error) {
      results.push([name, `${error}\n${error.stack}`]);
    }
  }
  return results;
}

/** What two values are, in full: bytes as bytes, a map as its pairs. */
function written(value) {
  return JSON.stringify(value, (_, one) => {
    if (one instanceof Uint8Array) {
      return { bytes: [...one] };
    }
    if (one instanceof Map) {
      return { map: [...one] };
    }
    if (one === undefined || typeof one === "bigint" || typeof one === "function") {
      return { [typeof one]: String(one) };
    }
    return one;
  });
}

function ensure(isTrue, text) {
  if (!isTrue) {
    throw new Error(text);
  }
}

export default {
  equal: (one, other, text = "") => ensure(Object.is(one, other), `${text} ${written(one)}\nis not ${written(other)}`),
  ok: (value, text = "") => ensure(value, `${text} ${written(value)}`),
  deepEqual: (one, other) => ensure(written(one) === written(other), `${written(one)}\nis not ${written(other)}`),
};

export function readFileSync(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.send();
  ensure(request.status === 200, `${url}: ${request.status}`);
  return request.responseText;
}
