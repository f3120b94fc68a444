// Random numbers from a seed. Both functions stand alone, so that a worker can be given them.

/** Return a source of numbers from 0 to 1 (mulberry32). */
export function randomOf(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
}

/** Draw n numbers of a normal distribution (Box and Muller). */
export function normals(n, random) {
    const values = new Float64Array(n + 1);
    for (let i = 0; i < n; i += 2) {
        const radius = Math.sqrt(-2 * Math.log(1 - random()));
        const angle = 2 * Math.PI * random();
        values[i] = radius * Math.cos(angle);
        values[i + 1] = radius * Math.sin(angle);
    }
    return values.subarray(0, n);
}

/** Return 0 to n - 1 in a random order. */
export function permutation(n, random) {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
}
