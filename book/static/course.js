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
  // On a narrow screen a cell with a long text needs more room than one with a word; course.css gives it.
  for (const cell of document.querySelectorAll(".course-card td")) {
    const text = cell.textContent.trim();
    if (text.length > 110) cell.classList.add("course-long");
    else if (/^\S+ \(\S+ to \S+\)$/.test(text)) cell.classList.add("course-range");
    else if (/^[-+\d.,e]+( (ms|%|s))?$/.test(text)) cell.classList.add("course-unbroken");
  }
  // Marks under letters (^^^) say something only while no line is wrapped: what they stand in scrolls.
  for (const printed of document.querySelectorAll(".cell_output .stream pre")) {
    if (!/^ *\^[ ^]*$/m.test(printed.textContent)) continue;
    printed.classList.add("course-aligned");
    printed.tabIndex = 0;
  }
  // The option of a command must not be broken at its hyphens.
  for (const word of document.querySelectorAll("code.literal .pre")) {
    if (word.textContent.includes("-") && word.textContent.length < 25) word.classList.add("course-unbroken");
  }
  // The search button shows "Search" and its keys; its label says less than it shows.
  for (const button of document.querySelectorAll(".search-button-field")) button.removeAttribute("aria-label");
  // The bibliography is a list whose entries carry a role that is no list item and is deprecated.
  for (const entry of document.querySelectorAll(".citation-list > .citation")) entry.setAttribute("role", "listitem");
});
// A narrow screen would shrink a picture until its letters cannot be read: it keeps a readable width and scrolls in a box of its own.
{
  const LETTERS = 9.5; // pixels: the smallest that the words of a drawing may become
  const readable = picture => {
    if (picture.tagName === "IMG") return 0.9 * (Number(picture.getAttribute("width")) || 0);
    const words = [...picture.querySelectorAll("text")].filter(text => text.textContent.trim().length > 1);
    const sizes = words.map(text => parseFloat(getComputedStyle(text).fontSize));
    return sizes.length ? picture.viewBox.baseVal.width * LETTERS / Math.min(...sizes) : 0;
  };
  const boxed = picture => {
    const box = document.createElement("div"), hint = document.createElement("p");
    box.className = "course-wide";
    box.style.setProperty("--readable", `${Math.ceil(readable(picture))}px`);
    hint.className = "course-hint";
    hint.textContent = "Wider than the screen: scroll sideways \u2192";
    hint.setAttribute("aria-hidden", "true");
    picture.replaceWith(hint, box);
    box.append(picture);
    box.dataset.says = (picture.alt || picture.getAttribute("aria-label") || "").split(/[.:,]/)[0].slice(0, 60);
    return [box, hint];
  };
  document.addEventListener("DOMContentLoaded", () => {
    const boxes = new Map([...document.querySelectorAll(".course-figure > :is(img, svg)")].map(boxed));
    const sizes = new ResizeObserver(entries => {
      for (const { target: box } of entries) {
        const wide = box.scrollWidth > box.clientWidth + 1;
        boxes.get(box).hidden = !wide;
        for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", `Scrolls sideways: ${box.dataset.says}`]]) {
          if (wide) box.setAttribute(name, value);
          else box.removeAttribute(name);
        }
      }
    });
    for (const box of boxes.keys()) sizes.observe(box);
  });
}
// A formula wider than the screen scrolls too, once it is typeset: the keyboard must reach it.
window.addEventListener("load", () => window.MathJax?.startup?.promise?.then(() => {
  for (const formula of document.querySelectorAll('mjx-container[display="true"]')) {
    if (formula.scrollWidth <= formula.clientWidth) continue;
    formula.tabIndex = 0;
    formula.setAttribute("role", "group");
    formula.setAttribute("aria-label", "Formula");
  }
  // A line must not end between a formula and the bracket before it, or the full stop or comma behind it.
  for (const formula of document.querySelectorAll('mjx-container:not([display="true"])')) {
    const inner = formula.closest("span.math") || formula, text = node => node?.nodeType === Node.TEXT_NODE ? node.data : "";
    const before = text(inner.previousSibling).match(/[(\[\u201c]+$/), after = text(inner.nextSibling).match(/^[.,;:!?)\]\u201d]+/);
    if (!before && !after) continue;
    const parts = [inner];
    if (before) parts.unshift(inner.previousSibling.splitText(before.index));
    if (after) {
      inner.nextSibling.splitText(after[0].length);
      parts.push(inner.nextSibling);
    }
    const whole = document.createElement("span");
    whole.className = "course-unbroken";
    parts[0].before(whole);
    whole.append(...parts);
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
