// The brain-map explorer. One module for two places: JupyterLab, where anywidget calls `render`,
// and a page without a server, where a few lines of script do (see start.js).
//
// What it is given, by `model.get`: "spec", words and numbers about a recording, and "data", its
// features as bytes (see data.py). "view" says what is shown; it goes both ways.
//
// Whatever comes from a file becomes text, never markup: elements are made by `h` and `s` alone.

import { button, choice, h, list, s, set } from "../benches/shared/elements.js";

const PIXELS = 384; // along an edge of the scalp's picture, smoothed up from the matrix' pixels
const MARGIN = 1.22; // of the drawing, in radii of the head: the nose reaches 1.15
const CALM = 1000; // milliseconds a step, at least, for readers who asked for little motion
const QUIET = 600; // milliseconds without a change before it is told to listeners and the kernel
const OUTSIDE = 255; // the head's circle
const LINE = 0xff303030; // a contour's colour: alpha, blue, green, red

// The head from above in units of its radius, y to the back: circle, nose, ears.
const HEAD = [
    "M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0",
    "M-0.18 -0.984L0 -1.15L0.18 -0.984",
    "M0.994 -0.11C1.04 -0.17 1.07 -0.16 1.08 -0.11L1.09 0.19C1.09 0.25 1.03 0.29 0.98 0.24",
    "M-0.994 -0.11C-1.04 -0.17 -1.07 -0.16 -1.08 -0.11L-1.09 0.19C-1.09 0.25 -1.03 0.29 -0.98 0.24",
];

// -- numbers -----------------------------------------------------------------------------------

/** Undo `emolib.figures.explorer.data.pack`: the features' steps, and the weights of the scalp's pixels. */
async function unpack(spec, data) {
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
    const buffer = await new Response(stream).arrayBuffer();
    const nChannels = spec.channels.length;
    const nWindows = spec.trials.reduce((n, trial) => n + trial.n, 0);
    const count = spec.planes.length * nWindows * nChannels;
    const numbers =
        spec.bits === 8 ? new Uint8Array(buffer, 0, count) : new Uint16Array(buffer, 0, count);
    const differences = new Int16Array(buffer.slice((count * spec.bits) / 8));
    const nPixels = differences.length / nChannels;
    const weights = new Float32Array(differences.length);
    for (let c = 0; c < nChannels; c++) {
        for (let p = 0, steps = 0; p < nPixels; p++) {
            steps += differences[c * nPixels + p];
            weights[c * nPixels + p] = steps * spec.head.step;
        }
    }
    return { numbers, nWindows, nChannels, weights };
}

/** The mean over some trials of one plane: at each time, and over all times of each trial. */
function courseOf(spec, source, plane, trials) {
    const { numbers, nWindows, nChannels } = source;
    const { offset, step } = spec.planes[plane];
    const n = Math.max(...trials.map((i) => spec.trials[i].n));
    const values = new Float64Array(n * nChannels);
    const counts = new Uint32Array(n);
    const mean = new Float64Array(nChannels);
    for (const i of trials) {
        const trial = spec.trials[i];
        const begin = (plane * nWindows + trial.first) * nChannels;
        for (let t = 0; t < trial.n; t++) {
            counts[t]++;
            for (let c = 0; c < nChannels; c++) {
                const number = numbers[begin + t * nChannels + c];
                values[t * nChannels + c] += number;
                mean[c] += number / trial.n / trials.length; // a trial counts once
            }
        }
    }
    for (let i = 0; i < values.length; i++) {
        values[i] = offset + (step * values[i]) / counts[Math.floor(i / nChannels)];
    }
    return { n, values, mean: mean.map((number) => offset + step * number) };
}

/** One course minus another, as far as both last. */
function subtract(a, b) {
    const n = Math.min(a.n, b.n);
    const nChannels = a.mean.length;
    return {
        n,
        values: a.values.slice(0, n * nChannels).map((value, i) => value - b.values[i]),
        mean: a.mean.map((value, c) => value - b.mean[c]),
    };
}

const rangeOf = (values) =>
    values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);

/** Limits of a colour scale that hold a range: not empty, and about zero for a difference. */
function limitsOf([low, high], diverging) {
    const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
    if (diverging) return [-reach, reach];
    return high > low ? [low, high] : [low - reach / 2, high + reach / 2];
}

