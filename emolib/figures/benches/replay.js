// A training replayed: the losses of real fits, what patience makes of them, and who chose the epoch.

import { limitsOf, makeChart, tidy } from "./shared/chart.js";
import { renderBench } from "./shared/frame.js";

/** Follow the rules through losses: the rate of each epoch, and where the fit stops. */
function follow(losses, rate, halveAfter, stopAfter) {
    let [best, kept, since] = [Infinity, 0, 0];
    const rates = [];
    for (let i = 0; i < losses.length; i++) {
        rates.push(rate);
        if (losses[i] < best) [best, kept, since] = [losses[i], i + 1, 0];
        else since++;
        if (i + 1 - kept >= stopAfter) return { rates, kept, stops: i + 1 };
        if (since >= halveAfter) [rate, since] = [rate / 2, 0];
    }
    return { rates, kept, stops: null };
}

const argmax = (values) => values.indexOf(Math.max(...values));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

export default {
    render: ({ model, el }) => renderBench({ model, el }, (bench) => {
        const { spec, view } = bench;
        const epochs = { words: "epoch" };
        const losses = makeChart({ name: "The fit's losses", x: epochs, y: { words: "nats" } });
        const rates = makeChart({ name: "Learning rate", x: epochs, y: { words: "", log: true, format: (value) => value.toExponential(0).replace("-", "−") } });
        const course = makeChart({ name: "A linear classifier, epoch by epoch", x: epochs, y: { words: "balanced accuracy, %" } });
        const choices = makeChart({ name: "The epoch chosen by validation, and by the test fold", x: { words: "fit" }, y: { words: "test, %" } });
        const by = spec.scores.map(({ validation, test }) => ({ validation: argmax(validation), test: argmax(test) }));
        const scores = {
            validation: spec.scores.map(({ test }, k) => test[by[k].validation]),
            test: spec.scores.map(({ test }, k) => test[by[k].test]),
        };
        let now = {};

        const fit = () => spec.fits[view.fit];
        const told = (value) => (100 * value).toFixed(1);

        function draw() {
            const { loss, val_loss: watched, rate } = fit();
            now = follow(watched, rate[0], view.halve_after, view.stop_after);
            const n = loss.length;
            const numbers = Array.from({ length: n }, (_, i) => i + 1);
            const axis = { x: [0.5, n + 0.5], xticks: n < 16 ? numbers : undefined };
            const here = { kind: "span", from: view.epoch - 0.4, to: view.epoch + 0.4 };
            const line = (ys, css, name) => ({ kind: "line", xs: numbers.slice(0, ys.length), ys, css, name });
            const seen = (values) => values.slice(0, view.epoch);
            const rule = (x, words, row) => (x !== null && x <= view.epoch ? [{ kind: "rule", x, words, row, css: "b-second" }] : []);
            losses.draw({
                ...axis, y: limitsOf([...loss, ...watched]),
                layers: [here, line(seen(loss), "b-pale", "training"), line(seen(watched), "b-first", "validation"), ...rule(now.kept, "kept", 0), ...rule(now.stops, "stops here", 1)],
                words: `After epoch ${view.epoch}: training ${tidy(loss[view.epoch - 1])}, validation ${tidy(watched[view.epoch - 1])} nats.`,
            });
            rates.draw({
                ...axis, y: [Math.min(...rate, ...now.rates) / 1.5, Math.max(...rate) * 1.5],
                layers: [here, line(rate, "b-pale", "as it was"), line(now.rates, "b-first", "by your patience")],
                words: `By your patience it ends at ${now.rates.at(-1).toExponential(1)}.`,
            });
            const k = Math.min(spec.scores.length, Math.round(view.run)) - 1;
            const { validation, test } = spec.scores[k];
            const all = Array.from(test, (_, i) => i + 1);
            const percent = (values) => values.map((value) => 100 * value);
            const point = (epoch, css, name) => ({ kind: "points", xs: [epoch + 1], ys: [100 * test[epoch]], css: `${css} b-big`, name });
            course.draw({
                veiled: !bench.answered,
                x: [0.5, all.length + 0.5], y: limitsOf(percent(spec.scores.flatMap((each) => [...each.validation, ...each.test]))),
                layers: [
                    { kind: "line", xs: all, ys: percent(validation), css: "b-pale", name: "validation" },
                    ...(bench.answered ? [
                        { kind: "line", xs: all, ys: percent(test), css: "b-first", name: "test" },
                        point(by[k].validation, "b-first", "chosen by validation"), point(by[k].test, "b-second", "chosen by the test fold"),
                    ] : []),
                ],
                words: bench.answered ? `Fit ${k + 1}: on test ${told(scores.validation[k])} % or ${told(scores.test[k])} %.` : "Test scores are shown once you have guessed.",
            });
            const fits = spec.scores.map((_, i) => i + 1);
            const points = (name, css, words) => [
                { kind: "points", xs: fits, ys: percent(scores[name]), css: `${css} b-big`, name: words },
                { kind: "rule", y: 100 * mean(scores[name]), words: "", css },
            ];
            choices.draw({
                veiled: !bench.answered,
                x: [0.5, fits.length + 0.5], y: limitsOf(percent([...scores.validation, ...scores.test])),
                layers: bench.answered ? [{ kind: "span", from: k + 0.6, to: k + 1.4 }, ...points("validation", "b-first", "by validation"), ...points("test", "b-second", "by the test fold")] : [],
                words: bench.answered ? answer() : "They are shown once you have guessed.",
            });
        }

        const gain = () => mean(scores.test) - mean(scores.validation);
        const answer = () =>
            `${told(gain())} points: over ${spec.scores.length} fits, ${told(mean(scores.test))} % instead of ${told(mean(scores.validation))} %, with the same weights to choose from.`;

        return {
            panels: [losses, rates, course, choices],
            settle() {
                for (const name of ["epoch", "halve_after", "stop_after", "run"]) view[name] = Math.round(view[name]);
                view.epoch = Math.min(view.epoch, fit().loss.length);
            },
            draw,
            answer,
            describe() {
                const end = now.stops === null ? `the fit runs to its last epoch, ${fit().loss.length}` : `the fit stops after epoch ${now.stops}`;
                return `With a patience of ${view.stop_after}, ${end}, and the weights of epoch ${now.kept} are kept. ${fit().note}`;
            },
            first: { name: "epoch", to: 1 },
            own: {
                words: "Drop the log of a training here, as Keras’ CSVLogger writes it: a row for each epoch, columns “loss” and “val_loss”, and “learning_rate” if there is one.",
                take({ loss, val_loss: watched, learning_rate: rate, ...others }, file) {
                    if (!loss || !watched) throw new Error(`It has the columns ${Object.keys({ loss, ...others }).join(", ")}; “loss” and “val_loss” are needed.`);
                    if (rate && Math.min(...rate) <= 0) throw new Error("A learning rate is not above 0.");
                    const n = loss.length;
                    const told = rate ? spec.watched : "The file has no learning rate, so 0.001 is assumed.";
                    spec.fits.own = { loss: Array.from(loss), val_loss: Array.from(watched), rate: Array.from(rate ?? loss.map(() => 1e-3)), note: told };
                    bench.offer("fit", "own");
                    bench.offer("epoch", Math.max(n, spec.choices.epoch.high));
                    bench.update("fit");
                    bench.choose({ fit: "own", epoch: n });
                    return `${file}: ${n} epochs. It is one of the fits now.`;
                },
            },
            values: () => ({ ...now, scores, gain: gain() }),
        };
    }),
};
