// The network live: a trained network reads a map, and shows what each of its layers makes of it.

import { makeChart, tidy } from "./shared/chart.js";
import { button, h } from "./shared/elements.js";
import { renderBench } from "./shared/frame.js";
import { EXPLAINING, readMap } from "./shared/layers.js";
import { makeMap, rgbOf } from "./shared/map.js";
import { work } from "./shared/work.js";

const QUIET_FIRST = 120; // milliseconds without a change before an answer is explained
const TOLD = 5; // terms of a sum that are written out
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const signed = (value, digits = 3) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;

/** Read a half-precision number from its 16 bits. */
function halfOf(bits) {
    const [exponent, rest] = [(bits >> 10) & 31, bits & 1023];
    const size = exponent === 0 ? rest * 2 ** -24 : (1 + rest / 1024) * 2 ** (exponent - 15);
    return bits & 32768 ? -size : size;
}

/** Give each layer its weights: kernels are halves, all other numbers of four bytes. */
function unpack({ trunk, heads, nMaps }, bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const take = (n) => Float64Array.from({ length: n }, () => view.getFloat32((at += 4) - 4, true));
    const halves = (n) => Float64Array.from({ length: n }, () => halfOf(view.getUint16((at += 2) - 2, true)));
    const filled = (layer) => {
        if (layer.kind === "norm") return { ...layer, scale: take(layer.outputs), shift: take(layer.outputs) };
        if (layer.kind === "pool") return layer;
        const { size, inputs, outputs } = layer;
        return { ...layer, kernel: halves(size * size * inputs * outputs), bias: take(outputs) };
    };
    return { net: { trunk: trunk.map(filled), heads: heads.map(filled) }, maps: take(nMaps) };
}

