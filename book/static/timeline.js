// The map of the timeline: choose a step, see its entry, and the lines to what it builds on and what builds on it.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector(".tl");
  if (!root) return;
  const radios = [...root.querySelectorAll("input")], card = root.querySelector(".tl-card");
  const entry = id => document.getElementById("timeline-" + id).closest("li");
  const show = (radio, focus) => {
    const id = radio.value, near = new Set();
    radio.checked = true;
    for (const link of root.querySelectorAll(".tl-link")) {
      const { from, to } = link.dataset;
      link.classList.toggle("tl-past", to === id);
      link.classList.toggle("tl-next", from === id);
      if (to === id) near.add(from);
      if (from === id) near.add(to);
    }
    for (const other of radios) other.parentNode.classList.toggle("tl-near", near.has(other.value));
    const copy = entry(id).cloneNode(true);
    for (const part of copy.querySelectorAll("[id]")) part.removeAttribute("id");
    for (const part of copy.querySelectorAll(".headerlink")) part.remove();
    card.replaceChildren(...copy.childNodes);
    const place = radios.indexOf(radio);
    root.querySelector(".tl-count").textContent = `${place + 1} of ${radios.length}`;
    for (const button of root.querySelectorAll("[data-go]"))
      button.setAttribute("aria-disabled", String(!radios[place + Number(button.dataset.go)]));
    const scroll = root.querySelector(".tl-scroll");
    scroll.scrollLeft = radio.parentNode.offsetLeft - scroll.clientWidth / 2;
    if (focus) radio.focus({ preventScroll: true });
  };
  const now = () => radios.findIndex(radio => radio.checked);
  for (const radio of radios) radio.addEventListener("change", () => show(radio));
  root.addEventListener("click", event => {
    const go = event.target.closest("[data-go]"), to = go && radios[now() + Number(go.dataset.go)];
    if (to) show(to);
    // A link of the card leads along the map, not down to the list.
    const link = event.target.closest('.tl-card a[href^="#timeline-"]');
    if (!link) return;
    event.preventDefault();
    show(radios.find(radio => "#timeline-" + radio.value === link.getAttribute("href")), true);
  });
  root.hidden = false;
  show(radios.find(radio => location.hash === "#timeline-" + radio.value) ?? radios[0]);
});
