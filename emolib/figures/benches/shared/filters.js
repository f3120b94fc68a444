// Butterworth band-pass filters as SciPy designs and runs them, in second-order sections.

/** Design sections [gain, a1, a2] of the numerator gain (1 - z^-2); `order` as SciPy counts it. */
export function designBand(order, low, high, sfreq) {
    const warp = (hz) => 2 * sfreq * Math.tan((Math.PI * hz) / sfreq);
    const [from, to] = [warp(low), warp(high)];
    const half = (to - from) / 2;
    const square = from * to;
    const pairs = []; // of poles, as coefficients of z^-1 and z^-2
    for (let k = 0; k < order; k++) {
        const angle = (Math.PI * (2 * k + 1 + order)) / (2 * order);
        const [re, im] = [half * Math.cos(angle), half * Math.sin(angle)];
        if (im < -1e-9 * half) continue; // its conjugate gives the same pairs
        // The roots s of s^2 - 2 p s + square, p = re + i im, and z = (2 f + s) / (2 f - s).
        const [ure, uim] = [re * re - im * im - square, 2 * re * im];
        const size = Math.hypot(ure, uim);
        const root = [Math.sqrt((size + ure) / 2), Math.sign(uim || 1) * Math.sqrt((size - ure) / 2)];
        const zs = [1, -1].map((sign) => {
            const [x, y] = [re + sign * root[0], im + sign * root[1]];
            const under = (2 * sfreq - x) ** 2 + y * y;
            return [((2 * sfreq) ** 2 - x * x - y * y) / under, (4 * sfreq * y) / under];
        });
        if (Math.abs(im) > 1e-9 * half) for (const [x, y] of zs) pairs.push([-2 * x, x * x + y * y]);
        else {
            const [[x, y], [v, w]] = zs; // conjugates of each other, or two real ones
            pairs.push([-(x + v), x * v - y * w]);
        }
    }
    const middle = 2 * Math.atan(Math.sqrt(square) / (2 * sfreq)); // where the gain is 1
    return pairs.map(([a1, a2]) => [1 / Math.hypot(...sectionAt([1, a1, a2], middle)), a1, a2]);
}

/** The response of one section at an angle: real and imaginary part. */
export function sectionAt([gain, a1, a2], angle) {
    const [c, d, c2, d2] = [Math.cos(angle), -Math.sin(angle), Math.cos(2 * angle), -Math.sin(2 * angle)];
    const [nre, nim] = [gain * (1 - c2), -gain * d2];
    const [re, im] = [1 + a1 * c + a2 * c2, a1 * d + a2 * d2];
    const size = re * re + im * im;
    return [(nre * re + nim * im) / size, (nim * re - nre * im) / size];
}

/** Run the sections over a signal once, from rest or from the settled state for `start`. */
export function runSections(sections, signal, start = 0) {
    const out = Float64Array.from(signal);
    sections.forEach(([gain, a1, a2], k) => {
        let one = k ? 0 : -gain * start; // a settled band-pass gives 0, so later sections are at rest
        let two = one;
        for (let i = 0; i < out.length; i++) {
            const x = out[i];
            const y = gain * x + one;
            one = two - a1 * y;
            two = -gain * x - a2 * y;
            out[i] = y;
        }
    });
    return out;
}

/** Run them forwards and backwards, both ends continued by their mirror image. */
function runBothWays(sections, signal) {
    const n = signal.length;
    const more = Math.min(n - 1, 3 * (2 * sections.length + 1));
    const long = new Float64Array(n + 2 * more);
    for (let i = 0; i < more; i++) {
        long[i] = 2 * signal[0] - signal[more - i];
        long[n + more + i] = 2 * signal[n - 1] - signal[n - 2 - i];
    }
    long.set(signal, more);
    const there = runSections(sections, long, long[0]).reverse();
    return runSections(sections, there, there[0]).reverse().slice(more, n + more);
}

/** Filter a signal as `emolib.features.bands.band_pass` does. */
export const bandPass = (sections, signal, filtering) =>
    filtering === "causal" ? runSections(sections, signal) : runBothWays(sections, signal);
