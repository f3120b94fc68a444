// The grid editor: which electrode is in which cell, and what becomes of neighbours on the head.

import { makeChart } from "./shared/chart.js";
import { button, h, s, set } from "./shared/elements.js";
import { renderBench } from "./shared/frame.js";

const [ROWS, COLUMNS, CELL] = [8, 9, 34];
const KINDS = ["kept", "lost", "invented"];

/** Pairs of points, by number, to both of which no third is closer than they are to each other. */
function neighbours(points) {
    const far = points.map((a) => points.map((b) => Math.hypot(...a.map((value, i) => value - b[i]))));
    const pairs = [];
    for (let i = 0; i < points.length; i++) for (let j = i + 1; j < points.length; j++) {
        const closer = far.some((of, k) => k !== i && k !== j && Math.max(of[i], of[j]) < far[i][j] * (1 - 1e-9));
        if (!closer) pairs.push([i, j]);
    }
    return pairs;
}

/** What becomes of the pairs on the head: kept, lost, or invented by the grid. */
function compare(layout, head) {
    const cells = layout.flatMap((name, cell) => (name ? [cell] : []));
    const pairs = (points) => new Set(neighbours(points).map(([i, j]) => `${layout[cells[i]]} ${layout[cells[j]]}`));
    const onHead = pairs(cells.map((cell) => head[layout[cell]].slice(2)));
    const onGrid = pairs(cells.map((cell) => [Math.floor(cell / COLUMNS), cell % COLUMNS]));
    return {
        kept: [...onHead].filter((pair) => onGrid.has(pair)),
        lost: [...onHead].filter((pair) => !onGrid.has(pair)),
        invented: [...onGrid].filter((pair) => !onHead.has(pair)),
    };
}

/** Give names their cells at home, and others the free cell whose own electrode is nearest. */
function placed(names, home, head) {
    const layout = new Array(ROWS * COLUMNS).fill("");
    const away = names.filter((name) => {
        const cell = home.indexOf(name);
        if (cell >= 0) layout[cell] = name;
        return cell < 0;
    });
    for (const name of away) {
        const far = (cell) => (home[cell] ? Math.hypot(...[2, 3, 4].map((i) => head[name][i] - head[home[cell]][i])) : Infinity);
        const free = layout.flatMap((taken, cell) => (taken ? [] : [cell]));
        layout[free.reduce((best, cell) => (far(cell) < far(best) ? cell : best))] = name;
    }
    return layout;
}