/** The place of a value among the colours. */
const shade = (value, [low, high], n) =>
    Math.min(n - 1, Math.max(0, Math.floor(((value - low) / (high - low)) * n)));

/** Write numbers with as many decimals as the limits ask for, `more` than that if wanted. */
function writer([low, high], signed, more = 0) {
    const size = Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high)) || 1));
    const decimals = Math.max(0, size >= 0 ? 2 - size + more : 1 - size + more);
    return (value) => {
        const tidy =
            size >= 5 || decimals > 9 ? value.toExponential(1 + more) : value.toFixed(decimals);
        const text = Number(tidy) === 0 ? tidy.replace("-", "") : tidy.replaceAll("-", "−");
        return signed && Number(tidy) > 0 ? `+${text}` : text;
    };
}

// -- colours -----------------------------------------------------------------------------------

/** A colour as the page, the pixels and the words upon it need it. */
function colourOf(css) {
    const [red, green, blue] = [1, 3, 5].map((i) => parseInt(css.slice(i, i + 2), 16));
    const [r, g, b] = [red, green, blue].map((part) =>
        part <= 10 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    const light = 0.2126 * r + 0.7152 * g + 0.0722 * b; // WCAG's relative luminance
    const paint = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
    return { css, paint, ink: light > 0.179 ? "#000000" : "#ffffff" };
}

// -- the scalp ---------------------------------------------------------------------------------

/** The interpolated scalp: `draw` multiplies the matrix with the values and colours the result. */
function makeScalp(spec, source, onpoint) {
    const { n, reach, within } = spec.head;
    const { weights, nChannels } = source;
    const inside = []; // of the matrix' pixels: where each lies in the square
    for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
            if ((2 * i + 1 - n) ** 2 + (2 * j + 1 - n) ** 2 <= within) inside.push(i * n + j);
        }
    }
    // Of the picture's pixels, in the clipped circle: which, and where in the square.
    const pixels = [];
    const corners = [];
    const parts = [];
    for (let y = 0; y < PIXELS; y++) {
        for (let x = 0; x < PIXELS; x++) {
            const [right, front] = [(2 * x + 1) / PIXELS - 1, 1 - (2 * y + 1) / PIXELS];
            if (right ** 2 + front ** 2 > 1) continue;
            const [column, row] = [((right + 1) / 2) * (n - 1), ((front + 1) / 2) * (n - 1)];
            pixels.push(y * PIXELS + x);
            corners.push(Math.floor(row) * n + Math.floor(column));
            parts.push(column % 1, row % 1);
        }
    }
    const lookup = [Uint32Array.from(pixels), Uint32Array.from(corners), Float32Array.from(parts)];
    const canvas = h("canvas", { width: PIXELS, height: PIXELS, role: "img", "aria-label": "Scalp picture" });
    const context = canvas.getContext("2d");
    const image = context.createImageData(PIXELS, PIXELS);
    const paint = new Uint32Array(image.data.buffer);
    const regions = new Uint8Array((PIXELS + 1) * PIXELS).fill(OUTSIDE);
    const sums = new Float32Array(inside.length);
    const field = new Float32Array(n * n).fill(NaN);

    const dots = spec.places.map(([x, y]) => s("circle", { cx: x, cy: -y, r: 0.02 }));
    const ring = s("circle", { r: 0.055, class: "x-ring" });
    const box = `${-MARGIN} ${-MARGIN} ${2 * MARGIN} ${2 * MARGIN}`;
    const lines = HEAD.map((d) => s("path", { d, class: "x-outline" }));
    const overlay = s("svg", { viewBox: box, "aria-hidden": "true" }, ...lines, ...dots, ring);
    const element = h("div", { class: "x-scalp" }, canvas, overlay);
    const edge = 50 * (1 - reach / MARGIN);
    canvas.style.inset = `${edge}%`;
    canvas.style.width = canvas.style.height = `${100 - 2 * edge}%`;

    const point = (event) => {
        const rectangle = overlay.getBoundingClientRect();
        const x = ((event.clientX - rectangle.left) / rectangle.width) * 2 * MARGIN - MARGIN;
        const y = MARGIN - ((event.clientY - rectangle.top) / rectangle.height) * 2 * MARGIN;
        const far = spec.places.map(([right, front]) => Math.hypot(right - x, front - y));
        const nearest = far.indexOf(Math.min(...far));
        if (far[nearest] < 0.3) onpoint(nearest);
    };
    set(overlay, { onpointermove: point, onpointerdown: point });

    /** The matrix product. The values' mean goes around it, so that rounding cannot touch it. */
    function interpolate(values) {
        const mean = values.reduce((sum, value) => sum + value, 0) / nChannels;
        sums.fill(mean);
        for (let c = 0; c < nChannels; c++) {
            const value = values[c] - mean;
            const begin = c * inside.length;
            for (let p = 0; p < inside.length; p++) sums[p] += value * weights[begin + p];
        }
        for (let p = 0; p < inside.length; p++) field[inside[p]] = sums[p];
    }

    function draw(values, limits, colours, diverging) {
        interpolate(values);
        const [where, from, part] = lookup;
        const every = colours.length / (spec.contours + 1); // shades between two contour lines
        for (let i = 0; i < where.length; i++) {
            const corner = from[i];
            const right = part[2 * i];
            const up = part[2 * i + 1];
            const back = field[corner] * (1 - right) + field[corner + 1] * right;
            const front = field[corner + n] * (1 - right) + field[corner + n + 1] * right;
            const number = shade(back * (1 - up) + front * up, limits, colours.length);
            paint[where[i]] = colours[number].paint;
            regions[where[i]] = Math.floor(number / every);
        }
        // Lines between regions: of a difference none at zero, and dashed below it.
        const middle = (spec.contours + 1) / 2;
        for (let i = 0; i < where.length; i++) {
            const here = where[i];
            const own = regions[here];
            let level = 0;
            const right = regions[here + 1];
            if (right !== own && right !== OUTSIDE) level = Math.max(own, right);
            const below = regions[here + PIXELS];
            if (below !== own && below !== OUTSIDE) level = Math.max(own, below);
            if (!level || (diverging && level === middle)) continue;
            const along = (here % PIXELS) + Math.floor(here / PIXELS);
            if (!diverging || level > middle || along % 14 < 8) paint[here] = LINE;
        }
        context.putImageData(image, 0, 0);
    }

    return {
        element,
        canvas,
        field,
        draw,
        select: (c) => set(ring, { cx: spec.places[c][0], cy: -spec.places[c][1] }),
    };
}

