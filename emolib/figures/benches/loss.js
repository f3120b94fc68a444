// The loss of two heads: what each answer costs, and which way it pulls on what the heads share.

import { limitsOf, line, makeChart, tidy } from "./shared/chart.js";
import { renderBench } from "./shared/frame.js";

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** The cross-entropy of a margin (logit of high less logit of low), exact far out too. */
const cost = (margin, high) => {
    const z = high ? margin : -margin;
    return Math.max(0, -z) + Math.log1p(Math.exp(-Math.abs(z)));
};

export default {
    render: ({ model, el }) => renderBench({ model, el }, (bench) => {
        const { view } = bench;
        const costs = makeChart({ name: "What a prediction costs", x: { words: "margin: logit of high − logit of low" }, y: { words: "loss, nats" } });
        const pulls = makeChart({ name: "The step of two shared weights that each head asks for", x: { words: "first" }, y: { words: "second" } });
        const blind = makeChart({ name: "Expected loss of one prediction for all trials", x: { words: "probability of high (%)" }, y: { words: "loss, nats" } });
        const trade = makeChart({ name: "The sum of the losses against the weight of valence", x: { words: "weight of valence" }, y: { words: "loss, nats" } });
        let now = {};

        function compute() {
            const share = view.share / 100;
            const weights = view.classes === "balanced" ? [0.5 / (1 - share), 0.5 / share] : [1, 1]; // low, high
            const angle = (view.angle * Math.PI) / 180;
            const heads = { valence: [1, 0], arousal: [Math.cos(angle), Math.sin(angle)] };
            const tasks = { valence: view.task, arousal: 1 - view.task };
            const each = Object.fromEntries(Object.keys(heads).map((name) => {
                const [margin, high] = [view[`${name}_margin`], view[`${name}_class`] === "high"];
                const weight = weights[Number(high)];
                const error = weight * (sigmoid(margin) - Number(high));
                return [name, { margin, high, loss: weight * cost(margin, high), error, pull: heads[name].map((part) => -tasks[name] * error * part) }];
            }));
            const total = Object.keys(heads).reduce((sum, name) => sum + tasks[name] * each[name].loss, 0);
            const step = [0, 1].map((i) => each.valence.pull[i] + each.arousal.pull[i]);
            const best = (share * weights[1]) / (share * weights[1] + (1 - share) * weights[0]);
            now = { each, total, step, best, weights, share };
        }

        function draw(changed) {
            if (changed.length) compute();
            const { each, step, best, weights, share } = now;
            const margins = Array.from({ length: 81 }, (_, i) => -4 + i / 10);
            const curve = (name, css) => line(margins, margins.map((m) => weights[Number(each[name].high)] * cost(m, each[name].high)), css, name);
            const point = (name, css) => ({ kind: "points", xs: [each[name].margin], ys: [each[name].loss], css: `${css} b-big` });
            costs.draw({
                x: [-4, 4], y: [0, 4.2],
                layers: [curve("valence", "b-first"), curve("arousal", "b-second"), point("valence", "b-first"), point("arousal", "b-second")],
                words: `Valence costs ${tidy(each.valence.loss)}, arousal ${tidy(each.arousal.loss)} nats.`,
            });
            const arrow = ([x, y], css, name) => [line([0, x], [0, y], css, name), { kind: "points", xs: [x], ys: [y], css: `${css} b-big` }];
            const reach = Math.max(0.05, ...[each.valence.pull, each.arousal.pull, step].flat().map(Math.abs)) * 1.15;
            pulls.draw({
                x: [-reach, reach], y: [-reach, reach], equal: true,
                layers: [...arrow(step, "b-pale", "both"), ...arrow(each.valence.pull, "b-first", "valence"), ...arrow(each.arousal.pull, "b-second", "arousal")],
                words: `Together the step is ${tidy(Math.hypot(...step))} long; alone ${tidy(Math.hypot(...each.valence.pull))} and ${tidy(Math.hypot(...each.arousal.pull))}.`,
            });
            const chances = Array.from({ length: 99 }, (_, i) => i + 1);
            const expected = chances.map((p) => -(share * weights[1] * Math.log(p / 100) + (1 - share) * weights[0] * Math.log(1 - p / 100)));
            const guess = bench.guessed((x) => ({ x, row: 1 }));
            blind.draw({
                veiled: !bench.answered,
                x: [0, 100], y: [0, Math.min(5, Math.max(...expected))],
                layers: bench.answered ? [
                    line(chances, expected, "b-first"),
                    { kind: "rule", x: 100 * best, words: "least", css: "b-second" }, ...guess,
                ] : guess,
                words: bench.onceGuessed(answer),
            });
            const parts = Array.from({ length: 21 }, (_, i) => i / 20);
            const sums = parts.map((w) => w * each.valence.loss + (1 - w) * each.arousal.loss);
            trade.draw({
                x: [0, 1], y: limitsOf(sums, { zero: true }),
                layers: [line(parts, sums, "b-first"), { kind: "points", xs: [view.task], ys: [now.total], css: "b-first b-big" }],
                words: `The sum is ${tidy(now.total)} nats.`,
            });
        }

        const answer = () =>
            `${tidy(100 * now.best)} %: with ${tidy(view.share)} % of the trials high and ${view.classes === "balanced" ? "balanced class weights" : "no class weights"}, that prediction costs least. As a decision: ${Math.abs(now.best - 0.5) < 1e-9 ? "neither class" : now.best > 0.5 ? "always high" : "always low"}.`;

        return {
            panels: [costs, pulls, blind, trade],
            draw,
            answer,
            describe: () => `Loss: ${tidy(view.task)} × ${now.each.valence.loss.toFixed(3)} + ${tidy(1 - view.task)} × ${now.each.arousal.loss.toFixed(3)} = ${now.total.toFixed(3)} nats. The shared step is ${tidy(Math.hypot(...now.step))} long.`,
            first: { name: "valence_margin", to: -2 },
            values: () => now,
        };
    }),
};
