// Runs before the first paint, so that a dark page never flashes white.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const words = { system: "as the system", light: "light", dark: "dark" };

  const choice = () => {
    try {
      const kept = localStorage.getItem("casebook-theme");
      return kept in words ? kept : "system";
    } catch {
      return "system";
    }
  };

  const keep = (theme) => {
    try {
      localStorage.setItem("casebook-theme", theme);
    } catch {
      // A browser that keeps nothing shows the system's theme.
    }
  };

  const apply = () => {
    const theme = choice();
    root.dataset.bsTheme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
    for (const button of document.querySelectorAll(".cb-theme")) {
      button.hidden = false;
      button.dataset.choice = theme;
      button.title = `Theme: ${words[theme]}`;
      button.setAttribute("aria-label", button.title);
    }
  };

  // From the system's theme to the other one first: a press is always seen.
  const next = () => {
    const order = dark.matches ? ["system", "light", "dark"] : ["system", "dark", "light"];
    keep(order[(order.indexOf(choice()) + 1) % order.length]);
    apply();
  };

  root.classList.add("has-js");
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    if (event.target.closest(".cb-theme")) next();
  });
})();
