"use strict";
(() => {
  const form = document.getElementById("filter");
  const theorems = [...document.querySelectorAll(".theorem")].map((element) => ({
    element,
    text: element.querySelector("summary code").textContent.toLowerCase() + " " +
      element.querySelector(".place").textContent.toLowerCase(),
    project: element.dataset.project,
    outcomes: element.dataset.outcomes.split(" "),
  }));
  const fits = (outcomes, wanted) => {
    const proved = outcomes.filter((one) => one === "proved").length;
    const tried = outcomes.filter((one) => one !== "none").length;
    if (wanted === "differ") return proved > 0 && proved < tried;
    if (wanted === "everyone") return proved > 0 && proved === tried;
    if (wanted === "nobody") return proved === 0;
    if (wanted.startsWith("only-")) return proved === 1 && outcomes[Number(wanted.slice(5))] === "proved";
    return true;
  };
  const apply = () => {
    const text = form.elements.text.value.trim().toLowerCase();
    const project = form.elements.project.value;
    const outcome = form.elements.outcome.value;
    let shown = 0;
    for (const one of theorems) {
      const fit = one.text.includes(text) && (!project || one.project === project) && fits(one.outcomes, outcome);
      one.element.hidden = !fit;
      shown += fit;
    }
    form.elements.count.value = `${shown} of ${theorems.length} theorems`;
  };
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) {
      if (target.hidden) { form.reset(); apply(); }
      target.open = true;
      target.scrollIntoView();
    }
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", open);
  apply();
  open();
})();
