// Questions on a page: a button checks the answer that was given, and says why it is right or wrong.
// What is said stands in the folded answers, which is all that is there without JavaScript.

/** Read a number as people write it. A comma may be a point, or stand between thousands. */
function numbers(text) {
  const plain = text.replace(/\s/g, "").replace("\u2212", "-");
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

document.addEventListener("DOMContentLoaded", () => {
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
