// Long computations beside the page: in a worker made from text, or else in slices of time.

const SLICE = 12; // milliseconds of work before the page may draw again

/**
 * Run `functions[0](input)`, a generator: what it yields goes to `onstep`, what it returns to
 * `onend`. The other functions are those that it calls: a worker knows nothing else. Returns a
 * function that stops it.
 */
export function work(functions, input, { onstep = () => {}, onend }) {
    const text = `${functions.map(String).join("\n")}
        onmessage = ({ data }) => {
            const steps = ${functions[0].name}(data);
            for (let it = steps.next(); ; it = steps.next()) {
                postMessage(it);
                if (it.done) return;
            }
        };`;
    const take = ({ done, value }) => (done ? onend(value) : onstep(value));
    let timer = null;
    const slices = () => {
        const steps = functions[0](input);
        const slice = () => {
            const end = performance.now() + SLICE;
            let it = steps.next();
            while (!it.done && performance.now() < end) it = steps.next();
            if (!it.done) timer = setTimeout(slice);
            take(it);
        };
        timer = setTimeout(slice);
    };
    let worker = null;
    try {
        const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
        worker = new Worker(address);
        worker.onmessage = ({ data }) => {
            if (data.done) {
                worker.terminate();
                URL.revokeObjectURL(address);
            }
            take(data);
        };
        worker.onerror = (event) => {
            event.preventDefault();
            worker.terminate();
            slices();
        };
        worker.postMessage(input);
    } catch {
        slices();
    }
    return () => {
        worker?.terminate();
        clearTimeout(timer);
    };
}
