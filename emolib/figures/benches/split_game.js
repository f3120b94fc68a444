// The split game: random labels, recognised or not, by what is held out.

import { limitsOf, makeChart, tidy } from "./shared/chart.js";
import { button, h } from "./shared/elements.js";
import { designBand, runSections } from "./shared/filters.js";
import { renderBench } from "./shared/frame.js";
import { normals, permutation, randomOf } from "./shared/random.js";
import { normalCdf } from "./shared/statistics.js";
import { work } from "./shared/work.js";

const N_FOLDS = 5;

/** Draw white noise for trials and baselines; return differential entropy of each window, in nats. */
function* drawNoise({ seed, nTrials, nChannels, nWindows, nRest, sfreq, nSamples, bands }) {
    const random = randomOf(seed);
    const p = bands.length * nChannels;
    const trial = new Float64Array(nTrials * nWindows * p);
    const rest = new Float64Array(nTrials * p);
    const example = {};
    const entropies = (signal, n, put) =>
        bands.forEach((sections, b) => {
            const filtered = runSections(sections, signal);
            for (let w = 0; w < n; w++) {
                let [sum, squares] = [0, 0];
                for (let i = w * nSamples; i < (w + 1) * nSamples; i++) sum += filtered[i];
                for (let i = w * nSamples; i < (w + 1) * nSamples; i++) squares += (filtered[i] - sum / nSamples) ** 2;
                put(w, b, 0.5 * Math.log((2 * Math.PI * Math.E * squares) / (nSamples - 1)));
            }
        });
    for (let k = 0; k < nTrials; k++) {
        for (let c = 0; c < nChannels; c++) {
            const signal = normals(nWindows * nSamples, random);
            const before = normals(nRest * nSamples, random);
            if (k + c === 0) Object.assign(example, { signal, before });
            entropies(signal, nWindows, (w, b, value) => {
                trial[(k * nWindows + w) * p + b * nChannels + c] = value;
            });
            entropies(before, nRest, (w, b, value) => (rest[k * p + b * nChannels + c] += value / nRest));
        }
        yield (k + 1) / nTrials;
    }
    return { trial, rest, nTrials, nWindows, p, example, sfreq };
}

/** Subtract a resting level from every window, then z-score the window. */
function removed({ trial, rest, nTrials, nWindows, p }, how, ring) {
    const x = Float64Array.from(trial);
    const mean = new Float64Array(p);
    for (let k = 0; k < nTrials; k++) for (let j = 0; j < p; j++) mean[j] += rest[k * p + j] / nTrials;
    const another = new Map(ring.map((k, i) => [k, ring[(i + ring.length - 1) % ring.length]]));
    for (let row = 0; row < nTrials * nWindows; row++) {
        const k = Math.floor(row / nWindows);
        const from = how === "another" ? another.get(k) : k;
        let [sum, squares] = [0, 0];
        for (let j = 0; j < p; j++) {
            if (how !== "none") x[row * p + j] -= how === "mean" ? mean[j] : rest[from * p + j];
            sum += x[row * p + j];
        }
        for (let j = 0; j < p; j++) squares += (x[row * p + j] - sum / p) ** 2;
        const deviation = Math.sqrt(squares / p) || 1;
        for (let j = 0; j < p; j++) x[row * p + j] = (x[row * p + j] - sum / p) / deviation;
    }
    return x;
}

/** Fit and score each fold: whether each window was classified as its trial is labelled. */
function* scoreFolds({ x, p, labels, folds, nFolds, model }) {
    const right = new Uint8Array(labels.length);
    for (let fold = 0; fold < nFolds; fold++) {
        const rows = [...labels.keys()];
        const [train, test] = [rows.filter((i) => folds[i] !== fold), rows.filter((i) => folds[i] === fold)];
        const z = Float64Array.from(x);
        for (let j = 0; j < p; j++) {
            let [sum, squares] = [0, 0];
            for (const i of train) sum += x[i * p + j];
            for (const i of train) squares += (x[i * p + j] - sum / train.length) ** 2;
            const deviation = Math.sqrt(squares / train.length) || 1;
            for (const i of rows) z[i * p + j] = (x[i * p + j] - sum / train.length) / deviation;
        }
        yield (fold + 0.3) / nFolds;
        if (model === "ridge") {
            const decide = ridge(z, p, train, labels);
            for (const i of test) right[i] = (decide(i) > 0 ? 1 : 0) === labels[i];
        } else {
            for (const i of test) {
                const near = train.map((other) => {
                    let far = 0;
                    for (let j = 0; j < p; j++) far += (z[i * p + j] - z[other * p + j]) ** 2;
                    return [far, labels[other]];
                });
                near.sort((a, b) => a[0] - b[0]);
                const votes = near.slice(0, 5).reduce((sum, [, label]) => sum + label, 0);
                right[i] = (votes > 2 ? 1 : 0) === labels[i];
                if (i % 20 === 0) yield (fold + 0.6) / nFolds;
            }
        }
    }
    return { right, value: balanced(right, labels, folds, nFolds) };
}

