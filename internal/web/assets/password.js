// Show password: a box under each password field, there only when this runs.
(function () {
  "use strict";
  document.querySelectorAll("[data-show]").forEach(function (label) {
    var field = document.getElementById(label.dataset.show), box = label.querySelector("input");
    if (!field) return;
    box.checked = false;
    label.hidden = false;
    box.addEventListener("change", function () { field.type = box.checked ? "text" : "password"; });
    // A browser keeps what is sent from a text field, and must not keep this.
    if (field.form) field.form.addEventListener("submit", function () { field.type = "password"; box.checked = false; });
  });
})();
