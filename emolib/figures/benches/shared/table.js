// A reader's own numbers: a file of comma-separated values, dropped or chosen.

import { h } from "./elements.js";

/** Read columns of numbers by their names; a file without a header has columns "1", "2", ... */
function columnsOf(text) {
    const lines = text.split(/\r?\n/).filter((line) => line.trim());
    if (!lines.length) throw new Error("The file is empty.");
    const sign = [",", ";", "\t"].find((it) => lines[0].includes(it)) ?? ",";
    const rows = lines.map((line) => line.split(sign).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")));
    const headed = rows[0].some((cell) => Number.isNaN(Number(cell)));
    const names = headed ? rows.shift() : rows[0].map((_, i) => String(i + 1));
    const columns = names.map(() => new Float64Array(rows.length));
    rows.forEach((row, i) => {
        if (row.length !== names.length) {
            throw new Error(`Row ${i + 1} has ${row.length} cells; the first line has ${names.length}.`);
        }
        row.forEach((cell, c) => {
            columns[c][i] = Number(cell);
            if (cell === "" || !Number.isFinite(columns[c][i])) {
                throw new Error(`Row ${i + 1}, column ${names[c]}: "${cell}" is no number.`);
            }
        });
    });
    return Object.fromEntries(names.map((name, c) => [name, columns[c]]));
}

/** A place to drop a file: `words` say what it holds; `take(columns)` returns what was made of it. */
export function makeDrop({ words, take, parse = columnsOf }) {
    const told = h("p", { class: "b-told", role: "status" });
    const input = h("input", { type: "file", accept: ".csv,.tsv,.txt", class: "x-hidden" });
    const read = async (file) => {
        try {
            told.textContent = take(parse(await file.text()), file.name);
        } catch (error) {
            told.textContent = `${file.name} cannot be used. ${error.message}`;
        }
    };
    input.addEventListener("change", () => {
        if (input.files.length) read(input.files[0]);
        input.value = ""; // so that the same file can be chosen again once it is mended
    });
    const label = h("label", { class: "b-file" }, input, "Choose a file");
    const box = h("div", { class: "b-drop" }, h("p", {}, h("b", {}, "Your own data. "), words), label, told);
    box.addEventListener("dragover", (event) => event.preventDefault());
    box.addEventListener("drop", (event) => {
        event.preventDefault();
        if (event.dataTransfer.files.length) read(event.dataTransfer.files[0]);
    });
    return box;
}