/** Ridge regression (alpha 1) on labels less their mean, by Cholesky's decomposition. */
function ridge(z, p, train, labels) {
    const mean = train.reduce((sum, i) => sum + labels[i], 0) / train.length;
    const gram = new Float64Array(p * p);
    const weights = new Float64Array(p);
    for (const i of train) {
        for (let a = 0; a < p; a++) {
            const value = z[i * p + a];
            weights[a] += value * (labels[i] - mean);
            for (let b = 0; b <= a; b++) gram[a * p + b] += value * z[i * p + b];
        }
    }
    for (let a = 0; a < p; a++) {
        gram[a * p + a] += 1;
        for (let b = 0; b <= a; b++) {
            let sum = gram[a * p + b];
            for (let c = 0; c < b; c++) sum -= gram[a * p + c] * gram[b * p + c];
            gram[a * p + b] = a === b ? Math.sqrt(sum) : sum / gram[b * p + b];
        }
    }
    for (let a = 0; a < p; a++) {
        for (let c = 0; c < a; c++) weights[a] -= gram[a * p + c] * weights[c];
        weights[a] /= gram[a * p + a];
    }
    for (let a = p - 1; a >= 0; a--) {
        for (let c = a + 1; c < p; c++) weights[a] -= gram[c * p + a] * weights[c];
        weights[a] /= gram[a * p + a];
    }
    return (i) => weights.reduce((sum, weight, j) => sum + weight * z[i * p + j], 0);
}

/** The mean over folds of the mean over classes of the share that is right. */
function balanced(right, labels, folds, nFolds) {
    let total = 0;
    for (let fold = 0; fold < nFolds; fold++) {
        const shares = [0, 1].map((label) => {
            const own = [...labels.keys()].filter((i) => folds[i] === fold && labels[i] === label);
            return own.length ? own.reduce((sum, i) => sum + right[i], 0) / own.length : null;
        }).filter((share) => share !== null);
        total += shares.reduce((sum, share) => sum + share, 0) / shares.length / nFolds;
    }
    return total;
}

/** What chapter 9 predicts of ridge on windows of known trials; NaN where windows do not suffice. */
function expectedAccuracy(rho, p, nTrials, nWindows) {
    const m = (rho * rho * p) / nTrials;
    const spare = nWindows * nTrials - p;
    if (m === 0) return 0.5;
    if (spare <= 0) return NaN;
    const b = m - 1 - rho * rho;
    const t = (2 * m) / (Math.sqrt(b * b + 4 * m) - b);
    return normalCdf(Math.sqrt(t / (1 + ((p / spare) * (1 + t)) / t)));
}

const percent = (share) => `${(100 * share).toFixed(0)} %`;

