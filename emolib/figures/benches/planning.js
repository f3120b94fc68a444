// Planning: how many people and trials it takes to tell an effect from guessing.

import { makeChart, tidy } from "./shared/chart.js";
import { button, h } from "./shared/elements.js";
import { renderBench } from "./shared/frame.js";
import { binomialCdf, binomialQuantile } from "./shared/statistics.js";

const POWER = 0.8;
const SIGNIFICANT = 0.05;
const FEWEST = 5; // people of whom some can be held out
const TRIALS = Array.from({ length: 25 }, (_, i) => 10 + 5 * i);
const PEOPLE = Array.from({ length: 25 }, (_, i) => Math.round(1 + (59 * i) / 24));

/** Count independent answers: people who share a response to a film are fewer than they seem. */
const effective = (people, trials, shared) => Math.max(1, Math.floor((people * trials) / (1 + (people - 1) * shared)));

/** Compute what guessing reaches with n answers, and the least accuracy that would be found. */
function chanceOf(n) {
    const [low, high] = [0.025, 0.975].map((q) => binomialQuantile(q, n, 0.5) / n);
    const critical = binomialQuantile(1 - SIGNIFICANT, n, 0.5) + 1; // right answers, at the least
    if (critical > n) return { low, high, critical, detectable: NaN };
    let [less, more] = [0.5, 1];
    for (let i = 0; i < 60; i++) {
        const middle = (less + more) / 2;
        if (1 - binomialCdf(critical - 1, n, middle) < POWER) less = middle;
        else more = middle;
    }
    return { low, high, critical, detectable: more };
}

export default {
    render: ({ model, el }) => renderBench({ model, el }, (bench) => {
        const { spec, view } = bench;
        const percent = (share) => (Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : "none");
        const y = { words: "%" };
        const byTrials = makeChart({ name: "Accuracy against trials of a person", x: { words: "trials" }, y, height: 230 });
        const byPeople = makeChart({ name: "Accuracy against people", x: { words: "people" }, y, height: 230 });
        const text = h("pre", { tabindex: 0, "aria-label": "The study file" });
        const save = button("Save the study file", () => {
            const href = URL.createObjectURL(new Blob([text.textContent], { type: "text/plain" }));
            h("a", { href, download: "planned.yaml" }).click();
            setTimeout(() => URL.revokeObjectURL(href), 10_000);
        });
        const file = h("div", { class: "b-panel b-wide" }, h("p", { class: "x-name" }, "The study, as a file to run on simulated people first"), text, save);
        let now = {};
        let curves = [];

        function study() {
            const folds = Math.min(5, view.protocol === "leave_subjects_out" ? view.people : view.trials);
            return [
                `title: ${view.people === 1 ? "One person" : `${view.people} people`}, ${view.trials} trials each`,
                "dataset: simulated # then the name of your own",
                `simulation: {n_subjects: ${view.people}, n_trials: ${view.trials}, seed: 0}`,
                "tasks:", ...spec.tasks.map((name) => `  ${name}: {rating: ${name}, above: 5}`),
                `protocols: [${view.protocol}]`,
                `n_folds: ${folds}`,
            ].join("\n") + "\n";
        }

        function draw(changed) {
            if (changed.length) {
                const n = effective(view.people, view.trials, view.shared);
                const chance = chanceOf(n);
                now = { n, ...chance, power: 1 - binomialCdf(chance.critical - 1, n, view.effect / 100) };
                const over = (name, values) =>
                    values.map((value) => chanceOf(effective(...["people", "trials", "shared"].map((it) => (it === name ? value : view[it])))));
                curves = [[byTrials, "trials", TRIALS, over("trials", TRIALS)], [byPeople, "people", PEOPLE, over("people", PEOPLE)]];
            }
            text.textContent = study();
            const { low, high } = now;
            for (const [chart, name, values, all] of curves) {
                const share = (key) => all.map((it) => 100 * it[key]);
                const guess = bench.guessed((y) => ({ y, left: name === "trials" }));
                chart.draw({
                    veiled: !bench.answered,
                    x: [values[0] - 1, values.at(-1) + 1], y: [20, 100],
                    layers: [
                        ...(bench.answered ? [
                            { kind: "area", xs: values, low: share("low"), high: share("high"), css: "b-first" },
                            { kind: "line", xs: values, ys: share("detectable"), css: "b-second", name: "least accuracy found in 4 of 5 experiments" },
                            { kind: "points", xs: [view[name], view[name]], ys: [100 * low, 100 * high], css: "b-first b-mid", name: "middle 95 % of guessing" },
                        ] : []),
                        { kind: "points", xs: [view[name]], ys: [view.effect], css: "b-first b-big b-square", name: "true accuracy" }, ...guess,
                    ],
                    words: bench.answered ? answer() : "Chance is shown once you have guessed.",
                });
            }
        }

        const answer = () =>
            `With ${view.people === 1 ? "one person" : `${view.people} people`} and ${view.trials} trials, guessing reaches ${percent(now.low)} to ${percent(now.high)} in 95 of 100 experiments.`;

        return {
            panels: [byTrials, byPeople, file],
            settle(changed) {
                for (const name of ["people", "trials"]) view[name] = Math.round(view[name]);
                if (view.people >= FEWEST || view.protocol !== "leave_subjects_out") return;
                // Who asks for new people gets as many as can be held out; who takes fewer, another protocol.
                if (changed.includes("people")) view.protocol = "trial_grouped";
                else view.people = FEWEST;
            },
            hides: (name) => name === "shared" && view.people === 1,
            draw,
            answer,
            describe: () => `${view.people} × ${view.trials} trials count as ${now.n} independent predictions. A true accuracy of ${tidy(view.effect)} % would be found in ${percent(now.power)} of such experiments, ${Number.isFinite(now.detectable) ? `one of ${percent(now.detectable)}` : "none"} in 4 of 5. ${spec.claims[view.protocol]}`,
            first: { name: "people", to: 20 },
            values: () => ({ ...now, yaml: text.textContent }),
        };
    }),
};
