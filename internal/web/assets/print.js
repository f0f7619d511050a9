// Print and copy buttons, there only when this runs.
(function () {
  "use strict";
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    var said = button.parentNode.querySelector("[role=status]");
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(button.dataset.copy).then(function () {
        said.textContent = "Copied";
      }, function () {
        said.textContent = "Your browser did not allow it. Select the key and copy it yourself.";
      });
    });
  });
})();