// -- the grid ----------------------------------------------------------------------------------

/** The grid as buttons in their cells; one of them takes part in tabbing, arrow keys move on. */
function makeGrid(spec, onpoint) {
    const [nRows, nColumns] = spec.shape;
    const cells = spec.channels.map((name, c) => {
        const value = h("span", { class: "x-value" });
        const on = () => onpoint(c);
        const events = { onpointerenter: on, onfocus: on, onclick: on };
        const words = h("span", { class: "x-name" }, name);
        const button = h("button", { type: "button", tabindex: "-1", ...events }, words, value);
        button.style.gridArea = `${spec.rows[c] + 1} / ${spec.columns[c] + 1}`;
        return { button, value };
    });
    const taken = new Set(spec.rows.map((row, c) => row * nColumns + spec.columns[c]));
    const empty = [...Array(nRows * nColumns).keys()].filter((place) => !taken.has(place));
    const holes = empty.map((place) => {
        const hole = h("i", {});
        hole.style.gridArea = `${Math.floor(place / nColumns) + 1} / ${(place % nColumns) + 1}`;
        return hole;
    });
    const group = { role: "group", "aria-label": "Electrodes on the grid; arrow keys move" };
    const element = h("div", { class: "x-grid", ...group }, ...holes);
    element.append(...cells.map(({ button }) => button));
    element.style.gridTemplateColumns = `repeat(${nColumns}, 1fr)`;
    element.style.gridTemplateRows = `repeat(${nRows}, 1fr)`;
    element.style.aspectRatio = `${nColumns} / ${nRows}`;

    let current = 0;
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    element.addEventListener("keydown", (event) => {
        const move = moves[event.key];
        if (!move) return;
        event.preventDefault();
        // The nearest electrode on that side, with what lies straight ahead before what is aslant.
        const far = cells.map((_, c) => {
            const down = spec.rows[c] - spec.rows[current];
            const right = spec.columns[c] - spec.columns[current];
            const ahead = down * move[0] + right * move[1];
            const aside = Math.abs(down * move[1]) + Math.abs(right * move[0]);
            return ahead > 0 ? ahead + 3 * aside : Infinity;
        });
        const best = Math.min(...far);
        if (best < Infinity) cells[far.indexOf(best)].button.focus();
    });

    function draw(values, limits, colours, write) {
        cells.forEach(({ button, value }, c) => {
            const colour = colours[shade(values[c], limits, colours.length)];
            button.style.background = colour.css;
            button.style.color = colour.ink;
            value.textContent = write(values[c]);
        });
    }

    function select(c) {
        set(cells[current].button, { tabindex: "-1", "aria-current": null });
        set(cells[c].button, { tabindex: "0", "aria-current": "true" });
        current = c;
    }

    return { element, draw, select };
}