export default {
    render: ({ model, el }) => renderBench({ model, el }, (bench) => {
        const { spec, view } = bench;
        const sets = { study: spec.study };
        const sections = spec.bands.map(([low, high]) => designBand(3, low, high, spec.sfreq));
        const formula = makeChart({
            name: "Balanced accuracy", x: { words: "baseline (s)", log: true },
            y: { words: "proportion of windows", format: percent }, height: 230,
        });
        const deal = makeChart({
            name: "What the first fold holds out", x: { words: "window" }, y: { words: "trial" }, height: 230,
        });
        const progress = h("progress", { max: 1, "aria-label": "Progress of the computation" });
        const wager = h("p", { class: "b-wager" });
        const again = button("Shuffle the labels again", () => start());
        let noise = null; // features that were drawn, and of which settings
        let points = []; // scores so far
        let draws = 0;
        let last = null;
        let stop = () => {};

        const own = () => view.source !== "noise";
        const protocol = () => (view.split === "windows" ? "windows of one trial on both sides" : "whole trials held out");
        const setup = () => [view.source, view.trials, view.channels, view.windows].join();

        function start() {
            stop();
            progress.hidden = false;
            const key = [setup(), own() ? 0 : view.baseline].join();
            if (noise?.key === key) return score();
            if (own()) {
                const { trial, rest } = sets[view.source];
                noise = { ...sets[view.source], trial: Float64Array.from(trial), rest: Float64Array.from(rest), key };
                return score();
            }
            const size = { nTrials: Number(view.trials), nChannels: Number(view.channels), nWindows: Number(view.windows) };
            const rest = { nRest: Math.round(view.baseline / spec.seconds), sfreq: spec.sfreq };
            const input = { seed: spec.seed, ...size, ...rest, nSamples: Math.round(spec.seconds * spec.sfreq), bands: sections };
            stop = work([drawNoise, randomOf, normals, runSections], input, {
                onstep: (share) => (progress.value = 0.6 * share),
                onend: (made) => {
                    noise = { ...made, key };
                    score();
                },
            });
        }

        /** Draw labels and folds, then classify. */
        function score() {
            const { nTrials, nWindows, p } = noise;
            const random = randomOf(spec.seed + 7919 * ++draws);
            const order = permutation(nTrials, random);
            const truth = sets[view.source]?.labels[view.labels];
            const ofTrial = truth && own() ? truth : order.map((place) => place % 2);
            const trialOf = Array.from({ length: nTrials * nWindows }, (_, row) => Math.floor(row / nWindows));
            const labels = trialOf.map((k) => ofTrial[k]);
            const place = permutation(view.split === "windows" ? labels.length : nTrials, random);
            const folds = new Array(labels.length);
            if (view.split === "windows") place.forEach((row, i) => (folds[row] = i % N_FOLDS));
            else {
                // Each class is dealt by itself, so that every fold has both.
                const dealt = [0, 1].flatMap((label) => place.filter((k) => ofTrial[k] === label));
                dealt.forEach((k, i) => folds.fill(i % N_FOLDS, k * nWindows, (k + 1) * nWindows));
            }
            const ring = permutation(nTrials, random);
            const x = view.source === "own" ? noise.trial : removed(noise, view.removal, ring);
            const at = { setup: setup(), source: view.source, model: view.model, split: view.split, removal: view.removal, naming: view.labels, seconds: view.baseline };
            stop = work([scoreFolds, ridge, balanced], { x, p, labels, folds, nFolds: N_FOLDS, model: view.model }, {
                onstep: (share) => (progress.value = 0.6 + 0.4 * share),
                onend: ({ value, right }) => {
                    last = { x, labels, folds, right, value, ring, noise, ...at };
                    points.push({ ...at, value });
                    progress.hidden = true;
                    bench.update();
                },
            });
        }

        /** Take a reader's own windows: equally many of each trial. */
        function take({ trial, label, ...features }, file) {
            const columns = Object.values(features);
            if (!trial || !label || !columns.length) throw new Error("It needs columns “trial” and “label”, and features beside them.");
            const rows = new Map();
            trial.forEach((name, row) => rows.set(name, [...(rows.get(name) ?? []), row]));
            const all = [...rows.values()];
            const nWindows = Math.min(...all.map((own) => own.length));
            const mixed = all.find((own) => own.some((row) => label[row] !== label[own[0]]));
            if (mixed) throw new Error(`Trial ${trial[mixed[0]]} has several labels.`);
            if (!label.every((it) => it === 0 || it === 1)) throw new Error("Labels are 0 or 1.");
            const found = all.map((own) => label[own[0]]);
            const n = [0, 1].map((it) => found.filter((other) => other === it).length);
            if (Math.min(...n) < N_FOLDS) throw new Error(`It has ${n[0]} trials of label 0 and ${n[1]} of 1; ${N_FOLDS} of each are needed.`);
            sets.own = {
                words: file, nTrials: all.length, nWindows, p: columns.length, labels: { own: found },
                trial: all.flatMap((own) => own.slice(0, nWindows).flatMap((row) => columns.map((column) => column[row]))),
                rest: new Float64Array(all.length * columns.length), // features are taken as they are
            };
            noise = null;
            for (const name of ["source", "labels"]) bench.offer(name, "own");
            bench.update("source");
            bench.choose({ source: "own", labels: "own" });
            return `${file}: ${all.length} trials of ${nWindows} windows, ${columns.length} features.`;
        }

        const best = () => points.filter((it) => it.split === "trials").reduce((most, it) => Math.max(most, it.value), 0);
        const rho = (seconds) =>
            view.removal === "own" || view.removal === "another" ? Math.sqrt(spec.seconds / seconds) : 0;
        const predicted = (seconds) =>
            view.split === "trials" ? 0.5
                : expectedAccuracy(rho(seconds), spec.bands.length * view.channels, Number(view.trials), view.windows * (1 - 1 / N_FOLDS));

        function draw(changed) {
            if (changed.some((name) => name !== "wager") && !(changed.length === 1 && changed[0] === "baseline" && own())) start();
            const seconds = Array.from({ length: 60 }, (_, i) => 0.5 * 24 ** (i / 59));
            const shown = points.filter((it) => it.setup === setup() && it.model === view.model && it.naming === view.labels);
            const of = (split) => shown.filter((it) => it.split === split);
            const dots = (list, css, name) => ({ name, kind: "points", xs: list.map((it) => it.seconds), ys: list.map((it) => it.value), css });
            const layers = [{ kind: "rule", y: 0.5, words: "guessing", left: true }];
            if (!own() && view.model === "ridge" && bench.answered) {
                layers.push({ kind: "line", xs: seconds, ys: seconds.map(predicted), css: "b-pale", name: "formula (chapter 9)" });
            }
            if (bench.answered) layers.push(
                dots(of("windows"), "b-second b-big b-square", "windows of one trial on both sides"),
                dots(of("trials"), "b-first b-big", "whole trials held out"),
            );
            layers.push(...bench.guessed((it) => ({ y: it / 100 })));
            formula.draw({
                veiled: !bench.answered,
                x: [0.45, 13], y: [0.2, 1.02], layers,
                words: bench.answered
                    ? `${shown.length} draws. ${describe()}`
                    : "The scores are shown once you have guessed.",
            });
            if (last) {
                const { nTrials, nWindows } = last.noise;
                const cells = (test) => last.labels.map((_, row) => row).filter((row) => (last.folds[row] === 0) === test);
                const layer = (rows, css) => ({
                    kind: "points", xs: rows.map((row) => (row % nWindows) + 1), ys: rows.map((row) => Math.floor(row / nWindows) + 1), css,
                });
                deal.draw({
                    x: [0, nWindows + 1], y: [nTrials + 1, 0],
                    layers: [
                        { ...layer(cells(false), "b-pale"), name: "training" },
                        { ...layer(cells(true), "b-second b-mid b-square"), name: "test" },
                    ],
                    words: `${cells(true).length} of ${last.labels.length} windows are tested: ${protocol()}.`,
                });
            }
            const honest = points.filter((it) => it.split === "trials").length;
            wager.textContent = honest
                ? `Your wager: ${view.wager} %. The highest honest score in ${honest} ${honest === 1 ? "draw" : "draws"}: ${percent(best())}.`
                : `Your wager: ${view.wager} %. No honest score yet: hold out whole trials.`;
        }

        function describe() {
            if (!last) return "Drawing the noise …";
            const what = sets[last.source]?.words ?? "white noise";
            const labels = sets[last.source]?.labels[last.naming] ? `labels ${spec.choices.labels.options[last.naming]}` : "random labels";
            const told = bench.answered
                ? `${percent(last.value)} of the windows are classified correctly`
                : "guess how many windows are classified correctly";
            const sides = last.split === "windows" ? "windows of one trial on both sides" : "whole trials held out";
            return `${what[0].toUpperCase()}${what.slice(1)}, ${labels}, ${sides}: ${told}.`;
        }

        return {
            panels: [h("div", { class: "b-panel" }, formula.element, wager), deal],
            actions: [[spec.choices.split.verb, again], [spec.choices.split.verb, progress]],
            draw,
            describe,
            first: { name: "baseline", to: 1 },
            hides: (name) => (own() ? ["trials", "channels", "windows", "baseline"].includes(name) || (view.source === "own" && name === "removal") : name === "labels"),
            answer: () => {
                const windows = points.filter((it) => it.split === "windows" && it.source === "noise");
                if (!windows.length) return "The first score is on its way.";
                const first = windows[0].value;
                return `The first draw gave ${percent(first)}: windows of one trial on both sides, random labels, white noise. Hold out whole trials, and it is about 50 %.`;
            },
            own: {
                words: "Drop a CSV file here with a row for each window: columns “trial” and “label” (0 or 1), and a column for each feature.",
                take,
            },
            values: () => last && { ...last, points: points.length, formula: predicted(view.baseline), best: best() },
            stop: () => [stop, formula.stop].forEach((it) => it()),
        };
    }),
};
