// A deck: reveal.js moves between the slides, and what would not fit on one is made smaller.

const LETTERS = [1, 0.94, 0.88, 0.82, 0.76, 0.7, 0.65, 0.6]; // sizes of a slide's letters, tried in turn
const TOUCHED = [1.3, 1.2, 1.1, 1, 0.92, 0.84, 0.76, 0.68, 0.6]; // and of what can be touched
const PATIENCE = 4000; // milliseconds until all that a slide shows is there

const frame = () => new Promise((done) => requestAnimationFrame(done));

/** Try sizes in turn until all of a slide is within it. */
async function fit(slide, sizes) {
  const body = slide.querySelector(".body");
  const touched = slide.classList.contains("bench");
  for (const size of sizes) {
    if (touched) body.style.zoom = size;
    else body.style.setProperty("--fit", size);
    for (let wait = 0; touched && wait < 4; wait += 1) await frame(); // charts are drawn anew
    slide.dataset.fits = size;
    if (body.scrollHeight <= body.clientHeight + 1 && body.scrollWidth <= body.clientWidth + 1) break;
  }
}

/** Fit a slide once what it shows is there: formulas are set, and benches drawn, later. */
async function settle(slide) {
  const body = slide.querySelector(".body");
  if (!body || slide.dataset.begun) return;
  slide.dataset.begun = "";
  const touched = slide.classList.contains("bench");
  const lacks = () => slide.querySelector(".math:not(:has(mjx-container))")
    || (touched && !slide.querySelector(".emolib-explorer > *"));
  const until = performance.now() + PATIENCE;
  while (lacks() && performance.now() < until) await frame();
  await fit(slide, touched ? TOUCHED : LETTERS);
  slide.dataset.settled = "";
  if (!touched || !slide.querySelector(".emolib-explorer > *")) return;
  // It tells more as it is used: then it may become smaller, but does not jump back.
  let busy = false;
  new ResizeObserver(async () => {
    if (busy || body.scrollHeight <= body.clientHeight + 1) return;
    busy = true;
    await fit(slide, TOUCHED.filter((size) => size <= Number(slide.dataset.fits)));
    busy = false;
  }).observe(slide.querySelector(".emolib-explorer > *"));
}

/** Keys are the slide's, unless they are meant for what can be touched on it. */
const keyboardCondition = ({ key }) =>
  key === "Escape" || !document.activeElement?.closest(".emolib-explorer");

// The window with the notes has no looks of MathJax, and would show what it tells screen readers.
window.MathJax = {
  startup: {
    pageReady: () => MathJax.startup.defaultPageReady().then(() => {
      document.querySelectorAll("aside.notes mjx-assistive-mml").forEach((told) => told.remove());
    }),
  },
};

Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  maxScale: 4,
  center: false,
  display: "flex",
  hash: true,
  slideNumber: "c/t",
  transition: "none",
  keyboardCondition,
  pdfMaxPagesPerSlide: 1,
  plugins: [RevealNotes],
});
Reveal.on("ready", () => {
  (Reveal.isPrintView() ? Reveal.getSlides() : [Reveal.getCurrentSlide()]).forEach(settle);
});
Reveal.on("slidechanged", ({ currentSlide }) => settle(currentSlide));
