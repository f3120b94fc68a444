// Filters: a band to drag, and what it makes of a signal.

import { limitsOf, line, makeChart, tidy } from "./shared/chart.js";
import { bandPass, designBand, sectionAt } from "./shared/filters.js";
import { renderBench } from "./shared/frame.js";
import { normals, randomOf } from "./shared/random.js";

const SECONDS = 4; // of a signal that is made here
const N_HZ = 240;
const NARROWEST = 1; // Hz

/** Make a signal of a kind, in microvolts. */
function makeSignal(kind, hz, sfreq, seed) {
    const n = Math.round(SECONDS * sfreq);
    const wave = Float64Array.from({ length: n }, (_, i) => 10 * Math.sin((2 * Math.PI * hz * i) / sfreq));
    if (kind === "sine") return wave;
    if (kind === "burst") return wave.map((value, i) => value * Math.exp(-(((i / sfreq - 2) / 0.25) ** 2)));
    if (kind === "step") return wave.map((_, i) => (i / sfreq < 1 ? 0 : 10));
    return normals(n, randomOf(seed)).map((value) => 10 * value);
}

/** Compute the gain and the phase (radians) at each frequency. */
function responseOf(sections, zeroPhase, hz, sfreq) {
    const response = hz.map((each) => {
        const parts = sections.map((section) => sectionAt(section, (2 * Math.PI * each) / sfreq));
        return parts.reduce(([a, b], [c, d]) => [a * c - b * d, a * d + b * c], [1, 0]);
    });
    const gain = response.map(([re, im]) => Math.hypot(re, im) ** (zeroPhase ? 2 : 1));
    return { gain, phase: response.map(([re, im]) => (zeroPhase ? 0 : Math.atan2(im, re))) };
}

/** At each sample of a window: the share of white noise's filtered energy that arrived within it. */
function shareWithin(lags, middle, n) {
    const total = lags.reduce((sum, value) => sum + value * value, 0);
    return Array.from({ length: n }, (_, t) => {
        let sum = 0;
        for (let i = Math.max(0, middle + t - n + 1); i <= Math.min(lags.length - 1, middle + t); i++) sum += lags[i] ** 2;
        return sum / total;
    });
}

