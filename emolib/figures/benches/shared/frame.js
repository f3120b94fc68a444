// What every bench has: a question to guess at, controls, things to try, and a memory of its state.
//
// A bench is given `spec`: words and numbers, and its `choices`, each of which is a trait of the
// model as well: { value, label, verb, and low, high, step, unit or options }.

import { button, choice, h, list, set } from "./elements.js";
import { tidy } from "./chart.js";
import { makeDrop } from "./table.js";

const QUIET = 500; // milliseconds without a change before it is told to listeners, kernel and address
const MOVE = 1800; // milliseconds of the first move, there and back

/** A slider with its value in words. */
function slider({ label, low, high, step, unit }, onchoose) {
    const output = h("span", { class: "b-value", "aria-hidden": "true" }); // told as the slider's value
    const input = h("input", { type: "range", min: low, max: high, step });
    input.addEventListener("input", () => onchoose(Number(input.value)));
    const words = (value) => `${tidy(value)}${unit ? ` ${unit}` : ""}`;
    const show = (value) => {
        input.value = value;
        output.textContent = words(value);
        set(input, { "aria-valuetext": words(value) });
    };
    return { element: h("label", { class: "x-field b-slider" }, h("span", {}, label, " "), output, input), show };
}

/** Few short options side by side, many or long ones in a list. */
function picker({ label, options }, onchoose) {
    const words = Object.values(options);
    if (words.join("").length < 44) return choice(label, options, onchoose);
    return list(label, { "": Object.entries(options) }, onchoose);
}

const fits = (rule, value) =>
    rule.options ? Object.hasOwn(rule.options, value)
        : Number.isFinite(value) && value >= rule.low && value <= rule.high;

/** The question: a guess first, then the answer beside it. */
function makeQuestion({ question, guess }, onanswer) {
    const answer = h("p", { class: "b-answer", role: "status" });
    let guessed = null;
    const field = guess.options ? picker(guess, (value) => (guessed = value)) : slider(guess, (value) => {
        guessed = value;
        field.show(value);
    });
    if (!guess.options) field.show(guess.start);
    const check = button("Check my guess", () => onanswer(guessed ?? guess.start ?? null));
    const skip = button("Show the answer", () => onanswer(null));
    const row = h("div", { class: "x-row" }, field.element, check, skip);
    const printed = h("p", { class: "b-printed" }); // paper asks nobody
    const element = h("div", { class: "b-question" }, h("p", {}, h("b", {}, "Guess first. "), question), row, answer, printed);
    return {
        element,
        print: (words) => (printed.textContent = words),
        show(given, words) {
            const told = given === null ? "" : guess.options ? guess.options[given] : `${tidy(given)}${guess.unit ? ` ${guess.unit}` : ""}`;
            answer.textContent = given === null ? words : `Your guess: ${told}. ${words}`;
        },
    };
}

