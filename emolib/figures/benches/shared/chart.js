// A chart in SVG: axes with ticks, and layers of lines, points, bars, spans and rules.

import { h, s, set } from "./elements.js";

const DOT = "h.01"; // a line without length is not printed where its ends are square
const SIGNS = { points: `M9 6${DOT}`, bars: "M2 1H16V11H2Z" }; // in a legend
const EDGES = { left: 46, right: 10, top: 8, bottom: 34 };

/** Round numbers within a range: 1, 2 or 5 times a power of ten apart; or those powers on a log axis. */
function ticksOf(range, log, wanted) {
    const [low, high] = range[0] < range[1] ? range : [range[1], range[0]];
    if (log) {
        const found = [];
        for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
            for (const part of [1, 2, 5]) found.push(part * 10 ** power);
        }
        return found.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
    }
    const rough = (high - low) / wanted;
    const size = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((part) => part * size >= rough) * size;
    const first = Math.ceil(low / step - 1e-9);
    const count = Math.floor(high / step + 1e-9) - first + 1;
    return Array.from({ length: Math.max(0, count) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Write a number in four figures at most; what is left of a sum that cancels is zero. */
export const tidy = (value) => String(Number((Math.abs(value) < 1e-12 ? 0 : value).toPrecision(4))).replace("-", "−");

/** A layer of a chart that joins points. */
export const line = (xs, ys, css, name) => ({ kind: "line", xs, ys, css, name });

/**
 * Make a chart. `x` and `y` are `{ words, log }`; `handles`, if given, are what can be dragged along
 * x: their names, to be told to `ondrag(name, x)`.
 */
export function makeChart({ name, x, y, height = 190, ondrag }) {
    const svg = s("svg", { role: "img", class: "b-chart", "aria-label": name });
    const title = h("p", { class: "x-name" }, name);
    const legend = h("p", { class: "x-legend" });
    const element = h("div", { class: "b-panel" }, title, svg, legend);
    let last = null;
    let width = 320; // until it is known; to ask for it at each frame would cost a layout each
    let place = null;
    let grabbed = null;

    const scaleOf = ([low, high], log, from, to) => {
        const f = log ? Math.log : (value) => value;
        const slope = (to - from) / (f(high) - f(low));
        const scale = (value) => from + (f(value) - f(low)) * slope;
        scale.back = (pixel) => (log ? Math.exp : (value) => value)((pixel - from) / slope + f(low));
        return scale;
    };

    const path = (points, css) => s("path", { d: points.join(""), class: css });

    function shapeOf(layer, X, Y, limits) {
        const { kind, xs, ys, css = "b-first" } = layer;
        if (kind === "line" || kind === "points") {
            const [from, to] = limits.x;
            const points = Array.from(xs, (value, i) => [value, ys[i]]).filter(
                ([a, b]) => a >= from && a <= to && Number.isFinite(b),
            );
            const at = points.map(([a, b]) => `${X(a).toFixed(2)} ${Y(b).toFixed(2)}`);
            if (kind === "line") return path(at.map((it, i) => (i ? "L" : "M") + it), `b-line ${css}`);
            return path(at.map((it) => `M${it}${DOT}`), `b-points ${css}`);
        }
        if (kind === "bars") {
            const half = layer.width / 2;
            const zero = Y(Math.max(limits.y[0], 0));
            return path(
                Array.from(xs, (value, i) =>
                    `M${X(value - half)} ${zero}V${Y(ys[i])}H${X(value + half)}V${zero}Z`),
                `b-bars ${css}`,
            );
        }
        if (kind === "span") {
            const [a, b, c, d] = layer.box ?? [layer.from, layer.to, ...limits.y];
            return path([`M${X(a)} ${Y(c)}V${Y(d)}H${X(b)}V${Y(c)}Z`], `b-span ${css}`);
        }
        if (kind === "area") {
            const upper = xs.map((value, i) => `${X(value)} ${Y(layer.high[i])}`);
            const lower = xs.map((value, i) => `${X(value)} ${Y(layer.low[i])}`).reverse();
            return path([`M${[...upper, ...lower].join("L")}Z`], `b-span ${css}`);
        }
        // A rule across the chart, with words beside it.
        const upright = layer.x !== undefined;
        const at = upright ? X(layer.x) : Y(layer.y);
        const [end, right] = [height - EDGES.bottom, width - EDGES.right];
        const line = path([upright ? `M${at} ${EDGES.top}V${end}` : `M${EDGES.left} ${at}H${right}`],
            `b-rule ${css}`);
        const late = upright && at > (width * 2) / 3;
        const words = s("text", {
            x: upright ? at + (late ? -4 : 4) : layer.left ? EDGES.left + 4 : right - 2,
            y: upright ? EDGES.top + 10 + 13 * (layer.row ?? 0) : at - 4,
            "text-anchor": (upright && !late) || layer.left ? "start" : "end",
        }, layer.words ?? "");
        return s("g", {}, line, words);
    }

    /**
     * Draw `{ x: [low, high], y: [low, high], layers, words, handles, veiled }`: `words` describe it,
     * and what is veiled asks for a guess.
     */
    function draw(what = last) {
        last = what;
        if (!what) return;
        if (what.equal) {
            // A unit is as long on both axes: the wider axis gets the wider range.
            const ratio = (width - EDGES.left - EDGES.right) / (height - EDGES.top - EDGES.bottom);
            what = { ...what, x: what.y.map((end) => end * ratio) };
        }
        const X = scaleOf(what.x, x.log, EDGES.left, width - EDGES.right);
        const Y = scaleOf(what.y, y.log, height - EDGES.bottom, EDGES.top);
        place = X;
        const [end, right] = [height - EDGES.bottom, width - EDGES.right];
        const axes = [path([`M${EDGES.left} ${EDGES.top}V${end}H${right}`], "b-axis")];
        const format = (axis, tick) => (axis.format ?? tidy)(tick);
        for (const tick of what.xticks ?? ticksOf(what.x, x.log, width / 70)) {
            const at = { x: X(tick), y: end + 14, "text-anchor": "middle" };
            axes.push(s("text", at, format(x, tick)));
        }
        for (const tick of what.yticks ?? ticksOf(what.y, y.log, height / 40)) {
            axes.push(path([`M${EDGES.left} ${Y(tick)}H${right}`], "b-grid"));
            axes.push(s("text", { x: EDGES.left - 5, y: Y(tick) + 4, "text-anchor": "end" }, format(y, tick)));
        }
        axes.push(s("text", { x: right, y: height - 3, "text-anchor": "end" }, x.words));
        if (what.veiled) {
            const middle = { x: (EDGES.left + right) / 2, y: height / 2 - 16, "text-anchor": "middle", class: "b-veil" };
            axes.push(s("text", middle, "Guess first"));
        }
        const handles = (what.handles ?? []).map((handle) =>
            s("rect", { x: X(handle.x) - 5, y: height / 2 - 26, width: 10, height: 36, rx: 4, class: "b-handle" }));
        set(svg, { viewBox: `0 0 ${width} ${height}`, "aria-label": `${name}. ${what.words}` });
        title.textContent = y.words ? `${name} (${y.words})` : name;
        const named = what.layers.filter((layer) => layer.name);
        legend.replaceChildren(...named.map((layer) => {
            const sign = s("path", { d: SIGNS[layer.kind] ?? "M1 6H17", class: `b-${layer.kind} ${layer.css ?? "b-first"}` });
            return h("span", { class: "b-key" }, s("svg", { viewBox: "0 0 18 12", width: 18, height: 12, "aria-hidden": "true" }, sign), layer.name);
        }));
        const clip = { x: EDGES.left, y: EDGES.top, width: right - EDGES.left, height: end - EDGES.top };
        const shapes = what.layers.map((layer) => shapeOf(layer, X, Y, what));
        const frame = s("svg", { ...clip, viewBox: Object.values(clip).join(" ") }, ...shapes);
        svg.replaceChildren(...axes, frame, ...handles);
    }

    const pointed = (event) => {
        const box = svg.getBoundingClientRect();
        return place.back(((event.clientX - box.left) / box.width) * width);
    };
    if (ondrag) {
        svg.classList.add("b-drag");
        svg.addEventListener("pointerdown", (event) => {
            const at = pointed(event);
            const far = (handle) => Math.abs(place(handle.x) - place(at));
            grabbed = last.handles.reduce((best, it) => (far(it) < far(best) ? it : best)).name;
            svg.setPointerCapture(event.pointerId);
            ondrag(grabbed, at);
        });
        svg.addEventListener("pointermove", (event) => grabbed && ondrag(grabbed, pointed(event)));
        for (const it of ["pointerup", "pointercancel"]) svg.addEventListener(it, () => (grabbed = null));
    }
    const observer = new ResizeObserver(() => {
        const wide = Math.max(220, svg.clientWidth);
        if (!svg.clientWidth || wide === width) return;
        width = wide;
        draw();
    });
    observer.observe(svg);
    return { element, draw, stop: () => observer.disconnect() };
}

/** Limits of an axis that hold some numbers, with a little room. */
export function limitsOf(values, { zero = false } = {}) {
    let [low, high] = zero ? [0, 0] : [Infinity, -Infinity];
    for (const value of values) {
        if (value < low) low = value;
        if (value > high) high = value;
    }
    if (!(high > low)) return Number.isFinite(low) ? [low - 1, low + 1] : [0, 1];
    const room = 0.06 * (high - low);
    return [zero && low === 0 ? 0 : low - room, high + room];
}