export default {
    render: ({ model, el }) => renderBench({ model, el }, (bench) => {
        const { spec, view } = bench;
        let own = { signal: Float64Array.from(spec.signal), sfreq: spec.sfreq, name: spec.channel };
        const time = { words: "time (s)" };
        const course = makeChart({ name: "Input and output", x: time, y: { words: "µV" } });
        const drag = (name, hz) => {
            const { low, high } = spec.choices[name]; // a hand may go on beyond the chart
            bench.choose({ [name]: Math.min(high, Math.max(low, Math.round(hz * 2) / 2)) });
        };
        const gains = makeChart({ name: "Gain: drag the band", x: { words: "Hz" }, y: { words: "dB" }, ondrag: drag });
        const phases = makeChart({ name: "Phase", x: { words: "Hz" }, y: { words: "degrees" } });
        const rings = makeChart({ name: "Impulse response", x: time, y: { words: "µV" } });
        const bars = makeChart({ name: "What each window sees of the output", x: time, y: { words: "root mean square, µV" } });
        const origin = makeChart({
            name: "Output that arrived since the window began", x: { words: "time since then (s)" }, y: { words: "share of the energy" },
        });
        let now = {};

        function compute() {
            const { signal, sfreq } = view.source === "own" ? own : { sfreq: spec.sfreq };
            const x = signal ?? makeSignal(view.source, view.frequency, sfreq, spec.seed);
            const sections = designBand(Math.round(view.order), view.low_hz, view.high_hz, sfreq);
            const zeroPhase = view.filtering === "zero_phase";
            const y = bandPass(sections, x, view.filtering);
            const last = Math.min(64, sfreq / 2 - 1);
            const hz = Array.from({ length: N_HZ }, (_, i) => 0.5 + (i * (last - 0.5)) / (N_HZ - 1));
            const middle = zeroPhase ? Math.round(SECONDS * sfreq) : 0;
            const impulse = new Float64Array(middle + Math.round(SECONDS * sfreq));
            impulse[middle] = 1;
            const h = bandPass(sections, impulse, view.filtering);
            const n = Math.round(view.window * sfreq);
            const rms = Array.from({ length: Math.floor(y.length / n) }, (_, w) =>
                Math.sqrt(y.subarray(w * n, (w + 1) * n).reduce((sum, value) => sum + value * value, 0) / n));
            const within = shareWithin(h, middle, n);
            const before = 1 - within.reduce((sum, share) => sum + share, 0) / n;
            now = { x, y, sfreq, hz, ...responseOf(sections, zeroPhase, hz, sfreq), h, middle, n, rms, within, before };
        }

        function settle(changed) {
            const most = spec.choices.high_hz.high;
            if (changed.includes("low_hz")) view.low_hz = Math.min(view.low_hz, most - NARROWEST);
            if (view.high_hz - view.low_hz >= NARROWEST) return;
            if (changed.includes("high_hz")) view.low_hz = Math.max(spec.choices.low_hz.low, view.high_hz - NARROWEST);
            view.high_hz = Math.max(view.high_hz, view.low_hz + NARROWEST);
        }

        function draw(changed) {
            if (changed.length) compute();
            const { x, y, sfreq, hz, gain, phase, h, middle, n, rms, within } = now;
            const shown = Math.min(x.length, Math.round(3 * sfreq));
            const seconds = Array.from({ length: shown }, (_, i) => i / sfreq);
            const window = { kind: "span", from: 0, to: n / sfreq };
            course.draw({
                x: [0, shown / sfreq], y: limitsOf([...x.subarray(0, shown), ...y.subarray(0, shown)]),
                layers: [window, line(seconds, x, "b-pale", "input"), line(seconds, y, "b-first", "output")],
                words: `The output's largest value is ${tidy(Math.max(...y.map(Math.abs)))} µV.`,
            });
            const band = [view.low_hz, view.high_hz];
            const handles = ["low_hz", "high_hz"].map((name, i) => ({ name, x: band[i] }));
            const [from, to] = band;
            const range = [0, hz.at(-1) + 0.5];
            gains.draw({
                x: range, y: [-60, 4], handles,
                layers: [{ kind: "span", from, to }, line(hz, gain.map((it) => Math.max(-80, 20 * Math.log10(it))), "b-first")],
                words: `The band is ${from} to ${to} Hz.`,
            });
            phases.draw({
                x: range, y: [-190, 190], yticks: [-180, -90, 0, 90, 180],
                layers: [{ kind: "span", from, to }, line(hz, phase.map((it) => (180 * it) / Math.PI), "b-first")],
                words: view.filtering === "causal" ? "It turns within the band: the output comes late." : "It is zero.",
            });
            const lags = Array.from(h, (_, i) => (i - middle) / sfreq);
            const reach = 1.5;
            rings.draw({
                x: [middle ? -reach : 0, reach], y: limitsOf(h), layers: [line(lags, h, "b-first")],
                words: `It rises to ${tidy(Math.max(...h.map(Math.abs)))} µV for an input of one sample of 1 µV.`,
            });
            const at = rms.map((_, w) => ((w + 0.5) * n) / sfreq);
            const first = (part, css, name) => ({ kind: "bars", xs: at.filter(part), ys: rms.filter(part), width: (0.8 * n) / sfreq, css, name });
            bars.draw({
                x: [0, x.length / sfreq], y: limitsOf(rms, { zero: true }),
                layers: [first((_, w) => w === 0, "b-second"), first((_, w) => w > 0, "b-first")],
                words: `The first window has ${tidy(rms[0])}, the second ${tidy(rms[1] ?? 0)} µV.`,
            });
            const guess = bench.guessed((it) => ({ y: 1 - it / 100 }));
            origin.draw({
                veiled: !bench.answered,
                x: [0, n / sfreq], y: [0, 1.04],
                layers: bench.answered ? [
                    line(within.map((_, t) => t / sfreq), within, "b-first", "share since the window began"),
                    { kind: "rule", y: 1 - now.before, words: "on average", css: "b-second", left: true }, ...guess,
                ] : guess,
                words: bench.onceGuessed(answer),
            });
        }

        const answer = () =>
            `${(100 * now.before).toFixed(0)} % of the energy in a window of ${tidy(view.window)} s ${view.filtering === "causal" ? "entered the filter before the window began" : "lies outside the window, before or after it"} (white noise as input, ${view.low_hz} to ${view.high_hz} Hz).`;

        return {
            panels: [course, gains, bars, origin, rings, phases],
            settle,
            draw,
            answer,
            describe: () => `Band ${view.low_hz} to ${view.high_hz} Hz. First window: ${tidy(now.rms[0])} µV; the windows after it: ${tidy(now.rms.slice(1).reduce((a, b) => a + b, 0) / Math.max(1, now.rms.length - 1))} µV on average.`,
            hides: (name) => name === "frequency" && !["sine", "burst"].includes(view.source),
            first: { name: "low_hz", to: view.low_hz / 2 },
            own: {
                words: "Drop a CSV file here with a column of numbers in microvolts and, if you like, a column “time” in seconds.",
                take(columns, name) {
                    const { time: clock, ...others } = columns;
                    const [channel, values] = Object.entries(others)[0] ?? [];
                    if (!values) throw new Error("It has no column beside time.");
                    const sfreq = clock ? (clock.length - 1) / (clock.at(-1) - clock[0]) : spec.sfreq;
                    const least = 2 * spec.choices.high_hz.high + 2;
                    if (!(sfreq > least)) throw new Error(`Its rate is ${tidy(sfreq)} Hz; more than ${least} are needed.`);
                    if (values.length < 2 * sfreq) throw new Error("It is shorter than two seconds.");
                    own = { signal: values.slice(0, Math.round(SECONDS * sfreq)), sfreq, name: channel };
                    bench.update("source");
                    bench.choose({ source: "own" });
                    return `${name}: column ${channel}, ${tidy(sfreq)} Hz; its first ${tidy(own.signal.length / sfreq)} s are “the recording” now.`;
                },
            },
            values: () => now,
        };
    }),
};
