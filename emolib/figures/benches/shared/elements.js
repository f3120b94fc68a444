// HTML and SVG elements, and the controls that the explorer and the benches share.
//
// Whatever comes from a file becomes text, never markup: elements are made by `h` and `s` alone.

const CONTROLS = new Set(["button", "input", "select"]);

/** Make an HTML element; strings among its children become text. */
export function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    set(element, attributes);
    // JupyterLab would take arrow keys, Enter and letters for commands to the notebook.
    if (CONTROLS.has(tag)) set(element, { "data-lm-suppress-shortcuts": true });
    element.append(...children);
    return element;
}

/** Make an SVG element. */
export function s(tag, attributes = {}, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    set(element, attributes);
    element.append(...children);
    return element;
}

export function set(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else if (value === false || value === null) element.removeAttribute(name);
        else element.setAttribute(name, value === true ? "" : value);
    }
}

/** A few options side by side, as radio buttons: `options` maps values to words. */
export function choice(name, options, onchoose) {
    const group = `x-${Math.random().toString(36).slice(2)}`;
    const inputs = Object.entries(options).map(([value, words]) => {
        const onchange = () => onchoose(value);
        const input = h("input", { type: "radio", name: group, value, onchange });
        return [input, h("label", {}, input, h("span", {}, words))];
    });
    const buttons = h("div", { class: "x-segments" }, ...inputs.map(([, label]) => label));
    return {
        element: h("fieldset", { class: "x-field" }, h("legend", {}, name), buttons),
        show: (value) => inputs.forEach(([input]) => (input.checked = input.value === value)),
    };
}

/** Many options in a list: `groups` maps headings to lists of [value, words]. */
export function list(name, groups, onchoose) {
    const select = h("select", { onchange: () => onchoose?.(select.value) });
    for (const [heading, options] of Object.entries(groups)) {
        const made = options.map(([value, words]) => h("option", { value }, words));
        select.append(...(heading ? [h("optgroup", { label: heading }, ...made)] : made));
    }
    const element = h("label", { class: "x-field" }, h("span", {}, name), select);
    return { element, show: (value) => (select.value = value), value: () => select.value };
}

export const button = (words, onclick) => h("button", { type: "button", onclick }, words);
