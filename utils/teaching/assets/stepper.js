(function () {
  "use strict";
  function start(root) {
    var steps = root.querySelectorAll(".st-step"), bar = root.querySelector(".st-bar");
    var slider = bar.querySelector("input"), live = root.querySelector(".st-live");
    var count = root.querySelector(".st-count"), play = bar.querySelector(".st-play"), now = 0, timer = null;
    var doors = root.querySelectorAll("[data-step]");
    root.setAttribute("data-ready", "");
    function pause() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    }
    function go(k) {
      k = Math.max(0, Math.min(steps.length - 1, k));
      if (k === now) return;
      steps[now].classList.remove("st-on");
      steps[now = k].classList.add("st-on");
      var place = "Step " + (k + 1) + " of " + steps.length;
      slider.value = k + 1;
      slider.setAttribute("aria-valuetext", place);
      count.textContent = (k + 1) + " of " + steps.length;
      live.textContent = place + ". " + steps[k].querySelector(".st-text").textContent;
      ends();
    }
    function ends() {
      doors.forEach(function (door) {
        var here = Number(door.dataset.step) === now;
        door.classList.toggle("st-here", here);
        if (door.tagName === "BUTTON") door.setAttribute("aria-pressed", String(here));
      });
      bar.querySelectorAll("[data-go]").forEach(function (button) {
        var back = button.dataset.go === "first" || button.dataset.go === "back";
        button.setAttribute("aria-disabled", String(back ? now === 0 : now === steps.length - 1));
      });
    }
    var moves = {
      first: function () { go(0); }, back: function () { go(now - 1); },
      next: function () { go(now + 1); }, last: function () { go(steps.length - 1); }
    };
    var keys = { ArrowLeft: "back", ArrowRight: "next", Home: "first", End: "last" };
    root.addEventListener("click", function (event) {
      var door = event.target.closest && event.target.closest("[data-step]");
      if (!door) return;
      pause();
      go(Number(door.dataset.step));
    });
    bar.addEventListener("click", function (event) {
      var name = event.target.dataset && event.target.dataset.go;
      if (!name) return;
      pause();
      moves[name]();
    });
    root.addEventListener("keydown", function (event) {
      var button = event.target;
      if (button.tagName !== "BUTTON" || !keys[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      pause();
      // Words that run from right to left are walked through in their own direction.
      var turned = button.dataset.step && getComputedStyle(button.parentNode).direction === "rtl";
      moves[keys[(turned && { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" }[event.key]) || event.key]]();
      var door = button.dataset.step && root.querySelector('button[data-step="' + now + '"]');
      if (door) door.focus();
    });
    slider.addEventListener("input", function () { pause(); go(slider.value - 1); });
    play.addEventListener("click", function () {
      if (timer) return pause();
      if (now === steps.length - 1) go(0);
      play.textContent = "Pause";
      timer = setInterval(function () {
        go(now + 1);
        if (now === steps.length - 1) pause();
      }, 1600);
    });
    ends();
  }
  document.querySelectorAll(".course-stepper:not([data-ready])").forEach(start);
})();
