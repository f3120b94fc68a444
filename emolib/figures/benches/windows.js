// Windows, baseline and normalisation: one feature's course, its map, and what gives a trial away.

import { limitsOf, makeChart, tidy } from "./shared/chart.js";
import { renderBench } from "./shared/frame.js";
import { makeMap } from "./shared/map.js";

const REMOVALS = ["none", "own", "another", "mean"];

/** Differential entropy of windows of `m` blocks, from sums and squares: [window][feature]. */
function entropies(blocks, first, n, m, { p, nBlock }) {
    const length = m * nBlock;
    return Array.from({ length: Math.floor(n / m) }, (_, w) =>
        Float64Array.from({ length: p }, (_, j) => {
            let [sum, squares] = [0, 0];
            for (let b = first + w * m; b < first + (w + 1) * m; b++) {
                sum += blocks[2 * (b * p + j)];
                squares += blocks[2 * (b * p + j) + 1];
            }
            return 0.5 * Math.log((2 * Math.PI * Math.E * (squares - (sum * sum) / length)) / (length - 1));
        }));
}

const meanOf = (rows) => rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);
const subtract = (row, level) => row.map((value, j) => value - level[j]);

function zScore(values) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) || 1;
    return values.map((value) => (value - mean) / deviation);
}

/** Subtract levels and normalise trials [trial][window][feature]. */
function processed(trials, levels, removal, normalise) {
    const all = meanOf(levels);
    const level = (k) => ({ own: levels[k], another: levels[(k + 1) % levels.length], mean: all, none: all.map(() => 0) })[removal];
    const left = trials.map((windows, k) => windows.map((row) => subtract(row, level(k))));
    if (normalise === "none") return left;
    if (normalise === "window") return left.map((windows) => windows.map(zScore));
    const rows = left.flat();
    const columns = Array.from(rows[0], (_, j) => zScore(rows.map((row) => row[j])));
    let row = 0;
    return left.map((windows) => windows.map(() => {
        const values = Float64Array.from(columns, (column) => column[row]);
        row++;
        return values;
    }));
}

/** The share of every second window that lies nearest to the mean of its own trial's others. */
function namedShare(trials) {
    const centres = trials.map((windows) => meanOf(windows.filter((_, w) => w % 2 === 0)));
    let [right, n] = [0, 0];
    trials.forEach((windows, k) => windows.forEach((row, w) => {
        if (w % 2 === 0) return;
        const far = centres.map((centre) => row.reduce((sum, value, j) => sum + (value - centre[j]) ** 2, 0));
        right += far.indexOf(Math.min(...far)) === k;
        n++;
    }));
    return right / n;
}

