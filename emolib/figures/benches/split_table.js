// A split, judged by its indices: who and what is on both sides of a table that is dropped here.
// The same checks, on features too, are `emolib.audit`'s.

import { h } from "./shared/elements.js";
import { makeDrop } from "./shared/table.js";

const TRAINING_ONLY = new Set(["", "train", "training", "val", "valid", "validation"]);
const TORCHEEG = { subject_id: "subject", trial_id: "trial", start_at: "onset" };
const TOUCHING = 1e-6;

/** Read columns of text by their names; a cell may stand in quotation marks. */
function textColumns(text) {
    const first = text.split("\n", 1)[0];
    const count = (sign) => first.split(sign).length;
    const sign = [",", ";", "\t"].reduce((best, it) => (count(it) > count(best) ? it : best));
    const rows = [[""]];
    let quoted = false;
    for (const letter of text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n")) {
        const row = rows.at(-1);
        if (letter === '"') quoted = !quoted;
        else if (letter === sign && !quoted) row.push("");
        else if (letter === "\n" && !quoted) rows.push([""]);
        else row[row.length - 1] += letter;
    }
    const [names, ...lines] = rows.filter((row) => row.some((cell) => cell.trim()));
    if (!lines?.length) throw new Error("The file has no row below its header.");
    const short = lines.findIndex((row) => row.length !== names.length);
    if (short >= 0) throw new Error(`Row ${short + 1} has ${lines[short].length} cells, the header ${names.length}.`);
    return Object.fromEntries(names.map((name, c) => [TORCHEEG[name.trim()] ?? name.trim(), lines.map((row) => row[c].trim())]));
}

const numbers = (columns, name) => columns[name].map((cell, i) => {
    if (cell === "" || !Number.isFinite(Number(cell))) throw new Error(`Row ${i + 1}, column ${name}: "${cell}" is no number.`);
    return Number(cell);
});

/** Count the units that train and are tested in one fold. */
function bothSides(units, folds) {
    const shared = new Set();
    for (const { train, test } of folds) {
        const known = new Set(train.map((i) => units[i]));
        test.forEach((i) => known.has(units[i]) && shared.add(units[i]));
    }
    return shared.size;
}

/** Count tested windows that share samples with a training window of their trial. */
function overlapping(units, start, end, folds) {
    let n = 0;
    for (const { train, test } of folds) {
        const known = new Map();
        for (const i of train) known.set(units[i], [...(known.get(units[i]) ?? []), i]);
        const meets = (i) => (k) => start[k] < end[i] - TOUCHING && end[k] > start[i] + TOUCHING;
        n += test.filter((i) => known.get(units[i])?.some(meets(i))).length;
    }
    return n;
}

const counted = (n, one, many) => (n === 1 ? `1 ${one}` : `${n} ${many}`);

/** Judge a table of windows: a verdict, counts (null: not known), and sentences. */
export function judge(columns) {
    const { subject, trial, stimulus, fold } = columns;
    const found = { shared_trials: null, shared_stimuli: null, shared_subjects: null, overlapping_windows: null };
    const told = [];
    if (!fold) return { ...found, verdict: "cannot tell", told: ["There is no column `fold`: which rows train?"] };
    const trains = (name) => TRAINING_ONLY.has(name.toLowerCase()) || Number(name) < 0;
    const rows = fold.map((_, i) => i);
    const folds = [...new Set(fold)].filter((name) => !trains(name)).map((name) => ({
        train: rows.filter((i) => fold[i] !== name), test: rows.filter((i) => fold[i] === name),
    }));
    if (!folds.length) throw new Error("The column `fold` leaves no row to test.");
    if (folds.some((each) => !each.train.length)) throw new Error("The column `fold` leaves no row to train on.");
    const units = trial?.map((name, i) => JSON.stringify([subject?.[i] ?? "", name]));
    if (subject) found.shared_subjects = bothSides(subject, folds);
    if (stimulus) found.shared_stimuli = bothSides(stimulus, folds);
    if (units) found.shared_trials = bothSides(units, folds);
    else if (found.shared_subjects === 0) found.shared_trials = 0; // a trial is of one subject
    else told.push("There is no column `trial`: windows of one trial cannot be told apart.");
    if (found.shared_trials) told.push(`Windows of ${found.shared_trials} of ${new Set(units).size} trials are on both sides.`);
    if (units && columns.onset && (columns.window_seconds || columns.end_at)) {
        const start = numbers(columns, "onset");
        const end = columns.end_at ? numbers(columns, "end_at") : numbers(columns, "window_seconds").map((it, i) => start[i] + it);
        found.overlapping_windows = overlapping(units, start, end, folds);
        if (found.overlapping_windows) told.push(`${counted(found.overlapping_windows, "tested window shares", "tested windows share")} samples with training windows.`);
    }
    if (units && !subject) told.push("There is no column `subject`: equal trial numbers are taken for one trial.");
    if (found.shared_stimuli) told.push(`${counted(found.shared_stimuli, "stimulus is", "stimuli are")} on both sides: a score is one of seen stimuli.`);
    if (found.shared_subjects) told.push(`${counted(found.shared_subjects, "subject is", "subjects are")} on both sides: a score is one of seen people.`);
    const leaks = found.shared_trials || found.overlapping_windows;
    const verdict = leaks ? "leaks" : found.shared_trials === null ? "cannot tell" : "no leak found";
    if (verdict === "no leak found") told.push("This does not show that there is no leak: only the indices were checked, not the features.");
    return { ...found, verdict, told };
}

export default {
    render({ el }) {
        const shown = h("div", { class: "b-reading" });
        const drop = makeDrop({
            words: "Drop a CSV file with one row per window and the columns subject, trial and fold (the fold in which the row is tested). You may add stimulus, onset and window_seconds. It stays on this page.",
            parse(text) {
                shown.replaceChildren(); // what was found in another file
                return textColumns(text);
            },
            take(columns, name) {
                const { verdict, told } = judge(columns);
                shown.replaceChildren(h("ul", {}, ...told.map((words) => h("li", {}, words))));
                return `${name}: ${verdict}.`;
            },
        });
        const root = h("div", { class: "b-root", role: "group", "aria-label": "A split, judged by its indices" }, drop, shown);
        el.classList.add("emolib-explorer", "emolib-bench");
        el.append(root);
        root.bench = { judge: (text) => judge(textColumns(text)) };
    },
};
