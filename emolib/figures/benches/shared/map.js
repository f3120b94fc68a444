// A brain map on the electrode grid, small and still.

import { tidy } from "./chart.js";
import { h, s, set } from "./elements.js";

const CELL = 30;

export const rgbOf = (shade) => [1, 3, 5].map((i) => parseInt(shade.slice(i, i + 2), 16));

/** Black or white, whichever is read on a shade. */
function inkOn(shade) {
    const [red, green, blue] = rgbOf(shade);
    return 0.299 * red + 0.587 * green + 0.114 * blue > 127.5 ? "#000000" : "#ffffff";
}

/**
 * Make a map of `{ shape, rows, columns, channels }`; `draw` colours it. `onpoint` and `onpress` are
 * told which cell a pointer is over, or presses.
 */
export function makeMap({ shape, rows, columns, channels }, colours, name, onpoint, onpress) {
    const [nRows, nColumns] = shape;
    const cells = channels.map((_, c) => s("rect", {
        x: columns[c] * CELL, y: rows[c] * CELL, width: CELL - 1, height: CELL - 1,
    }));
    const names = channels.map((channel, c) => s("text", {
        x: columns[c] * CELL + CELL / 2, y: rows[c] * CELL + CELL / 2 + 4, "text-anchor": "middle",
    }, channel));
    cells.forEach((cell, c) => {
        if (onpoint) set(cell, { onpointerenter: () => onpoint(c) });
        if (onpress) set(cell, { onpointerdown: () => onpress(c) });
    });
    const svg = s("svg", { role: "img", "aria-label": name, class: onpress ? "b-map b-press" : "b-map", viewBox: `0 0 ${nColumns * CELL} ${nRows * CELL}` }, ...cells, ...names);
    const strip = h("span", { class: "b-strip", "aria-hidden": "true" });
    const [low, high] = [h("span"), h("span")];
    const title = h("p", { class: "x-name" }, name);
    const element = h("div", { class: "b-panel" }, title, svg, h("p", { class: "b-scale" }, low, strip, high));

    let strips = null; // the colours that the strip shows

    /** Colour the cells by values; a scale about zero has two colours. */
    function draw(values, { diverging, unit, words, marked }) {
        const top = Math.max(...values);
        const least = Math.min(...values);
        const reach = Math.max(Math.abs(top), Math.abs(least)) || 1;
        const limits = diverging ? [-reach, reach] : [least, top > least ? top : least + 1];
        const shades = colours[diverging ? "diverging" : "sequential"];
        values.forEach((value, c) => {
            const share = (value - limits[0]) / (limits[1] - limits[0]);
            const shade = shades[Math.min(shades.length - 1, Math.max(0, Math.floor(share * shades.length)))];
            set(cells[c], { fill: shade, class: c === marked ? "b-marked" : null });
            if (channels[c]) names[c].style.fill = inkOn(shade);
        });
        if (strips !== shades) strip.replaceChildren(...shades.map((shade) => h("i", { style: `background: ${shade}` })));
        strips = shades;
        [low.textContent, high.textContent] = limits.map(tidy);
        title.textContent = `${name} (${unit})`;
        const place = (c) => channels[c] || `row ${rows[c] + 1}, column ${columns[c] + 1}`;
        const at = (value) => `${tidy(value)} at ${place(values.indexOf(value))}`;
        set(svg, { "aria-label": `${name}: from ${at(least)} to ${at(top)}, ${unit}. ${words}` });
    }
    return { element, draw };
}
