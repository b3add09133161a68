(function () {
  "use strict";
  function start(root) {
    var data = JSON.parse(root.dataset.logits), all = data.best.length + 1;
    var tokens = data.best.map(function (one) { return { word: one[0], logit: one[1], count: 1 }; });
    data.rest.forEach(function (one) { tokens.push({ word: null, logit: one[0], count: one[1] }); });
    var whole = tokens.reduce(function (sum, one) { return sum + one.count; }, 0);
    var words = root.querySelectorAll(".ns-word"), bars = root.querySelectorAll(".ns-track b");
    var shares = root.querySelectorAll(".ns-share"), said = root.querySelector(".ns-said");
    var drawn = root.querySelector(".ns-drawn"), inputs = {};
    root.setAttribute("data-ready", "");
    root.querySelectorAll("input").forEach(function (input) { inputs[input.dataset.name] = input; });
    function percent(share) {
      return (100 * share).toFixed(share > 0 && share < 0.0095 ? 1 : 0) + "\u00a0%";
    }
    // First the temperature, then top-k, then top-p on what is left, as utils.decoding.filter_logits does.
    function distribution(temperature, k, p) {
      var made = tokens.map(function (one) {
        return { word: one.word, each: Math.exp(one.logit / temperature), kept: one.count };
      });
      var left = k;
      made.forEach(function (one) { one.kept = Math.min(one.kept, left); left -= one.kept; });
      var sum = total(made), before = 0;
      made.forEach(function (one) {
        var share = one.each / sum, mass = share * one.kept;
        if (p < 1 && before > 0) one.kept = Math.min(one.kept, Math.max(0, Math.ceil((p - before) / share - 1e-9)));
        before += mass;
      });
      sum = total(made);
      made.forEach(function (one) { one.share = one.each * one.kept / sum; });
      return made;
    }
    function total(made) {
      return made.reduce(function (sum, one) { return sum + one.each * one.kept; }, 0);
    }
    function now() {
      var k = Number(inputs.k.value);
      return distribution(Number(inputs.temperature.value), k === all ? whole : k, Number(inputs.p.value));
    }
    function show() {
      var made = now(), last = data.rows, k = Number(inputs.k.value);
      var others = made.slice(last).reduce(function (sum, one) { return sum + one.share; }, 0);
      var count = made.reduce(function (sum, one) { return sum + one.kept; }, 0);
      for (var row = 0; row <= last; row++) {
        var share = row < last ? made[row].share : others;
        bars[row].style.width = (100 * share).toFixed(1) + "%";
        shares[row].textContent = percent(share);
        words[row].classList.toggle("ns-out", share === 0);
      }
      var texts = { temperature: Number(inputs.temperature.value).toFixed(1), k: k === all ? "all" : String(k),
        p: Number(inputs.p.value).toFixed(2) };
      Object.keys(inputs).forEach(function (name) {
        inputs[name].setAttribute("aria-valuetext", texts[name]);
        inputs[name].parentNode.querySelector("output").textContent = texts[name];
      });
      said.textContent = "Temperature " + texts.temperature + ", top-k " + texts.k + ", top-p " + texts.p + ": " +
        count.toLocaleString("en") + " of " + whole.toLocaleString("en") + (count === 1 ? " token" : " tokens") +
        " can be drawn, and the most probable one holds " + percent(made[0].share) + ".";
    }
    function draw(made) {
      var left = Math.random(), k = 0;
      while (k < made.length - 1 && left >= made[k].share) left -= made[k++].share;
      while (made[k].share === 0) k--;
      return made[k].word === null ? "(a rarer token)" : made[k].word;
    }
    root.addEventListener("input", show);
    root.querySelector(".ns-reset").addEventListener("click", function () {
      inputs.temperature.value = 1;
      inputs.k.value = all;
      inputs.p.value = 1;
      show();
    });
    root.querySelector(".ns-draw").addEventListener("click", function () {
      var made = now();
      drawn.textContent = "";
      for (var n = 0; n < 20; n++) drawn.appendChild(document.createElement("li")).textContent = draw(made);
    });
    show();
  }
  document.querySelectorAll(".course-sampler .ns:not([data-ready])").forEach(start);
})();
