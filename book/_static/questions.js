// Questions on a page: a button checks the answer that was given, and says why it is right or wrong.
// What is said stands in the folded answers, which is all that is there without JavaScript. One question
// of a group is shown at a time; the others are found by the browser's search, and printed.

/** Read a number as people write it: with its unit, a comma for a point or between thousands. */
function numbers(text) {
  const plain = text.replace(/\s/g, "").replace("\u2212", "-").replace(/\D+$/, "");
  return plain ? [plain.replace(",", "."), plain.replaceAll(",", "")].map(Number) : [Number.NaN];
}

/** Return what is said to the answer that was given: to its place, or to a number near it. */
function reply(question, said) {
  const options = [...question.querySelectorAll("input[type=radio]")];
  if (options.length) return said[options.findIndex((option) => option.checked)];
  const read = numbers(question.querySelector("input").value);
  if (read.every(Number.isNaN)) return undefined;
  const near = ({ value, tolerance }) => read.some((x) => Math.abs(x - value) <= tolerance);
  return said.find(({ dataset }) => near(dataset)) ?? said.at(-1);
}

/** Show one question of a group, and a button for each. */
function oneAtATime(group) {
  const questions = [...group.querySelectorAll(".emolib-question")];
  if (questions.length < 2) return;
  const steps = document.createElement("p");
  steps.className = "emolib-steps";
  steps.append("Question ");
  const buttons = questions.map(({ dataset }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = dataset.number;
    button.setAttribute("aria-label", `Question ${dataset.number}`);
    steps.append(button);
    return button;
  });
  const show = (chosen) => {
    questions.forEach((question, i) => {
      if (i === chosen) question.removeAttribute("hidden");
      else question.setAttribute("hidden", "until-found");
      buttons[i].setAttribute("aria-pressed", i === chosen);
    });
  };
  questions.forEach((question, i) => {
    buttons[i].addEventListener("click", () => show(i));
    question.addEventListener("beforematch", () => show(i));
  });
  questions[0].before(steps);
  show(0);
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".emolib-questions").forEach(oneAtATime);
  for (const question of document.querySelectorAll(".emolib-question")) {
    const answers = question.querySelector("details");
    const button = document.createElement("button");
    const told = document.createElement("p");
    button.type = "button";
    button.textContent = "Check";
    told.setAttribute("role", "status");
    answers.before(button, told);
    const check = () => {
      const found = reply(question, [...answers.querySelectorAll("li")]);
      told.innerHTML = found?.innerHTML ?? "Choose an answer, or enter a number, first.";
    };
    button.addEventListener("click", check);
    question.addEventListener("keydown", ({ key, target }) => {
      if (key === "Enter" && target.matches("input")) check();
    });
  }
});
