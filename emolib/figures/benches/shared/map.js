// A brain map on the electrode grid, small and still.

import { tidy } from "./chart.js";
import { h, s, set } from "./elements.js";

const CELL = 30;

/** Make a map of `{ shape, rows, columns, channels }`; `draw` colours it. */
export function makeMap({ shape, rows, columns, channels }, colours, name) {
    const [nRows, nColumns] = shape;
    const cells = channels.map((_, c) => s("rect", {
        x: columns[c] * CELL, y: rows[c] * CELL, width: CELL - 1, height: CELL - 1,
    }));
    const names = channels.map((channel, c) => s("text", {
        x: columns[c] * CELL + CELL / 2, y: rows[c] * CELL + CELL / 2 + 4, "text-anchor": "middle",
    }, channel));
    const svg = s("svg", { role: "img", class: "b-map", viewBox: `0 0 ${nColumns * CELL} ${nRows * CELL}` }, ...cells, ...names);
    const strip = h("span", { class: "b-strip", "aria-hidden": "true" });
    const [low, high] = [h("span"), h("span")];
    const title = h("p", { class: "x-name" });
    const element = h("div", { class: "b-panel" }, title, svg, h("p", { class: "b-scale" }, low, strip, high));

    /** Colour the cells by values; a scale about zero has two colours. */
    function draw(values, { diverging, unit, words, marked }) {
        const top = Math.max(...values);
        const least = Math.min(...values);
        const reach = Math.max(Math.abs(top), Math.abs(least)) || 1;
        const limits = diverging ? [-reach, reach] : [least, top > least ? top : least + 1];
        const shades = colours[diverging ? "diverging" : "sequential"];
        values.forEach((value, c) => {
            const share = (value - limits[0]) / (limits[1] - limits[0]);
            const shade = Math.min(shades.length - 1, Math.max(0, Math.floor(share * shades.length)));
            const rgb = [1, 3, 5].map((i) => parseInt(shades[shade].slice(i, i + 2), 16));
            const light = (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) / 255;
            set(cells[c], { fill: shades[shade], class: c === marked ? "b-marked" : null });
            names[c].style.fill = light > 0.5 ? "#000000" : "#ffffff";
        });
        strip.replaceChildren(...shades.map((shade) => h("i", { style: `background: ${shade}` })));
        [low.textContent, high.textContent] = limits.map(tidy);
        title.textContent = `${name} (${unit})`;
        const at = (value) => `${tidy(value)} at ${channels[values.indexOf(value)]}`;
        set(svg, { "aria-label": `${name}: from ${at(least)} to ${at(top)}, ${unit}. ${words}` });
    }
    return { element, draw };
}
