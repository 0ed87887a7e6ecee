// Arrays of a card: { dtype, shape, base64 } to typed arrays, and rows that lanes share or have of their own.

const KINDS = { f8: Float64Array, i4: Int32Array, u1: Uint8Array };

// The typed array of a written one; plain lists stay as they are.
export function decode(written) {
  if (written === null || written === undefined || written.base64 === undefined) return written;
  const text = atob(written.base64);
  const bytes = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
  return new KINDS[written.dtype](bytes.buffer);
}

// Its value in a lane and compartment: either dimension may be 1 for all.
export function at(table, lane, compartment) {
  const [lanes, compartments] = table.shape;
  return table.values[(lanes > 1 ? lane : 0)*compartments + (compartments > 1 ? compartment : 0)];
}

export function table(written) {
  return { shape: written.shape, values: decode(written) };
}

// Numbers that come one by one.
export class Growing {
  constructor(Kind) {
    this.values = new Kind(1024);
    this.length = 0;
  }

  push(value) {
    if (this.length === this.values.length) {
      const more = new this.values.constructor(2*this.length);
      more.set(this.values);
      this.values = more;
    }
    this.values[this.length++] = value;
  }

  // Those from a place on.
  from(begin) {
    return this.values.slice(begin, this.length);
  }
}

// How many of an ascending row lie before a value.
export function before(values, value) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
