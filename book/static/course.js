// Tables wider than the screen scroll inside their own box: make that box reachable by keyboard, and name it.
document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".pst-scrollable-table-container, .cell_output .text_html:has(> div > table)")) {
    if (box.scrollWidth <= box.clientWidth) continue;
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    const caption = box.querySelector("caption");
    box.setAttribute("aria-label", caption ? caption.textContent.trim() : "Table");
  }
});
