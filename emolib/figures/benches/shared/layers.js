// The convolutional network as loops over numbers: each function stands alone, for a worker.
//
// A layer is { kind, rows, columns, inputs, outputs, ... } and gives numbers by row, column and unit.
// A dense layer is a convolution of one cell: `flatten` keeps the order of its inputs.

/** Sum kernels up over the neighbourhood of each cell, zeros around; then cut below zero. */
function convolve(x, { rows, columns, inputs, outputs, size, kernel, bias, relu }) {
    const y = new Float64Array(rows * columns * outputs);
    const before = (size - 1) >> 1; // an even kernel leans to the right and down
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
        const at = (r * columns + c) * outputs;
        for (let o = 0; o < outputs; o++) y[at + o] = bias[o];
        for (let i = Math.max(0, before - r); i < Math.min(size, rows + before - r); i++) {
            for (let j = Math.max(0, before - c); j < Math.min(size, columns + before - c); j++) {
                const from = ((r + i - before) * columns + c + j - before) * inputs;
                for (let p = 0; p < inputs; p++) {
                    const value = x[from + p];
                    if (value === 0) continue;
                    const w = ((i * size + j) * inputs + p) * outputs;
                    for (let o = 0; o < outputs; o++) y[at + o] += value * kernel[w + o];
                }
            }
        }
        if (relu) for (let o = at; o < at + outputs; o++) if (y[o] < 0) y[o] = 0;
    }
    return y;
}

/** The place of the largest of 2 x 2 cells, of each unit. */
function largest(x, { rows, columns, outputs, wide, high }) {
    const places = new Int32Array(rows * columns * outputs);
    for (let n = 0; n < places.length; n++) {
        const [o, c, r] = [n % outputs, Math.floor(n / outputs) % columns, Math.floor(n / outputs / columns)];
        let best = -1;
        for (let i = 2 * r; i < Math.min(2 * r + 2, high); i++) for (let j = 2 * c; j < Math.min(2 * c + 2, wide); j++) {
            const at = (i * wide + j) * outputs + o;
            if (best < 0 || x[at] > x[best]) best = at;
        }
        places[n] = best;
    }
    return places;
}

function softmax(z) {
    const top = Math.max(...z);
    const parts = Array.from(z, (value) => Math.exp(value - top));
    const sum = parts.reduce((total, part) => total + part, 0);
    return parts.map((part) => part / sum);
}

/** Read a map: what each layer gives, and the probabilities of each head by its name. */
export function readMap({ trunk, heads }, map) {
    const given = [map];
    for (const layer of trunk) {
        const x = given.at(-1);
        if (layer.kind === "conv") given.push(convolve(x, layer));
        else if (layer.kind === "pool") given.push(Float64Array.from(largest(x, layer), (at) => x[at]));
        else given.push(x.map((value, n) => value * layer.scale[n % layer.outputs] + layer.shift[n % layer.outputs]));
    }
    const logits = Object.fromEntries(heads.map((head) => [head.name, convolve(given.at(-1), head)]));
    const probabilities = Object.fromEntries(heads.map(({ name }) => [name, softmax(logits[name])]));
    return { given, logits, probabilities };
}

/** What the sums of a convolution pass back to its inputs. */
function passBack(dy, { rows, columns, inputs, outputs, size, kernel }) {
    const dx = new Float64Array(rows * columns * inputs);
    const before = (size - 1) >> 1;
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
        const at = (r * columns + c) * outputs;
        for (let i = Math.max(0, before - r); i < Math.min(size, rows + before - r); i++) {
            for (let j = Math.max(0, before - c); j < Math.min(size, columns + before - c); j++) {
                const to = ((r + i - before) * columns + c + j - before) * inputs;
                for (let p = 0; p < inputs; p++) {
                    const w = ((i * size + j) * inputs + p) * outputs;
                    let sum = 0;
                    for (let o = 0; o < outputs; o++) sum += dy[at + o] * kernel[w + o];
                    dx[to + p] += sum;
                }
            }
        }
    }
    return dx;
}

/** The gradient, by the map, of the log probability that a head gives to a class. */
function gradientOf(net, map, name, one) {
    const { given, probabilities } = readMap(net, map);
    const head = net.heads.find((it) => it.name === name);
    let dy = passBack(probabilities[name].map((p, k) => Number(k === one) - p), head);
    for (let n = net.trunk.length - 1; n >= 0; n--) {
        const layer = net.trunk[n];
        if (layer.kind === "conv") {
            dy = passBack(dy.map((value, at) => (given[n + 1][at] > 0 ? value : 0)), layer);
        } else if (layer.kind === "pool") {
            const dx = new Float64Array(given[n].length);
            largest(given[n], layer).forEach((from, at) => (dx[from] += dy[at]));
            dy = dx;
        } else dy = dy.map((value, at) => value * layer.scale[at % layer.outputs]);
    }
    return dy;
}

/** Explain a head's answer, one value an electrode: by hiding each, or by the gradient at each. */
function* explainMap({ net, map, places, planes, plane, name, one, how }) {
    const at = (place, p) => place * planes + p;
    const all = Array.from({ length: planes }, (_, p) => p);
    if (how === "gradient") {
        const slope = gradientOf(net, map, name, one);
        return places.map((place) => (plane < 0 ? all.reduce((sum, p) => sum + slope[at(place, p)], 0) : slope[at(place, plane)]));
    }
    const whole = readMap(net, map).probabilities[name][one];
    const costs = [];
    for (const place of places) {
        const hidden = Float64Array.from(map);
        for (const p of all) hidden[at(place, p)] = 0;
        costs.push(100 * (whole - readMap(net, hidden).probabilities[name][one]));
        yield costs.length / places.length;
    }
    return costs;
}

export const EXPLAINING = [explainMap, gradientOf, passBack, readMap, softmax, largest, convolve];
