function arrange(box) {
  box.querySelectorAll(".Quiz").forEach(function (question) {
    var text = question.querySelector("[id^=quizQn]"), answers = question.querySelector(".Answer");
    var input = answers.querySelector("input[type=text]"), label = answers.querySelector(".InpLabel");
    answers.setAttribute("role", input ? "group" : "radiogroup");
    answers.setAttribute("aria-labelledby", text.id);
    if (input && label) label.htmlFor = input.id;
    question.querySelector(".Feedback").setAttribute("role", "status");
  });
}
document.querySelectorAll(".course-quiz:not([data-ready])").forEach(function (root) {
  var box = root.querySelector(".cq-box"), options = { shuffleAnswers: false, preserveResponses: false, maxWidth: 900 };
  root.setAttribute("data-ready", "");
  JSON.parse(box.dataset.questions).forEach(function (question, k) {
    Question.create(question, makeid(8), k, options, box);
  });
  arrange(box);
});
