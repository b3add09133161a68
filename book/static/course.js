// Small repairs of the theme's pages, for readers who use a keyboard or a screen reader.
document.addEventListener("DOMContentLoaded", () => {
  // A table wider than the screen scrolls inside its own box: make the box reachable by keyboard, and name it.
  for (const box of document.querySelectorAll(".pst-scrollable-table-container, .cell_output .text_html:has(> div > table)")) {
    if (box.scrollWidth <= box.clientWidth) continue;
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    const caption = box.querySelector("caption");
    box.setAttribute("aria-label", caption ? caption.textContent.trim() : "Table");
  }
  // The search button shows "Search" and its keys; its label says less than it shows.
  for (const button of document.querySelectorAll(".search-button-field")) button.removeAttribute("aria-label");
  // The bibliography is a list whose entries carry a role that is no list item and is deprecated.
  for (const entry of document.querySelectorAll(".citation-list > .citation")) entry.setAttribute("role", "listitem");
});
// A formula wider than the screen scrolls too, once it is typeset: the keyboard must reach it.
window.addEventListener("load", () => window.MathJax?.startup?.promise?.then(() => {
  for (const formula of document.querySelectorAll('mjx-container[display="true"]')) {
    if (formula.scrollWidth <= formula.clientWidth) continue;
    formula.tabIndex = 0;
    formula.setAttribute("role", "group");
    formula.setAttribute("aria-label", "Formula");
  }
}));
// On paper nothing can be unfolded, and ink is dark: open what is folded (but not set-up code), in the light mode, and put it back afterwards.
{
  const root = document.documentElement;
  let folded = [], theme;
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("article details:not([open], .hide)")];
    for (const fold of folded) fold.open = true;
    theme = root.dataset.theme;
    root.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => {
    for (const fold of folded) fold.open = false;
    if (theme) root.dataset.theme = theme;
  });
}
