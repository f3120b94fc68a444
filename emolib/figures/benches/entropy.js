// Differential entropy and power: two names of one number, and how far its estimate scatters.

import { limitsOf, line, makeChart, tidy } from "./shared/chart.js";
import { button } from "./shared/elements.js";
import { renderBench } from "./shared/frame.js";
import { normals, randomOf } from "./shared/random.js";

const REPEATS = 200; // windows of each length that are drawn at once
const LENGTHS = [8, 16, 32, 64, 128, 256, 512];
const BINS = 24;

/** The derivative of the digamma function: recurrence, then the asymptotic series. */
function trigamma(x) {
    let sum = 0;
    let at = x;
    for (; at < 12; at++) sum += 1 / (at * at);
    const s = 1 / (at * at);
    return sum + 1 / at + s / 2 + (s / at) * (1 / 6 - s * (1 / 30 - s * (1 / 42 - s * (1 / 30 - (s * 5) / 66))));
}

/** The standard deviation of the entropy estimated from n samples of Gaussian noise, in nats. */
const scatter = (n) => 0.5 * Math.sqrt(trigamma((n - 1) / 2));

/** Mean, sample variance, entropy (nats) and energy of a window. */
function momentsOf(x) {
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (x.length - 1);
    return { mean, variance, de: 0.5 * Math.log(2 * Math.PI * Math.E * variance), energy: x.reduce((sum, value) => sum + value * value, 0) };
}

/** Welch's density: Hann-tapered pieces of at most a second, half overlapping. */
function welch(x, sfreq) {
    const n = Math.min(x.length, Math.round(sfreq));
    const taper = Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
    const norm = sfreq * taper.reduce((sum, value) => sum + value * value, 0);
    const step = n - Math.floor(n / 2);
    const count = Math.floor((x.length - n) / step) + 1;
    const power = new Float64Array(Math.floor(n / 2) + 1);
    const [cos, sin] = [Math.cos, Math.sin].map((f) => Float64Array.from({ length: n }, (_, i) => f((2 * Math.PI * i) / n)));
    for (let piece = 0; piece < count; piece++) {
        const part = x.subarray(piece * step, piece * step + n);
        const mean = part.reduce((sum, value) => sum + value, 0) / n;
        for (let k = 0; k < power.length; k++) {
            let [re, im] = [0, 0];
            for (let i = 0; i < n; i++) {
                const value = (part[i] - mean) * taper[i];
                re += value * cos[(i * k) % n];
                im += value * sin[(i * k) % n];
            }
            const sides = k === 0 || 2 * k === n ? 1 : 2;
            power[k] += (sides * (re * re + im * im)) / norm / count;
        }
    }
    return { hz: Array.from(power, (_, k) => (k * sfreq) / n), power };
}

