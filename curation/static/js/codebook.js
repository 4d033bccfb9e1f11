// The codebook: a word typed leaves the variables that hold it, in the text and in the contents.

const field = document.getElementById("find");
const told = document.getElementById("found");
const variables = [...document.querySelectorAll(".cb-variable")].map((element) => ({
  element,
  link: document.querySelector(`.cb-toc a[href="#${CSS.escape(element.id)}"]`),
  words: element.textContent.toLowerCase(),
}));
const groups = [...document.querySelectorAll(".cb-toc details")].map((element) => ({
  element,
  wasOpen: element.open,
  links: [...element.querySelectorAll("a")],
}));

function find(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const variable of variables) {
    const holds = words.every((word) => variable.words.includes(word));
    variable.element.hidden = !holds;
    if (variable.link) variable.link.hidden = !holds;
    found += holds;
  }
  for (const { element, wasOpen, links } of groups) {
    element.hidden = links.every((link) => link.hidden);
    element.open = words.length > 0 || wasOpen;
  }
  // A heading over nothing is in the way.
  for (const heading of document.querySelectorAll("section:has(> .cb-variable) > h3")) {
    let next = heading.nextElementSibling;
    while (next?.matches(".cb-variable[hidden]")) next = next.nextElementSibling;
    heading.hidden = !next?.matches(".cb-variable");
  }
  document.querySelector(".cb-none").hidden = found > 0;
  told.textContent = words.length ? `${found} of ${variables.length} variables` : "";
}

if (field) {
  field.closest("label").hidden = false;
  field.addEventListener("input", () => find(field.value));
  find(field.value);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea, select") || event.target.isContentEditable;
    if (event.key === "Escape" && event.target === field) {
      field.value = "";
      find("");
    }
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
  });
}