// -- the colour bar ----------------------------------------------------------------------------

/** The colour scale with its ends and its unit, and a mark at the chosen electrode's value. */
function makeBar() {
    const [low, middle, high] = [h("span"), h("span"), h("span")];
    const mark = h("b", { class: "x-mark" });
    const strip = h("div", { class: "x-strip" });
    const unit = h("p", { class: "x-unit" });
    const note = h("p", { class: "x-note" });
    const ends = h("div", { class: "x-ends" }, low, middle, high);
    const element = h("div", { class: "x-bar" }, strip, ends, unit, note);
    let drawn = null;

    function draw(limits, colours, unitWords, limitsWords, write) {
        if (drawn !== colours) {
            const steps = colours.map(({ css }) => h("i", { style: `background: ${css}` }));
            strip.replaceChildren(...steps, mark);
            drawn = colours;
        }
        [low.textContent, high.textContent] = limits.map(write);
        middle.textContent = write((limits[0] + limits[1]) / 2);
        unit.textContent = unitWords;
        note.textContent = limitsWords;
    }

    function point(value, [from, to]) {
        mark.style.left = `${(100 * (value - from)) / (to - from)}%`;
    }

    return { element, draw, point };
}

// -- the time course ---------------------------------------------------------------------------

/** The values of one electrode over time, a line for each group; a click or drag chooses a time. */
function makeChart(ontime) {
    const [left, right, top, bottom, height] = [46, 8, 8, 20, 132];
    const svg = s("svg", { height, role: "img", "aria-label": "Time course" });
    const cursor = s("line", { y1: top, y2: height - bottom, class: "x-cursor" });
    let width = 600;
    let n = 1;
    const across = (t) => left + (n > 1 ? t / (n - 1) : 0.5) * (width - left - right);
    const point = (event) => {
        if (event.type === "pointermove" && !event.buttons) return;
        const x = event.clientX - svg.getBoundingClientRect().left - left;
        const t = Math.round((x / (width - left - right)) * (n - 1));
        ontime(Math.min(n - 1, Math.max(0, t)));
    };
    set(svg, { onpointerdown: point, onpointermove: point });

    function draw(courses, c, timeOf) {
        width = Math.max(200, svg.clientWidth || 600);
        n = Math.min(...courses.map((course) => course.n));
        const lines = courses.map(({ values, mean }) =>
            Array.from({ length: n }, (_, t) => values[t * mean.length + c]),
        );
        const [low, high] = limitsOf(rangeOf(lines.flat()), false);
        const write = writer([low, high], false);
        const y = (value) => top + ((high - value) / (high - low)) * (height - top - bottom);
        const rules = [low, high];
        if (Math.min(high, -low) > 0.15 * (high - low)) rules.push(0);
        const atLeft = rules.flatMap((value) => {
            const d = `M${left} ${y(value)}H${width - right}`;
            const place = { x: left - 5, y: y(value) + 4, "text-anchor": "end" };
            return [s("path", { d, class: "x-rule" }), s("text", place, write(value))];
        });
        const below = [...new Set([0, Math.floor((n - 1) / 2), n - 1])].map((t, i) => {
            const anchor = i === 0 ? "start" : t === n - 1 ? "end" : "middle";
            return s("text", { x: across(t), y: height - 5, "text-anchor": anchor }, timeOf(t));
        });
        const paths = lines.map((line, i) => {
            const points = line.map((value, t) => `${across(t).toFixed(1)} ${y(value).toFixed(1)}`);
            return s("path", { d: `M${points.join("L")}`, class: `x-line x-line-${i}` });
        });
        svg.replaceChildren(...atLeft, ...below, ...paths, cursor);
        set(svg, { viewBox: `0 0 ${width} ${height}` });
        return [low, high].map(write);
    }

    function move(t) {
        const x = t === null ? 0 : across(t);
        set(cursor, { x1: x, x2: x, visibility: t === null ? "hidden" : "visible" }); // a mean has no time
    }

    return { element: svg, draw, move };
}