export default {
    render: ({ model, el }) => renderBench({ model, el }, (bench) => {
        const { spec, view } = bench;
        const { sfreq } = spec;
        let own = Float64Array.from(spec.signal);
        let draws = 0;
        let spread = [];
        let now = {};
        const course = makeChart({ name: "The window", x: { words: "time (s)" }, y: { words: "µV" } });
        const histogram = makeChart({ name: "Its samples, and the Gaussian of their variance", x: { words: "µV" }, y: { words: "per µV" } });
        const density = makeChart({ name: "Spectral density (Welch)", x: { words: "Hz" }, y: { words: "µV²/Hz" } });
        const lengths = makeChart({ name: "How far the entropy of noise scatters", x: { words: "samples of a window", log: true }, y: { words: "standard deviation, nats" } });
        const same = makeChart({ name: "Half the log energy against DE, other draws", x: { words: "DE (nats)" }, y: { words: "½ ln energy" } });
        const again = button("Draw again", () => {
            draws++;
            drawSpread();
            bench.update("window");
        });

        function makeWindow(seed) {
            const n = Math.round(view.window * sfreq);
            if (view.source === "own") return own.subarray(0, n);
            const random = randomOf(seed);
            const [noise, phase] = [normals(n, random), 2 * Math.PI * random()];
            return noise.map((value, i) => view.noise * value + view.amplitude * Math.sin((2 * Math.PI * view.frequency * i) / sfreq + phase));
        }

        /** Estimate the entropy of unit noise again and again, for each length of a window. */
        function drawSpread() {
            const random = randomOf(spec.seed + draws);
            spread = LENGTHS.map((n) => {
                const found = Array.from({ length: REPEATS }, () => momentsOf(normals(n, random)).de);
                return Math.sqrt(momentsOf(Float64Array.from(found)).variance);
            });
        }

        function compute() {
            const x = makeWindow(spec.seed + draws);
            const others = view.source === "own"
                ? Array.from({ length: Math.floor(own.length / x.length) }, (_, w) => own.subarray(w * x.length, (w + 1) * x.length))
                : Array.from({ length: 40 }, (_, k) => makeWindow(spec.seed + 1000 * (draws + 1) + k));
            now = { x, ...momentsOf(x), ...welch(x, sfreq), others: others.map(momentsOf), spread, needed: needed() };
        }

        function needed() {
            let n = 3;
            while (scatter(n) > 0.1) n++;
            return n;
        }

        function draw(changed) {
            if (!spread.length) drawSpread();
            if (changed.length) compute();
            const { x, mean, variance, hz, power, others } = now;
            course.draw({
                x: [0, x.length / sfreq], y: limitsOf(x), layers: [line(Array.from(x, (_, i) => i / sfreq), x, "b-first")],
                words: `${x.length} samples, standard deviation ${tidy(Math.sqrt(variance))} µV.`,
            });
            const sd = Math.sqrt(variance);
            const width = (7 * sd) / BINS;
            const middles = Array.from({ length: BINS }, (_, b) => mean - 3.5 * sd + (b + 0.5) * width);
            const heights = middles.map((at) => x.reduce((n, value) => n + (Math.abs(value - at) < width / 2), 0) / x.length / width);
            const fine = Array.from({ length: 80 }, (_, i) => mean + sd * (-3.5 + (7 * i) / 79));
            const bell = fine.map((at) => Math.exp(-((at - mean) ** 2) / 2 / variance) / Math.sqrt(2 * Math.PI * variance));
            histogram.draw({
                x: [fine[0], fine.at(-1)], y: limitsOf([...heights, ...bell], { zero: true }),
                layers: [{ kind: "bars", xs: middles, ys: heights, width: 0.9 * width, css: "b-pale" }, line(fine, bell, "b-first")],
                words: `The Gaussian has a standard deviation of ${tidy(sd)} µV, and DE knows nothing else of the samples.`,
            });
            density.draw({
                x: [0, Math.min(64, sfreq / 2)], y: limitsOf(power, { zero: true }), layers: [line(hz, power, "b-first")],
                words: `It is largest at ${tidy(hz[power.indexOf(Math.max(...power))])} Hz.`,
            });
            const guess = bench.guessed((x) => ({ x, row: 1 }));
            const fineN = Array.from({ length: 50 }, (_, i) => 6 * 100 ** (i / 49));
            lengths.draw({
                veiled: !bench.answered,
                x: [6, 600], y: [0, 0.4],
                layers: bench.answered ? [
                    line(fineN, fineN.map(scatter), "b-pale", "exact"),
                    { kind: "points", xs: LENGTHS, ys: spread, css: "b-first b-big", name: `${REPEATS} draws of each length` },
                    { kind: "rule", y: 0.1, words: "0.1 nats", left: true },
                    { kind: "rule", x: now.needed, words: `${now.needed} samples`, css: "b-second" }, ...guess,
                ] : [{ kind: "rule", y: 0.1, words: "0.1 nats", left: true }, ...guess],
                words: bench.onceGuessed(answer),
            });
            const [des, logs] = [others.map((it) => it.de), others.map((it) => 0.5 * Math.log(it.energy))];
            const ends = limitsOf(des);
            const shift = 0.5 * Math.log((2 * Math.PI * Math.E) / (x.length - 1));
            same.draw({
                x: ends, y: limitsOf([...logs, ...ends.map((de) => de - shift)]),
                layers: [
                    line(ends, ends.map((de) => de - shift), "b-pale", "a constant apart"),
                    { kind: "points", xs: des, ys: logs, css: "b-first b-mid", name: "windows" },
                ],
                words: `The constant is ${tidy(shift)}; only a window's mean moves a point off the line.`,
            });
        }

        const answer = () =>
            `${now.needed} samples: with them the estimate's standard deviation falls below 0.1 nats, however strong the noise is. At ${tidy(sfreq)} Hz that is ${(now.needed / sfreq).toFixed(2)} s.`;

        return {
            panels: [course, histogram, density, lengths, same],
            actions: [[spec.choices.window.verb, again]],
            draw,
            answer,
            describe: () => `Variance ${tidy(now.variance)} µV². DE ${now.de.toFixed(3)} nats; energy ${tidy(now.energy)} µV², and half its logarithm plus a constant: ${(0.5 * Math.log(now.energy) + 0.5 * Math.log((2 * Math.PI * Math.E) / (now.x.length - 1))).toFixed(3)}.`,
            hides: (name) => view.source === "own" && ["amplitude", "frequency", "noise"].includes(name),
            first: { name: "amplitude", to: 24 },
            own: {
                words: "Drop a CSV file here with a column of numbers in microvolts.",
                take(columns, name) {
                    const [channel, values] = Object.entries(columns).find(([it]) => it !== "time") ?? [];
                    const most = Math.round(spec.choices.window.high * sfreq);
                    if (!values || values.length < most) throw new Error(`It needs a column of ${most} numbers or more.`);
                    own = values;
                    bench.update("source");
                    bench.choose({ source: "own" });
                    return `${name}: column ${channel}, ${values.length} samples, taken at ${tidy(sfreq)} Hz.`;
                },
            },
            values: () => now,
        };
    }),
};
