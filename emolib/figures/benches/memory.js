// Time: an LSTM reads a few windows, step by step and in any order.

import { limitsOf, makeChart, tidy } from "./shared/chart.js";
import { button } from "./shared/elements.js";
import { renderBench } from "./shared/frame.js";
import { permutation, randomOf } from "./shared/random.js";

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const GATES = ["input", "forget", "proposal", "output"];
const BINS = 30;

/** Read rows from an empty memory: the gates, cell and state of each step. */
function readAll(rows, { kernel, recurrent, bias }, forget) {
    const units = recurrent.length;
    let state = new Array(units).fill(0);
    let cell = new Array(units).fill(0);
    return rows.map((x) => {
        const sums = bias.map((b, j) =>
            b + (j >= units && j < 2 * units ? forget : 0)
            + x.reduce((sum, value, i) => sum + value * kernel[i][j], 0)
            + state.reduce((sum, value, i) => sum + value * recurrent[i][j], 0));
        const part = (gate, f) => sums.slice(gate * units, (gate + 1) * units).map(f);
        const [i, f, g, o] = [part(0, sigmoid), part(1, sigmoid), part(2, Math.tanh), part(3, sigmoid)];
        const before = cell;
        cell = cell.map((c, u) => f[u] * c + i[u] * g[u]);
        state = cell.map((c, u) => o[u] * Math.tanh(c));
        return { input: i, forget: f, proposal: g, output: o, before, cell, state };
    });
}

/** List all orders of 0 to n - 1. */
const orders = (n) =>
    n === 0 ? [[]] : orders(n - 1).flatMap((order) =>
        Array.from({ length: n }, (_, i) => [...order.slice(0, i), n - 1, ...order.slice(i)]));

export default {
    render: ({ model, el }) => renderBench({ model, el }, (bench) => {
        const { spec, view } = bench;
        const { inputs, weights } = spec;
        const n = inputs.length;
        const steps = { words: "window read" };
        const fed = makeChart({ name: "What is read", x: steps, y: { words: "z-score" } });
        const gates = makeChart({ name: "Gates and proposal at this step", x: { words: "", format: (i) => GATES[i] }, y: { words: "" } });
        const course = makeChart({ name: "The unit's state, step by step", x: steps, y: { words: "" } });
        const ends = makeChart({ name: "Its last state, over all orders of the windows", x: { words: "last state" }, y: { words: "orders" } });
        const all = orders(n);
        let shuffles = 1;
        let now = {};
        const again = button("Shuffle again", () => {
            shuffles++;
            bench.choose({ order: "shuffled" });
            bench.update("order");
        });

        function compute() {
            const straight = Array.from({ length: n }, (_, i) => i);
            const order = { recorded: straight, reversed: [...straight].reverse(), shuffled: permutation(n, randomOf(spec.seed + shuffles)) }[view.order];
            const read = (places) => readAll(places.map((i) => inputs[i]), weights, view.forget);
            const unit = Math.round(view.unit) - 1;
            now = {
                order, unit, steps: read(order), recorded: read(straight), reversed: read([...straight].reverse()),
                last: all.map((places) => read(places).at(-1).state[unit]),
            };
        }

        function draw(changed) {
            if (changed.some((name) => name !== "step")) compute();
            const { order, unit, last } = now;
            const t = Math.min(n, Math.round(view.step)) - 1;
            const numbers = Array.from({ length: n }, (_, i) => i + 1);
            const here = { kind: "span", from: t + 0.6, to: t + 1.4 };
            const axis = { x: [0.5, n + 0.5], xticks: numbers };
            fed.draw({
                ...axis, y: limitsOf(inputs.flat()),
                layers: [here, ...spec.names.map((name, i) => ({ kind: "line", xs: numbers, ys: order.map((place) => inputs[place][i]), css: i ? "b-second" : "b-first", name }))],
                words: `The windows are read in the order ${order.map((place) => place + 1).join(", ")}.`,
            });
            const values = GATES.map((name) => now.steps[t][name][unit]);
            gates.draw({
                x: [-0.6, 3.6], xticks: [0, 1, 2, 3], y: [-1.05, 1.05],
                layers: [{ kind: "bars", xs: [0, 1, 2, 3], ys: values, width: 0.6, css: "b-first" }],
                words: GATES.map((name, i) => `${name} ${values[i].toFixed(3)}`).join(", "),
            });
            const line = (read, css, name) => ({ kind: "line", xs: numbers, ys: read.map((it) => it.state[unit]), css, name });
            const guess = bench.guessed((y) => ({ y }));
            course.draw({
                ...axis, y: [-1.05, 1.05],
                layers: [
                    here, line(now.recorded, "b-pale", "as recorded"),
                    ...(bench.answered ? [line(now.steps, "b-first", "in the chosen order"), line(now.reversed, "b-second", "backwards")] : []), ...guess,
                ],
                words: bench.answered ? answer() : `As recorded it ends at ${tidy(now.recorded.at(-1).state[unit])}.`,
            });
            const [low, high] = limitsOf(last);
            const width = (high - low) / BINS;
            const middles = Array.from({ length: BINS }, (_, b) => low + (b + 0.5) * width);
            const counts = middles.map((at) => last.filter((value) => Math.abs(value - at) <= width / 2).length);
            ends.draw({
                veiled: !bench.answered,
                x: [low, high], y: limitsOf(counts, { zero: true }),
                layers: bench.answered ? [
                    { kind: "bars", xs: middles, ys: counts, width: 0.9 * width, css: "b-pale" },
                    { kind: "rule", x: now.steps.at(-1).state[unit], words: "chosen order", css: "b-first" },
                ] : [],
                words: bench.answered ? `From ${tidy(Math.min(...last))} to ${tidy(Math.max(...last))}; the windows' mean is the same in all.` : "It is shown once you have guessed.",
            });
        }

        const answer = () => {
            const end = (read) => read.at(-1).state[now.unit].toFixed(3).replace("-", "−");
            return `Unit ${now.unit + 1} ends at ${end(now.recorded)} as recorded and at ${end(now.reversed)} backwards, though the mean of the windows is the same.`;
        };

        return {
            panels: [fed, gates, course, ends],
            actions: [[spec.choices.order.verb, again]],
            draw,
            answer,
            describe() {
                const at = now.steps[Math.min(n, Math.round(view.step)) - 1];
                const [i, f, g, c, before, state] = ["input", "forget", "proposal", "cell", "before", "state"].map((name) => at[name][now.unit].toFixed(3).replace("-", "−"));
                return `Step ${view.step}: cell = ${f} × ${before} + ${i} × ${g} = ${c}; state = ${at.output[now.unit].toFixed(3)} × tanh(${c}) = ${state}.`;
            },
            first: { name: "step", to: n },
            values: () => now,
        };
    }),
};