// -- a picture to keep -------------------------------------------------------------------------

/** Draw grid, scalp and colour bar on white, for a file. */
function pictureOf(spec, { scalp, values, limits, colours, write, words, unit }) {
    const canvas = h("canvas", { width: 1280, height: 830 });
    const context = canvas.getContext("2d");
    const text = (line, x, y, size, align = "left", colour = "#14181d") => {
        context.font = `${size}px sans-serif`;
        context.textAlign = align;
        context.fillStyle = colour;
        context.fillText(line, x, y, 1200);
    };
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    text(spec.title, 40, 56, 28);
    words.forEach((line, i) => text(line, 40, 92 + 28 * i, 19));

    const size = 66;
    const fill = (row, column, css) => {
        context.fillStyle = css;
        context.fillRect(40 + size * column, 160 + size * row, size - 2, size - 2);
    };
    for (let row = 0; row < spec.shape[0]; row++) {
        for (let column = 0; column < spec.shape[1]; column++) fill(row, column, "#e6e6e6");
    }
    spec.channels.forEach((name, c) => {
        const colour = colours[shade(values[c], limits, colours.length)];
        fill(spec.rows[c], spec.columns[c], colour.css);
        const [x, y] = [39 + size * (spec.columns[c] + 0.5), 160 + size * spec.rows[c]];
        text(name, x, y + 28, 18, "center", colour.ink);
        text(write(values[c]), x, y + 50, 16, "center", colour.ink);
    });

    const [middle, centre, radius] = [965, 435, 235];
    const reach = spec.head.reach * radius;
    context.drawImage(scalp.canvas, middle - reach, centre - reach, 2 * reach, 2 * reach);
    context.save();
    context.translate(middle, centre);
    context.scale(radius, radius);
    context.lineWidth = 3 / radius;
    context.strokeStyle = "#14181d";
    for (const d of HEAD) context.stroke(new Path2D(d));
    context.restore();
    context.fillStyle = "#14181d";
    for (const [x, y] of spec.places) {
        context.beginPath();
        context.arc(middle + x * radius, centre - y * radius, 4, 0, 2 * Math.PI);
        context.fill();
    }

    colours.forEach((colour, i) => {
        context.fillStyle = colour.css;
        context.fillRect(340 + (600 / colours.length) * i, 720, 600 / colours.length + 1, 26);
    });
    text(write(limits[0]), 328, 740, 19, "right");
    text(write(limits[1]), 952, 740, 19);
    text(unit, 640, 780, 19, "center");
    return canvas;
}

// -- the whole ---------------------------------------------------------------------------------

