// A deck: reveal.js moves between the slides, and what would not fit on one is made smaller.

const SMALLEST = 0.6; // of the letters of a slide
const LARGEST = 1.3; // of what can be touched
const PATIENCE = 4000; // milliseconds until all that a slide shows is there

/** Make the letters of a slide smaller, or what can be touched, until all of it is within. */
function fit(slide, from) {
  const body = slide.querySelector(".body");
  const touched = body.querySelector(".emolib-explorer");
  for (let size = from ?? (touched ? LARGEST : 1); size >= SMALLEST; size -= 0.04) {
    if (touched) body.style.zoom = size;
    else body.style.setProperty("--fit", size);
    slide.dataset.fits = size;
    if (body.scrollHeight <= body.clientHeight + 1 && body.scrollWidth <= body.clientWidth + 1) return;
  }
}

/** Keys are the slide's, unless they are meant for what can be touched on it. */
const keyboardCondition = ({ key }) =>
  key === "Escape" || !document.activeElement?.closest(".emolib-explorer");

/** Fit a slide as soon as what it shows is there: formulas are set, and benches drawn, later. */
function settle(slide, until = performance.now() + PATIENCE) {
  const body = slide?.querySelector(".body");
  if (!body) return;
  const waits = slide.querySelector(".math:not(:has(mjx-container))")
    || (slide.classList.contains("bench") && !slide.querySelector(".emolib-explorer > *"));
  if (waits && performance.now() < until) requestAnimationFrame(() => settle(slide, until));
  else {
    fit(slide);
    const touched = slide.querySelector(".emolib-explorer > *");
    // It is drawn bit by bit, and tells more as it is used; then it may only become smaller.
    const again = () => fit(slide, performance.now() < until ? LARGEST : Number(slide.dataset.fits));
    if (touched) new ResizeObserver(again).observe(touched);
  }
}

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
  const onPaper = Reveal.isPrintView?.() ?? Reveal.isPrintingPDF();
  (onPaper ? Reveal.getSlides() : [Reveal.getCurrentSlide()]).forEach((slide) => settle(slide));
});
Reveal.on("slidechanged", ({ currentSlide }) => settle(currentSlide));