export default {
    render: ({ model, el }) => renderBench({ model, el }, (bench) => {
        const { spec, view } = bench;
        const { head, montages, homes } = spec;
        const known = new Map(Object.keys(head).map((name) => [name.toLowerCase(), name]));
        for (const [old, name] of Object.entries(spec.old)) known.set(old.toLowerCase(), name);
        const layouts = Object.fromEntries(Object.entries(montages).map(([name, own]) => [name, placed(own, homes[name] ?? homes.seed, head)]));
        let layout = [];
        let start = [];
        let now = {};
        let held = null; // the cell that is dragged
        let over = null;

        const grid = s("svg", { role: "img", "aria-label": "The grid", class: "b-map b-press b-cells", viewBox: `0 0 ${COLUMNS * CELL} ${ROWS * CELL}` });
        const scalp = s("svg", { role: "img", "aria-label": "The head from above", class: "b-map b-cells", viewBox: "-1.4 -1.4 2.8 2.8" });
        const counts = makeChart({ name: "Pairs of neighbours", x: { words: "", format: (i) => KINDS[i] }, y: { words: "pairs" }, height: 170 });
        const text = h("pre", { class: "b-rows", tabindex: 0, "aria-label": "For the study file" });
        const told = h("p", { class: "b-told", role: "status" });
        const typed = h("input", { type: "text", placeholder: "Fp1 Fp2 C3 Cz C4 O1 O2" });
        typed.addEventListener("keydown", ({ key }) => key === "Enter" && take());
        const field = h("label", { class: "x-field" }, h("span", {}, "Or type names"), typed);
        const legend = h("p", { class: "x-legend" }, ...KINDS.map((kind) => h("span", { class: "b-key" },
            s("svg", { viewBox: "0 0 18 12", width: 18, height: 12, "aria-hidden": "true" }, s("path", { d: "M1 6H17", class: `b-link b-${kind}` })), kind)));

        const cellOf = () => (view.row - 1) * COLUMNS + view.column - 1;
        const point = (cell) => bench.choose({ row: Math.floor(cell / COLUMNS) + 1, column: (cell % COLUMNS) + 1 });
        function swap(from, to) {
            [layout[from], layout[to]] = [layout[to], layout[from]];
            point(to);
            bench.update("layout");
        }
        function move(down, right) {
            const [row, column] = [view.row - 1 + down, view.column - 1 + right];
            if (row < 0 || column < 0 || row >= ROWS || column >= COLUMNS) return;
            swap(cellOf(), row * COLUMNS + column);
        }
        function take() {
            const words = [...new Set(typed.value.split(/[\s,;]+/).filter(Boolean))];
            const names = [...new Set(words.map((word) => known.get(word.toLowerCase())))];
            const strange = words.filter((word) => !known.has(word.toLowerCase()));
            if (strange.length) told.textContent = `No place on the head is known for ${strange.join(", ")}.`;
            else if (!names.length || names.length > ROWS * COLUMNS) told.textContent = "Type 1 to 72 names.";
            else {
                told.textContent = `${names.length} electrodes have a cell.`;
                begin(placed(names, homes.seed, head));
                bench.update("layout");
            }
        }
        function begin(own) {
            layout = [...own];
            start = [...own];
            now.before = compare(start, head);
            const first = layout.findIndex(Boolean);
            if (!layout[cellOf()]) Object.assign(view, { row: Math.floor(first / COLUMNS) + 1, column: (first % COLUMNS) + 1 });
        }

        const pointed = (event) => {
            const box = grid.getBoundingClientRect();
            const at = (part, size, n) => Math.min(n - 1, Math.max(0, Math.floor((part / size) * n)));
            return at(event.clientY - box.top, box.height, ROWS) * COLUMNS + at(event.clientX - box.left, box.width, COLUMNS);
        };
        grid.addEventListener("pointerdown", (event) => {
            held = over = pointed(event);
            grid.setPointerCapture(event.pointerId);
            point(held);
        });
        grid.addEventListener("pointermove", (event) => {
            if (held === null || pointed(event) === over) return;
            over = pointed(event);
            drawGrid();
        });
        const drop = () => {
            const [from, to] = [held, over];
            held = over = null;
            if (from !== null && from !== to && layout[from]) swap(from, to);
        };
        grid.addEventListener("pointerup", drop);
        grid.addEventListener("pointercancel", () => (held = over = null));

        function links(place) {
            if (!bench.answered) return [];
            return KINDS.flatMap((kind) => now[kind].map((pair) => {
                const [a, b] = pair.split(" ").map(place);
                return s("path", { d: `M${a}L${b}`, class: `b-link b-${kind}` });
            }));
        }
        function drawGrid() {
            const middle = (cell) => [((cell % COLUMNS) + 0.5) * CELL, (Math.floor(cell / COLUMNS) + 0.5) * CELL];
            const shapes = layout.map((name, cell) => {
                const [x, y] = middle(cell);
                const marks = [name ? "b-full" : "b-free", cell === (held === null ? cellOf() : over) ? "b-marked" : ""];
                return s("rect", { x: x - CELL / 2 + 1, y: y - CELL / 2 + 1, width: CELL - 2, height: CELL - 2, class: marks.join(" ") });
            });
            const names = layout.map((name, cell) => {
                const [x, y] = middle(held !== null && cell === held ? over : cell);
                return s("text", { x, y: y + 4, "text-anchor": "middle" }, name);
            });
            grid.replaceChildren(...shapes, ...links((name) => middle(layout.indexOf(name)).join(" ")), ...names);
        }
        function drawScalp() {
            const at = (name) => [head[name][0], -head[name][1]];
            const shapes = layout.filter(Boolean).map((name) => {
                const [x, y] = at(name);
                return s("g", {}, s("circle", { cx: x, cy: y, r: 0.085, class: name === layout[cellOf()] ? "b-full b-marked" : "b-full" }), s("text", { x, y: y + 0.028, "text-anchor": "middle" }, name));
            });
            const outline = s("path", { d: "M-0.12 -0.99L0 -1.13L0.12 -0.99M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0", class: "b-link" });
            scalp.replaceChildren(outline, ...links((name) => at(name).join(" ")), ...shapes);
        }

        function draw(changed) {
            if (changed.includes("montage")) begin(layouts[view.montage]);
            if (changed.includes("montage") || changed.includes("layout")) {
                now = { ...now, ...compare(layout, head) };
                const rows = Array.from({ length: ROWS }, (_, r) => layout.slice(r * COLUMNS, (r + 1) * COLUMNS).map((name) => (name || ".").padEnd(3)).join(" ").trimEnd());
                text.textContent = ["grid:", ...rows.map((row) => `  - ${row}`)].join("\n");
                model.set("rows", rows.join("\n"));
            }
            const words = bench.answered ? KINDS.map((kind) => `${now[kind].length} ${kind}`).join(", ") : "Lines between neighbours are drawn once you have guessed";
            set(grid, { "aria-label": `The grid, ${layout.filter(Boolean).length} electrodes. ${words}.` });
            set(scalp, { "aria-label": `The head from above. ${words}.` });
            drawGrid();
            drawScalp();
            const bars = (of, shift, css, name) => ({ kind: "bars", xs: [0, 1, 2].map((i) => i + shift), ys: KINDS.map((kind) => of[kind].length), width: 0.36, css, name });
            counts.draw({
                veiled: !bench.answered,
                x: [-0.6, 2.6], xticks: [0, 1, 2], y: [0, 1.1 * Math.max(1, ...KINDS.flatMap((kind) => [now[kind].length, now.before[kind].length]))],
                layers: bench.answered ? [bars(now.before, -0.19, "b-pale", "at the start"), bars(now, 0.19, "b-first", "now")] : [],
                words: `${words}.`,
            });
        }

        const share = ({ kept, lost }) => (kept.length + lost.length ? `${((100 * kept.length) / (kept.length + lost.length)).toFixed(0)} %` : "none");
        const answer = () => `${share(now.before)} at the start: ${now.before.kept.length} pairs are kept, ${now.before.lost.length} lost, ${now.before.invented.length} invented.`;
        return {
            panels: [
                h("div", { class: "b-panel" }, h("p", { class: "x-name" }, "The grid: drag an electrode"), grid, legend),
                h("div", { class: "b-panel" }, h("p", { class: "x-name" }, "The head, from above"), scalp),
                counts, h("div", { class: "b-panel" }, h("p", { class: "x-name" }, "For the study file"), text),
            ],
            actions: [
                [spec.choices.montage.verb, h("div", { class: "x-row" }, field, button("Use these names", take), told)],
                [spec.choices.row.verb, h("div", { class: "x-row" }, button("Move up", () => move(-1, 0)), button("Move down", () => move(1, 0)), button("Move left", () => move(0, -1)), button("Move right", () => move(0, 1)), button("Start again", () => { begin(start); bench.update("layout"); }))],
            ],
            settle: () => ["row", "column"].forEach((name) => (view[name] = Math.round(view[name]))),
            draw,
            answer,
            describe() {
                const name = layout[cellOf()];
                const of = (kind) => now[kind].flatMap((pair) => (pair.split(" ").includes(name) ? [pair.split(" ").find((other) => other !== name)] : [])).join(", ") || "none";
                const where = `Row ${view.row}, column ${view.column}: ${name || "no electrode"}.`;
                return name && bench.answered ? `${where} Neighbours kept: ${of("kept")}; lost: ${of("lost")}; invented: ${of("invented")}.` : where;
            },
            first: { name: "column", to: COLUMNS },
            values: () => ({ rows: model.get("rows"), kept: now.kept, lost: now.lost, invented: now.invented }),
        };
    }),
};