async function render({ model, el }) {
    const spec = model.get("spec");
    const source = await unpack(spec, model.get("data"));
    const palettes = Object.fromEntries(
        Object.entries(spec.colours).map(([name, colours]) => [name, colours.map(colourOf)]),
    );
    const trialsOf = Object.fromEntries([
        ...spec.groups.map((group) => [group.name, group.trials]),
        ...spec.trials.map((trial, i) => [trial.name, [i]]),
    ]);
    const told = ({ name, about }) => [name, [name, ...about].join(", ")];
    const aboutOf = Object.fromEntries([...spec.groups, ...spec.trials].map(told));
    const kinds = spec.kinds.map((kind) => kind.name);
    const bands = spec.bands.map((band) => band.name);
    const view = {
        show: spec.trials[0].name,
        minus: "",
        kind: kinds[0],
        band: bands.includes("alpha") ? "alpha" : bands[0],
        time: null, // the mean over all times, or which
        limits: "fixed",
        electrode: spec.channels[0],
    };
    const known = {
        show: (it) => Object.hasOwn(trialsOf, it),
        minus: (it) => it === "" || Object.hasOwn(trialsOf, it),
        kind: (it) => kinds.includes(it),
        band: (it) => bands.includes(it),
        time: (it) => it === null || (Number.isInteger(it) && it >= 0),
        limits: (it) => it === "fixed" || it === "view",
        electrode: (it) => spec.channels.includes(it),
    };
    let now = {}; // what is drawn
    let playing = null;
    let waiting = null;

    // -- numbers for what is shown, each computed once
    const kept = new Map();
    const once = (key, compute) => {
        if (!kept.has(key)) kept.set(key, compute());
        return kept.get(key);
    };
    const planeNow = () => kinds.indexOf(view.kind) * bands.length + bands.indexOf(view.band);
    const course = (name, plane) =>
        once(`${plane} ${name}`, () => courseOf(spec, source, plane, trialsOf[name]));
    const difference = (plane) => subtract(course(view.show, plane), course(view.minus, plane));

    function rangeNow(plane, values, all) {
        if (view.limits === "view") return rangeOf(values);
        if (view.minus && view.time !== null) return once("times", () => rangeOf(all.values));
        if (view.minus) {
            const first = plane - bands.indexOf(view.band);
            const means = bands.flatMap((_, i) => [...difference(first + i).mean]);
            return once("bands", () => rangeOf(means));
        }
        if (view.time !== null) {
            const { offset, step } = spec.planes[plane];
            return [offset, offset + step * (2 ** spec.bits - 1)];
        }
        const means = () => spec.trials.flatMap(({ name }) => [...course(name, plane).mean]);
        return once(`means ${plane}`, () => rangeOf(means()));
    }

    // -- words for what is shown
    const kindNow = () => spec.kinds[kinds.indexOf(view.kind)];
    const bandNow = () => spec.bands[bands.indexOf(view.band)];
    const unitNow = () => (view.minus ? kindNow().difference : kindNow().unit);
    const tidy = (seconds) => String(Number(seconds.toFixed(2)));
    const timeOf = (t) => (spec.onsets ? `${tidy(spec.onsets[t])} s` : `window ${t + 1}`);
    function timeNow() {
        const last = now.all.n - 1;
        const [from, to] = view.time === null ? [0, last] : [view.time, view.time];
        const span = spec.onsets
            ? `${tidy(spec.onsets[from])} to ${tidy(spec.onsets[to] + spec.seconds)} s`
            : from === to
              ? `window ${from + 1}`
              : `windows ${from + 1} to ${to + 1}`;
        return view.time === null ? `mean, ${span}` : span;
    }
    function whatNow() {
        const shown = view.minus ? `${view.show} minus ${view.minus}` : view.show;
        const plane = `${bandNow().words} ${kindNow().words}`.trim();
        return [shown, plane, timeNow()].filter(Boolean).join("; ");
    }
    function extremesNow() {
        const at = (value) => `${now.write(value)} at ${spec.channels[now.values.indexOf(value)]}`;
        return rangeOf(now.values).map(at).join(" to ");
    }
    function limitsWords() {
        if (view.limits === "view") return "Limits of this view.";
        if (view.minus) {
            const where = view.time === null ? "in any band" : "at any time";
            return `Limits: the largest difference ${where}, both ways.`;
        }
        if (view.time !== null) return "Limits of all windows of the recording.";
        return "Limits of all trials' means.";
    }

    // -- the elements
    const [about, caption, reading, legend, rounding] = [
        "about", "caption", "reading", "legend", "note",
    ].map((name) => h("p", { class: `x-${name}` }));
    const status = h("p", { class: "x-hidden", role: "status" });
    const pick = (c) => choose({ electrode: spec.channels[c] });
    const scalp = makeScalp(spec, source, pick);
    const grid = makeGrid(spec, pick);
    const chart = makeChart((time) => choose({ time }));
    const bar = makeBar();
    const offered = {
        Groups: spec.groups.map(told),
        Trials: spec.trials.map(({ name, classes }) => [name, [name, ...classes].join(", ")]),
    };
    const options = (items, words = "words") =>
        Object.fromEntries(items.map((item) => [item.name, item[words]]));
    const fields = {
        show: list("Show", offered, (show) => choose({ show })),
        minus: list("Minus", { "": [["", "nothing"]], ...offered }, (minus) => choose({ minus })),
        kind: choice("Kind", options(spec.kinds), (kind) => choose({ kind })),
        band: choice("Band", options(spec.bands, "name"), (band) => choose({ band })),
        limits: choice("Colour limits", { fixed: "fixed", view: "this view" }, (limits) =>
            choose({ limits }),
        ),
    };
    fields.kind.element.hidden = kinds.length < 2;
    fields.band.element.hidden = bands.length < 2;
    const slider = h("input", { type: "range", min: 0, "aria-label": "Time" });
    slider.addEventListener("input", () => choose({ time: Number(slider.value) }));
    const play = button("Play", () => (playing ? stop() : start()));
    const mean = button("Mean over time", () => {
        stop();
        choose({ time: null });
    });
    const clock = h("span", { class: "x-clock" });
    const speed = list("Speed", { "": [["1", "1 ×"], ["4", "4 ×"], ["16", "16 ×"]] });
    speed.show("4");
    const save = button("Save as PNG", savePicture);
    const named = (name, content) => h("div", {}, h("p", { class: "x-name" }, name), content);
    const label = `Brain-map explorer: ${spec.title}`;
    const one = kinds.length < 2 && bands.length < 2;
    const root = h(
        "div",
        { class: "x-root", role: "group", "aria-label": label },
        h("div", { class: "x-row" }, fields.show.element, fields.minus.element),
        h("div", { class: "x-row", hidden: one }, fields.kind.element, fields.band.element),
        h("div", {}, caption, about),
        h(
            "div",
            { class: "x-maps" },
            named("Grid", grid.element),
            named("Scalp, interpolated between the dots", scalp.element),
        ),
        h("div", { class: "x-row x-scale" }, bar.element, fields.limits.element),
        h("div", { class: "x-row x-time" }, play, slider, clock, mean, speed.element),
        h("div", { class: "x-course" }, reading, chart.element, legend),
        h("div", { class: "x-row x-foot" }, rounding, save),
        status,
    );
    el.classList.add("emolib-explorer");
    el.append(root);

    // -- drawing
    /** What is the same at all times. */
    function drawChoice() {
        for (const [name, field] of Object.entries(fields)) field.show(view[name]);
        const shown = [view.show, view.minus].filter(Boolean);
        const single = (name) => spec.trials.find((it) => it.name === name)?.about.length;
        about.textContent = shown.filter(single).map((name) => aboutOf[name]).join("; ");
        const keys = shown.map((name, i) => h("span", { class: `x-key x-key-${i}` }, name));
        legend.replaceChildren(...keys);
        const plane = planeNow();
        now.shown = course(view.show, plane);
        now.taken = view.minus ? course(view.minus, plane) : null;
        now.all = now.taken ? difference(plane) : now.shown;
        now.colours = palettes[view.minus ? "diverging" : "sequential"];
        const step = Number(spec.planes[plane].step.toPrecision(2));
        rounding.textContent = [
            `Values are rounded to steps of ${step} (${spec.bits} bits).`,
            ...spec.notes,
        ].join(" ");
    }

    /** The maps at one time, or their mean. */
    function drawMaps() {
        const diverging = Boolean(view.minus);
        const n = spec.channels.length;
        if (view.time !== null) view.time = Math.min(view.time, now.all.n - 1);
        const { all, colours } = now;
        const begin = view.time * n;
        now.values = view.time === null ? all.mean : all.values.subarray(begin, begin + n);
        now.limits = limitsOf(rangeNow(planeNow(), now.values, all), diverging);
        now.write = writer(now.limits, diverging);
        grid.draw(now.values, now.limits, colours, now.write);
        scalp.draw(now.values, now.limits, colours, diverging);
        bar.draw(now.limits, colours, unitNow(), limitsWords(), now.write);
        clock.textContent = timeNow();
        caption.textContent = whatNow();
        set(slider, { max: all.n - 1, "aria-valuetext": timeNow() });
        slider.value = view.time ?? 0;
        set(mean, { "aria-pressed": String(view.time === null) });
        chart.move(view.time);
        drawReading();
    }

    /** The chosen electrode's value, in words and on the colour bar. */
    function drawReading() {
        const c = spec.channels.indexOf(view.electrode);
        const at = (course) =>
            view.time === null ? course.mean[c] : course.values[view.time * course.mean.length + c];
        const write = writer(now.limits, false, 1);
        const value = writer(now.limits, Boolean(view.minus), 1)(at(now.all));
        const parts = now.taken ? `, from ${write(at(now.shown))} and ${write(at(now.taken))}` : "";
        reading.replaceChildren(h("b", {}, view.electrode), ` ${value}${parts} (${unitNow()})`);
        bar.point(at(now.all), now.limits);
    }

    function drawElectrode() {
        const c = spec.channels.indexOf(view.electrode);
        grid.select(c);
        scalp.select(c);
        drawCourse();
        drawReading();
    }

    function drawCourse() {
        const c = spec.channels.indexOf(view.electrode);
        const ends = chart.draw([now.shown, now.taken].filter(Boolean), c, timeOf);
        const words = `${view.electrode} over time, from ${ends.join(" to ")} (${kindNow().unit})`;
        set(chart.element, { "aria-label": words });
        chart.move(view.time);
    }

    // -- what a reader, or the kernel, does
    /** Change what is shown; a name that this recording does not have changes nothing. */
    function choose(change) {
        const changed = Object.keys(known).filter(
            (name) => name in change && change[name] !== view[name] && known[name](change[name]),
        );
        if (!changed.length) return;
        for (const name of changed) view[name] = change[name];
        const of = (...them) => changed.some((name) => them.includes(name));
        const data = of("show", "minus", "kind", "band");
        if (data) for (const ofOthers of ["times", "bands"]) kept.delete(ofOthers);
        if (data || of("limits")) drawChoice();
        if (data || of("limits", "time")) drawMaps();
        if (data || of("electrode")) drawElectrode();
        // The slider and the electrodes tell their own values when they have the focus.
        tell(data || of("limits") || (of("time") && view.time === null));
    }

    /** After a while of quiet, tell the kernel; those who listen only if it is news to them. */
    function tell(news) {
        clearTimeout(waiting);
        waiting = setTimeout(() => {
            if (playing) return;
            const words = `${whatNow()}. From ${extremesNow()} (${unitNow()}).`;
            set(scalp.canvas, { "aria-label": `Scalp picture. ${words}` });
            if (news) status.textContent = words;
            model.set("view", { ...view });
            model.save_changes();
        }, QUIET);
    }

    function start() {
        if (view.time === null || view.time >= now.all.n - 1) choose({ time: 0 });
        play.textContent = "Pause";
        const tick = () => {
            choose({ time: view.time + 1 });
            if (view.time >= now.all.n - 1) stop();
            else wait();
        };
        const wait = () => {
            const pace = (1000 * (spec.seconds ?? 0.5)) / Number(speed.value());
            const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
            playing = setTimeout(tick, calm ? Math.max(pace, CALM) : pace);
        };
        wait();
    }

    function stop() {
        if (!playing) return;
        clearTimeout(playing);
        playing = null;
        play.textContent = "Play";
        tell(true);
    }

    function savePicture() {
        const shown = [view.show, view.minus].filter(Boolean);
        const words = [whatNow(), shown.map((name) => aboutOf[name]).join("; ")];
        const canvas = pictureOf(spec, { ...now, scalp, words, unit: unitNow() });
        canvas.toBlob((blob) => {
            const name = `${spec.title} ${whatNow()}`.replace(/[^\p{L}\p{N}.]+/gu, "-");
            const link = h("a", { href: URL.createObjectURL(blob), download: `${name}.png` });
            link.click();
            setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
            status.textContent = "Saved.";
        });
    }

    for (const [name, wanted] of Object.entries(model.get("view") ?? {})) {
        if (Object.hasOwn(known, name) && known[name](wanted)) view[name] = wanted;
    }
    drawChoice();
    drawMaps();
    drawElectrode();
    tell(false);
    const follow = () => choose(model.get("view"));
    model.on("change:view", follow);
    const observer = new ResizeObserver(drawCourse);
    observer.observe(chart.element);
    root.explorer = { view, choose, drawn: () => now, field: scalp.field }; // for scripts and tests
    return () => {
        [playing, waiting].forEach(clearTimeout);
        model.off?.("change:view", follow);
        observer.disconnect();
    };
}

export default { render };