/** Build a bench: `build(bench)` returns its panels, charts or elements, `draw`, `answer`, `describe` and more. */
export function renderBench({ model, el }, build) {
    const spec = model.get("spec");
    const rules = spec.choices;
    const view = Object.fromEntries(Object.keys(rules).map((name) => [name, model.get(name) ?? rules[name].value]));
    const inPage = Boolean(model.get("inPage"));
    const bench = { spec, view, choose, guess: null, answered: false, guessed, onceGuessed, update, offer };
    let waiting = null;
    let moving = null;
    let told = { ...view };

    const status = h("p", { class: "x-hidden", role: "status" });
    const fieldOf = (name) => {
        const onchoose = (value) => { stay(); choose({ [name]: value }); };
        return (rules[name].options ? picker : slider)(rules[name], onchoose);
    };
    const fields = Object.fromEntries(Object.keys(rules).map((name) => [name, fieldOf(name)]));
    const question = makeQuestion(spec, (guess) => {
        stay();
        Object.assign(bench, { guess, answered: true });
        if (guess !== null) model.set("guess", guess);
        update();
    });
    const parts = build(bench);
    const frames = new Map();
    for (const [name, rule] of Object.entries(rules)) {
        if (!frames.has(rule.verb)) {
            frames.set(rule.verb, h("fieldset", { class: "b-frame" }, h("legend", {}, rule.verb)));
        }
        frames.get(rule.verb).append(fields[name].element);
    }
    parts.actions?.forEach(([verb, element]) => frames.get(verb).append(element));
    const possible = ({ set: change }) => Object.entries(change).every(([name, value]) => fits(rules[name], value));
    const tries = spec.tries.filter(possible).map(({ do: words, see, set: change }) => {
        const go = button("Set this up", () => { stay(); choose(change); });
        return h("li", {}, `${words} `, go, h("span", { class: "b-see" }, ` ${see}`));
    });
    const reading = h("p", { class: "b-reading" });
    const root = h("div", { class: "b-root", role: "group", "aria-label": `${spec.title}, to try out` },
        question.element,
        h("div", { class: "b-controls" }, ...frames.values()),
        h("div", { class: "b-panels" }, ...parts.panels.map((panel) => panel.element ?? panel)),
        reading,
        ...(parts.own ? [makeDrop(parts.own)] : []),
        h("div", { class: "b-tries" }, h("p", {}, h("b", {}, "What to try")), h("ol", {}, ...tries)),
        status,
    );
    el.classList.add("emolib-explorer", "emolib-bench");
    el.append(root);

    /** Change what is chosen; what a choice does not allow changes nothing. */
    function choose(change) {
        const changed = Object.keys(change).filter((name) =>
            rules[name] && change[name] !== view[name] && fits(rules[name], change[name]));
        if (!changed.length) return;
        for (const name of changed) view[name] = change[name];
        draw(changed);
        tell();
    }

    /** The reader's guess as a rule across a chart, where `place` puts it; none before it is made. */
    function guessed(place) {
        if (bench.guess === null) return [];
        return [{ kind: "rule", words: "your guess", css: "b-guess", ...place(bench.guess) }];
    }

    /** What a chart says in words, which must not tell the answer before a guess. */
    function onceGuessed(words) {
        return bench.answered ? words() : "It is shown once you have guessed.";
    }

    /** Offer an option that was to come later, or a number up to another limit. */
    function offer(name, option) {
        if (rules[name].options) rules[name].options[option] = rules[name].later[option];
        else rules[name].high = option;
        const fresh = fieldOf(name);
        fields[name].element.replaceWith(fresh.element);
        fields[name] = fresh;
    }

    /** Draw again, as if choices of these names had changed; none: only what is drawn is new. */
    function update(...names) {
        draw(names);
        tell();
    }

    function draw(changed) {
        parts.settle?.(changed);
        for (const [name, field] of Object.entries(fields)) {
            field.show(view[name]);
            const alone = Object.keys(rules[name].options ?? { a: 1, b: 2 }).length < 2;
            field.element.hidden = alone || Boolean(parts.hides?.(name));
        }
        parts.draw(changed);
        reading.textContent = parts.describe();
        question.print(parts.answer());
        if (bench.answered) question.show(bench.guess, parts.answer());
    }

    /** After a while of quiet, tell those who listen, the kernel, and the page's address. */
    function tell() {
        reading.textContent = parts.describe();
        clearTimeout(waiting);
        waiting = setTimeout(() => {
            if (moving) return;
            status.textContent = reading.textContent;
            for (const name of Object.keys(view)) model.set(name, view[name]);
            model.save_changes();
            const news = Object.keys(view).filter((name) => view[name] !== told[name]);
            told = { ...view };
            const own = Object.keys(view).filter((name) => view[name] !== rules[name].value);
            const state = own.map((name) => `${name}=${encodeURIComponent(view[name])}`).join("&");
            if (inPage && news.length) history.replaceState(null, "", `#${spec.name}?${state}`);
        }, QUIET);
    }

    /** Read the state from the page's address; say whether there was one. */
    function recall() {
        const [name, state] = location.hash.slice(1).split("?");
        if (!inPage || name !== spec.name || state === undefined) return false;
        for (const [key, text] of new URLSearchParams(state)) {
            const value = rules[key]?.options ? text : Number(text);
            if (rules[key] && fits(rules[key], value)) view[key] = value;
        }
        requestAnimationFrame(() => el.scrollIntoView());
        return true;
    }

    /** Show that a control can be moved, by moving it there and back, until the reader takes over. */
    function firstMove({ name, to }) {
        const from = view[name];
        const { step } = rules[name];
        const begin = performance.now();
        const frame = (now) => {
            const part = Math.min(1, (now - begin) / MOVE);
            const value = from + (to - from) * Math.sin(Math.PI * part);
            choose({ [name]: part < 1 ? Number((Math.round(value / step) * step).toPrecision(9)) : from });
            moving = part < 1 ? requestAnimationFrame(frame) : null;
        };
        moving = requestAnimationFrame(frame);
    }
    function stay() {
        if (moving) cancelAnimationFrame(moving);
        moving = null;
        watcher.disconnect();
    }
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const watcher = new IntersectionObserver((entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        watcher.disconnect();
        if (parts.first) firstMove(parts.first);
    }, { threshold: 0.4 });
    root.addEventListener("pointerdown", stay);
    root.addEventListener("keydown", stay);

    const recalled = recall();
    draw(Object.keys(view));
    if (!calm && !recalled && parts.first) watcher.observe(frames.values().next().value);
    const followers = Object.keys(view).map((name) => [`change:${name}`, () => choose({ [name]: model.get(name) })]);
    for (const follower of followers) model.on(...follower);
    root.bench = { choose, view, draw: () => draw([]), values: parts.values, moving: () => Boolean(moving) };
    return () => {
        clearTimeout(waiting);
        stay();
        parts.stop?.();
        for (const panel of parts.panels) panel.stop?.();
        for (const follower of followers) model.off?.(...follower);
    };
}