export default {
    render: ({ model, el }) => renderBench({ model, el }, (bench) => {
        const { spec, view } = bench;
        const { grid, planes, windows, classes } = spec;
        const { net, maps } = unpack(spec, model.get("data"));
        const [nRows, nColumns] = grid.shape;
        const nPlanes = planes.length;
        const places = grid.channels.map((_, e) => grid.rows[e] * nColumns + grid.columns[e]);
        const electrodeAt = new Map(places.map((place, e) => [place, e]));
        const layers = [...net.trunk.filter((it) => it.kind !== "norm"), ...net.heads];
        const painted = new Map(); // by place and plane: what the reader put there
        let now = {};
        let explained = null;
        let stop = () => {};
        let soon = null;

        const input = makeMap(grid, spec.colours, "What the network reads", (e) => point(places[e]), (e) => { point(places[e]); paint(); });
        const answers = bars();
        const progress = h("progress", { max: 1, "aria-label": "Explaining the answer" });
        const reasons = makeMap(grid, spec.colours, "Explained", (e) => point(places[e]));
        const unitMaps = new Map();
        const shades = spec.colours.sequential.map(rgbOf);
        const unitPlace = h("div", { class: "b-panel" });
        const atlas = h("canvas", { class: "b-atlas", role: "img", "aria-label": "The layer's units" });
        const atlasTitle = h("p", { class: "x-name" });
        const sums = h("div", { class: "b-panel" });
        atlas.addEventListener("click", (event) => {
            const [box, { tile, across }] = [atlas.getBoundingClientRect(), now.atlas];
            const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((pixel) => pixel * (atlas.width / box.width));
            bench.choose({ unit: Math.min(now.layer.outputs, across * Math.floor(y / tile[0]) + Math.floor(x / tile[1]) + 1) });
        });

        function bars() {
            const shown = Object.entries(classes).flatMap(([task, names]) => names.map((name, k) => ({ task, name, k })).slice(names.length === 2 ? 1 : 0));
            const chart = makeChart({ name: "What the heads predict", x: { words: "", format: (i) => `${shown[i].task} ${shown[i].name}` }, y: { words: "%" } });
            return { ...chart, shown };
        }

        const point = (place) => bench.choose({ row: Math.floor(place / nColumns) + 1, column: (place % nColumns) + 1 });
        const here = () => (view.row - 1) * nColumns + view.column - 1;
        const chosen = () => (view.plane === "all" ? planes.map((_, p) => p) : [planes.indexOf(view.plane)]);
        function paint() {
            if (electrodeAt.has(here())) for (const p of chosen()) painted.set(here() * nPlanes + p, view.brush);
            bench.update("paint");
        }
        function empty() {
            for (const place of places) for (let p = 0; p < nPlanes; p++) painted.set(place * nPlanes + p, 0);
            bench.update("paint");
        }
        const undo = () => { painted.clear(); bench.update("paint"); };

        /** Whether the reader silences an electrode in a plane. */
        function silent(e, p) {
            const [r, c, middle] = [grid.rows[e], grid.columns[e], (nColumns - 1) / 2];
            const regions = { front: r < (nRows * 3) / 8, back: r >= (nRows * 5) / 8, left: c < middle, right: c > middle };
            return view.silent_electrode === grid.channels[e] || regions[view.silent_region] || planes[p].split(" ").slice(1).join(" ") === view.silent_band;
        }

        function mapOf(w) {
            const map = new Float64Array(nRows * nColumns * nPlanes);
            places.forEach((place, e) => planes.forEach((_, p) => {
                map[place * nPlanes + p] = maps[(w * nPlanes + p) * places.length + e];
            }));
            return map;
        }

        function compute() {
            const w = Math.min(windows.length, Math.round(view.window)) - 1;
            const whole = mapOf(w);
            const map = Float64Array.from(whole, (value, at) => painted.get(at) ?? value);
            places.forEach((place, e) => planes.forEach((_, p) => { if (silent(e, p)) map[place * nPlanes + p] = 0; }));
            now = { ...now, w, map, whole: readMap(net, whole), read: readMap(net, map), nothing: now.nothing ?? readMap(net, new Float64Array(map.length)) };
        }

        function explain() {
            stop();
            clearTimeout(soon);
            explained = null;
            const probabilities = now.read.probabilities[view.head];
            const one = probabilities.indexOf(Math.max(...probabilities));
            const plane = view.plane === "all" ? -1 : planes.indexOf(view.plane);
            const asked = { net, map: now.map, places, planes: nPlanes, plane, name: view.head, one, how: view.explain };
            progress.removeAttribute("value");
            progress.hidden = false;
            soon = setTimeout(() => {
                stop = work(EXPLAINING, asked, {
                    onstep: (part) => (progress.value = part),
                    onend: (values) => {
                        explained = { values, one };
                        progress.hidden = true;
                        drawReasons();
                    },
                });
            }, QUIET_FIRST);
        }

        function drawReasons() {
            reasons.element.classList.toggle("b-waits", !explained);
            if (!explained) return;
            const answer = `${view.head} ${classes[view.head][explained.one]}`;
            const unit = view.explain === "gradient" ? `nats of ln p(${answer}) per unit, ${view.plane === "all" ? "planes added up" : view.plane}` : `points of p(${answer}) lost when hidden`;
            reasons.draw(explained.values, { unit, diverging: true, words: "", marked: electrodeAt.get(here()) });
        }

        /** What the layer before gives, its shape and name. */
        function before(layer) {
            const place = net.trunk.indexOf(layer);
            const n = place < 0 ? net.trunk.length : place;
            const last = net.trunk.slice(0, n).filter((it) => it.kind !== "norm").at(-1);
            return { x: now.read.given[n], name: last?.name };
        }

        function drawLayer() {
            const layer = layers.find((it) => it.name === view.layer);
            const values = net.heads.includes(layer) ? now.read.logits[layer.name] : now.read.given[net.trunk.indexOf(layer) + 1];
            const { rows, columns, outputs } = layer;
            const unit = Math.min(outputs, Math.round(view.unit)) - 1;
            now = { ...now, layer, unit, values };
            // All units side by side, a pixel a cell.
            const across = Math.min(outputs, Math.max(1, Math.round(Math.sqrt((outputs * 2 * (rows + 1)) / (columns + 1)))));
            const tile = [rows + 1, columns + 1];
            now.atlas = { across, tile };
            Object.assign(atlas, { width: across * tile[1], height: Math.ceil(outputs / across) * tile[0] });
            const ink = atlas.getContext("2d");
            const [top, least] = [Math.max(...values), Math.min(...values)];
            const image = ink.createImageData(atlas.width, atlas.height);
            values.forEach((value, n) => {
                const [o, c, r] = [n % outputs, Math.floor(n / outputs) % columns, Math.floor(n / outputs / columns)];
                const shade = shades[Math.min(shades.length - 1, Math.floor(((value - least) / (top - least || 1)) * shades.length))];
                image.data.set([...shade, 255], 4 * ((Math.floor(o / across) * tile[0] + r) * atlas.width + (o % across) * tile[1] + c));
            });
            ink.putImageData(image, 0, 0);
            const quiet = Array.from({ length: outputs }, (_, o) => o).filter((o) => !values.some((value, n) => n % outputs === o && value > 0)).length;
            atlasTitle.textContent = `All ${outputs} units of ${layer.name}: choose one`;
            atlas.setAttribute("aria-label", `${outputs} units of ${layer.name}, from ${tidy(least)} to ${tidy(top)}; ${quiet} are zero everywhere.`);
            const shape = `${rows} ${columns}`;
            if (!unitMaps.has(shape)) unitMaps.set(shape, cellMap(rows, columns));
            const own = Array.from({ length: rows * columns }, (_, cell) => values[cell * outputs + unit]);
            const [r, c] = spot(layer);
            unitMaps.get(shape).draw(own, { unit: `${layer.name}, unit ${unit + 1}`, diverging: net.heads.includes(layer), words: "", marked: r * columns + c });
            const { element } = unitMaps.get(shape);
            if (element.parentElement !== unitPlace) unitPlace.replaceChildren(element);
            drawSum(layer, unit, [r, c]);
        }

        function cellMap(rows, columns) {
            const cells = Array.from({ length: rows * columns }, (_, n) => n);
            const whole = rows === nRows && columns === nColumns;
            const names = cells.map((n) => (whole && electrodeAt.has(n) ? grid.channels[electrodeAt.get(n)] : ""));
            const at = { shape: [rows, columns], rows: cells.map((n) => Math.floor(n / columns)), columns: cells.map((n) => n % columns), channels: names };
            return makeMap(at, spec.colours, "This unit", whole ? point : null);
        }

        /** The unit's own cell: a layer with fewer cells is pointed at where it looks. */
        const spot = ({ rows, columns }) => [
            Math.min(rows - 1, Math.floor(((view.row - 1) * rows) / nRows)), Math.min(columns - 1, Math.floor(((view.column - 1) * columns) / nColumns)),
        ];

        function drawSum(layer, unit, [r, c]) {
            const { x, name } = before(layer);
            const words = (place, p, wide) => {
                const [row, column] = [Math.floor(place / wide), place % wide];
                const where = name === undefined && electrodeAt.has(place) ? grid.channels[electrodeAt.get(place)] : `row ${row + 1}, column ${column + 1}`;
                return name === undefined ? `${where}, ${planes[p]}` : `${name} ${p + 1}${wide > 1 ? `, ${where}` : ""}`;
            };
            const rows = [];
            if (layer.kind === "pool") {
                for (let i = 2 * r; i < Math.min(2 * r + 2, layer.high); i++) for (let j = 2 * c; j < Math.min(2 * c + 2, layer.wide); j++) {
                    rows.push([words(i * layer.wide + j, unit, layer.wide), signed(x[(i * layer.wide + j) * layer.outputs + unit])]);
                }
                rows.push(["the largest of these", signed(now.values[(r * layer.columns + c) * layer.outputs + unit])]);
                sums.replaceChildren(table(`The largest, in ${layer.name}`, rows));
                return;
            }
            const { inputs, outputs, size, kernel, bias } = layer;
            const lean = (size - 1) >> 1;
            // A dense layer reads all cells of the layer before, in one row.
            const [wide, deep] = layer.flat ?? [layer.columns, inputs];
            const terms = [];
            const byCell = Array.from({ length: size }, () => new Array(size).fill("edge"));
            for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) {
                const [row, column] = [r + i - lean, c + j - lean];
                if (row < 0 || column < 0 || row >= layer.rows || column >= layer.columns) continue;
                let sum = 0;
                for (let p = 0; p < inputs; p++) {
                    const place = (row * layer.columns + column) * inputs + p;
                    const weight = kernel[((i * size + j) * inputs + p) * outputs + unit];
                    sum += x[place] * weight;
                    terms.push({ value: x[place], weight, product: x[place] * weight, words: words(Math.floor(place / deep), place % deep, wide) });
                }
                byCell[i][j] = signed(sum, 2);
            }
            terms.sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
            const total = terms.reduce((sum, term) => sum + term.product, bias[unit]);
            const others = terms.slice(TOLD).reduce((sum, term) => sum + term.product, 0);
            for (const term of terms.slice(0, TOLD)) rows.push([`${term.words}: ${signed(term.value, 2)} × ${signed(term.weight)}`, signed(term.product)]);
            rows.push([`${Math.max(0, terms.length - TOLD)} other products`, signed(others)], ["bias", signed(bias[unit])], ["sum", signed(total)]);
            if (layer.relu) rows.push(["after ReLU", signed(Math.max(0, total))]);
            now.sum = total;
            sums.replaceChildren(table(`One sum: ${layer.name}, unit ${unit + 1}, at row ${r + 1}, column ${c + 1}`, rows));
            if (size > 1) sums.append(table(`Its ${size} × ${size} cells, ${inputs} products each`, byCell));
        }

        const table = (caption, rows) => h("table", { class: rows[0].length === 2 ? "b-terms" : null }, h("caption", {}, caption), h("tbody", {},
            ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell))))));

        function draw(changed) {
            const heavy = ["window", "silent_electrode", "silent_region", "silent_band", "paint"];
            if (!now.read || changed.some((name) => heavy.includes(name))) compute();
            if (changed.some((name) => [...heavy, "head", "explain", "plane"].includes(name))) explain();
            const marked = electrodeAt.get(here());
            const shown = places.map((place) => chosen().reduce((sum, p) => sum + now.map[place * nPlanes + p], 0) / chosen().length);
            input.draw(shown, { unit: view.plane === "all" ? "mean of all planes" : view.plane, diverging: true, words: "", marked });
            const heights = (read, shift, css, name) => ({ kind: "bars", xs: answers.shown.map((_, i) => i + shift), ys: answers.shown.map(({ task, k }) => 100 * read.probabilities[task][k]), width: 0.24, css, name });
            const guess = bench.guessed((y) => ({ y }));
            answers.draw({
                x: [-0.6, answers.shown.length - 0.4], xticks: answers.shown.map((_, i) => i), y: [0, 104],
                layers: [
                    heights(now.whole, -0.26, "b-pale", "the window"), heights(now.read, 0, "b-first", "what it reads now"),
                    ...(bench.answered ? [heights(now.nothing, 0.26, "b-second", "an empty map")] : []), ...guess,
                ],
                words: told(now.read),
            });
            drawReasons();
            drawLayer();
        }

        const told = (read) => answers.shown.map(({ task, name, k }) => `${task} ${name} ${percent(read.probabilities[task][k])}`).join(", ");
        const answer = () => `An empty map: ${told(now.nothing)}. This window: ${told(now.whole)}.`;
        return {
            panels: [
                input, answers, h("div", { class: "b-panel" }, progress, reasons.element), unitPlace,
                h("div", { class: "b-panel" }, atlasTitle, atlas), sums,
            ],
            actions: [[spec.choices.brush.verb, h("div", { class: "x-row" }, button("Paint this electrode", paint), button("Empty the map", empty), button("Undo painting", undo))]],
            draw,
            answer,
            hides: (name) => name === "unit" && layers.find((it) => it.name === view.layer).outputs < 2,
            settle() {
                const most = layers.find((it) => it.name === view.layer).outputs;
                if (view.unit > most) view.unit = most;
            },
            describe() {
                const at = grid.channels[electrodeAt.get(here())] ?? "no electrode";
                return `Window ${view.window}: ${windows[now.w]}. Prediction: ${told(now.read)}. Chosen cell: row ${view.row}, column ${view.column} (${at}).`;
            },
            first: { name: "window", to: windows.length },
            own: {
                words: `Drop a CSV file here with a window of yours, normalised as this study does: a row for each electrode, in the order of the list of electrodes, and the columns ${planes.join(", ")}.`,
                take(columns, file) {
                    const missing = planes.filter((name) => !columns[name]);
                    if (missing.length) throw new Error(`It has no column ${missing.join(", ")}.`);
                    const n = columns[planes[0]].length;
                    if (n !== places.length) throw new Error(`It has ${n} rows, but there are ${places.length} electrodes.`);
                    planes.forEach((name, p) => places.forEach((place, e) => painted.set(place * nPlanes + p, columns[name][e])));
                    bench.update("paint");
                    return `${file} is painted on the map. “Undo painting” removes it.`;
                },
            },
            values: () => ({
                probabilities: now.read.probabilities, map: Array.from(now.map), explained: explained && Array.from(explained.values), one: explained?.one,
                activations: Array.from(now.values), sum: now.sum, again: () => readMap(net, now.map),
            }),
            stop() {
                stop();
                clearTimeout(soon);
            },
        };
    }),
};