export default {
    render: ({ model, el }) => renderBench({ model, el }, (bench) => {
        const { spec, view } = bench;
        const data = model.get("data");
        const blocks = new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
        const { bands, grid, nRest, nBlocks, nTrials } = spec;
        const nChannels = grid.channels.length;
        const size = { p: bands.length * nChannels, nBlock: spec.nBlock };
        const course = makeChart({ name: "One feature over time", x: { words: "time in the trial (s)" }, y: { words: "" } });
        const named = makeChart({ name: "Windows assigned to their own trial", x: { words: "", format: (i) => ["nothing", "own", "another’s", "mean"][i] }, y: { words: "%" } });
        const [raw, map] = ["The window's map before", "… and after"].map((name) => makeMap(grid, spec.colours, name));
        let now = {};

        function compute() {
            const m = Math.round(view.window / spec.seconds);
            const rests = Math.min(nRest, Math.round(view.rest / spec.seconds));
            const each = Array.from({ length: nTrials }, (_, k) => k * (nRest + nBlocks));
            const trials = each.map((first) => entropies(blocks, first + nRest, nBlocks, m, size));
            // The baseline's last part: the windows nearest to the trial, or one shorter window.
            const levels = each.map((first) => meanOf(entropies(blocks, first + nRest - rests, rests, Math.min(m, rests), size)));
            const after = processed(trials, levels, view.removal, view.normalise);
            const shares = REMOVALS.map((removal) => namedShare(processed(trials, levels, removal, view.normalise)));
            now = { m, trials, levels, after, shares };
        }

        function draw(changed) {
            if (!now.trials || changed.some((name) => !["trial", "band", "channel", "time"].includes(name))) compute();
            const { m, trials, levels, after, shares } = now;
            const k = Math.round(view.trial) - 1;
            const j = bands.indexOf(view.band) * nChannels + grid.channels.indexOf(view.channel);
            const step = m * spec.seconds;
            const at = trials[k].map((_, w) => (w + 0.5) * step);
            const w = Math.min(trials[k].length - 1, Math.floor(view.time / step));
            const [before, left] = [trials[k], after[k]].map((windows) => windows.map((row) => row[j]));
            const unit = view.normalise === "none" ? (view.removal === "none" ? "nats" : "nats above the baseline") : "z-score";
            const line = (ys, css, name) => ({ kind: "line", xs: at, ys, css, name });
            course.draw({
                x: [-0.2, spec.nBlocks * spec.seconds], y: limitsOf([...before, ...left, levels[k][j]]),
                layers: [
                    { kind: "span", from: w * step, to: (w + 1) * step },
                    { kind: "rule", y: levels[k][j], words: "baseline", left: true },
                    line(before, "b-pale", "before (nats)"), line(left, "b-first", `after (${unit})`),
                ],
                words: `${view.channel}, ${view.band}, trial ${k + 1}: from ${tidy(Math.min(...left))} to ${tidy(Math.max(...left))} afterwards.`,
            });
            const part = (row) => Array.from(row.subarray(bands.indexOf(view.band) * nChannels, (bands.indexOf(view.band) + 1) * nChannels));
            const about = { words: `Trial ${k + 1}, ${view.band}, from ${tidy(w * step)} s.`, marked: grid.channels.indexOf(view.channel) };
            raw.draw(part(trials[k][w]), { ...about, unit: "nats", diverging: false });
            map.draw(part(after[k][w]), { ...about, unit, diverging: view.removal !== "none" || view.normalise !== "none" });
            const chosen = (part) => ({ xs: [0, 1, 2, 3].filter(part), ys: shares.filter((_, i) => part(i)).map((share) => 100 * share), width: 0.7, kind: "bars" });
            const own = REMOVALS.indexOf(view.removal);
            const guess = bench.guessed((y) => ({ y }));
            named.draw({
                veiled: !bench.answered,
                x: [-0.6, 3.6], xticks: [0, 1, 2, 3], y: [0, 104],
                layers: [
                    ...(bench.answered ? [{ ...chosen((i) => i !== own), css: "b-pale" }, { ...chosen((i) => i === own), css: "b-first" }] : []),
                    { kind: "rule", y: 100 / nTrials, words: "chance", left: true }, ...guess,
                ],
                words: bench.onceGuessed(answer),
            });
        }

        const answer = () => {
            const [none, own, another, mean] = now.shares.map((share) => `${(100 * share).toFixed(0)} %`);
            return `Own baseline subtracted: ${own}. Another trial's: ${another}; the mean of all: ${mean}; nothing: ${none}. Chance: ${(100 / nTrials).toFixed(0)} %.`;
        };

        return {
            panels: [course, named, raw, map],
            draw,
            answer,
            describe: () => `Trial ${Math.round(view.trial)}, ${view.channel}, ${view.band}: baseline ${tidy(now.levels[Math.round(view.trial) - 1][bands.indexOf(view.band) * nChannels + grid.channels.indexOf(view.channel)])} nats, the mean of its last ${tidy(Math.min(view.rest, nRest * spec.seconds))} s. ${spec.note}`,
            first: { name: "time", to: spec.choices.time.high },
            values: () => now,
        };
    }),
};
