// Tells a person two minutes before the session ends, and lets them stay.
// The body says how long: data-idle-seconds from the last request, and
// data-ends-seconds whatever happens. Only a press of the button asks the
// server for more time; nothing here runs by itself over the network.
(function () {
  "use strict";
  var body = document.body, data = body.dataset;
  var idle = Number(data.idleSeconds) || 0, ends = Number(data.endsSeconds) || 0;
  if (!idle && !ends) return;
  var dialog = document.getElementById("session-warning");
  if (!dialog || !dialog.showModal) return;
  var left = dialog.querySelector("[data-left]"), said = dialog.querySelector("[data-said]");
  var title = dialog.querySelector("h2"), text = dialog.querySelector("[data-text]");
  var stay = dialog.querySelector("[data-stay]"), out = dialog.querySelector("form");
  var signIn = dialog.querySelector("[data-sign-in]"), close = dialog.querySelector("[data-close]");
  var warn = 120000, begun = Date.now();
  var hardEnd = ends ? begun + ends * 1000 : Infinity;
  var end = Math.min(idle ? begun + idle * 1000 : Infinity, hardEnd);
  var typed = false, over = false, lastSaid = "", timer = 0;
  // A request in another tab of ours keeps the same session.
  var tabs = window.BroadcastChannel ? new BroadcastChannel("marque-session") : null;

  function longer() {
    end = Math.min(idle ? Date.now() + idle * 1000 : Infinity, hardEnd);
    lastSaid = "";
  }

  document.addEventListener("input", function (e) {
    if (e.target.form && e.target.form.method === "post") typed = true;
  });
  document.addEventListener("submit", function () { typed = false; });

  function minutes(ms) {
    var s = Math.max(0, Math.ceil(ms / 1000)), m = Math.floor(s / 60), r = s % 60;
    return m + ":" + (r < 10 ? "0" : "") + r;
  }

  // A screen reader hears the time at two minutes, one minute, 30 and 10 seconds.
  function announce(ms) {
    var s = Math.ceil(ms / 1000), words = "";
    if (s <= 10) words = "10 seconds left";
    else if (s <= 30) words = "30 seconds left";
    else if (s <= 60) words = "One minute left";
    else words = "Two minutes left";
    if (words !== lastSaid) { lastSaid = words; said.textContent = words; }
  }

  function finish() {
    over = true;
    if (!typed) { location.replace(signIn.href + (signIn.search ? "&" : "?") + "why=ended"); return; }
    title.textContent = "You are signed out";
    text.textContent = "Nothing you sent was lost, and what you typed is still on this page. Sign in in a new tab, then come back here and send it.";
    left.parentNode.hidden = true;
    said.textContent = "You are signed out";
    stay.hidden = true;
    if (out) out.hidden = true;
    signIn.hidden = false;
    signIn.target = "_blank";
    signIn.rel = "noopener";
    close.hidden = false;
    if (!dialog.open) dialog.showModal();
    signIn.focus();
  }

  function tick() {
    clearTimeout(timer);
    if (over) return;
    var ms = end - Date.now();
    if (ms <= 0) { finish(); return; }
    if (ms <= warn) {
      left.textContent = minutes(ms);
      announce(ms);
      stay.hidden = end === hardEnd || !data.stay;
      if (end === hardEnd) text.textContent = "To keep your account safe, a sign-in lasts only so long. Finish what you are doing, or sign in again. What you typed stays on this page.";
      if (!dialog.open) dialog.showModal();
    } else if (dialog.open) {
      dialog.close();
      lastSaid = "";
    }
    timer = setTimeout(tick, ms <= warn ? 500 : Math.min(ms - warn, 30000));
  }

  stay.addEventListener("click", function () {
    var fields = new URLSearchParams(out ? new FormData(out) : undefined);
    stay.disabled = true;
    fetch(data.stay, { method: "POST", body: fields, credentials: "same-origin", redirect: "manual" }).then(function (r) {
      stay.disabled = false;
      if (r.type === "opaqueredirect" || r.status === 401 || r.status === 403) { finish(); return; }
      if (!r.ok) throw new Error("refused");
      longer();
      if (tabs) tabs.postMessage("longer");
      tick();
    }).catch(function () {
      stay.disabled = false;
      text.textContent = "We could not reach the server. Check your connection and press the button again.";
    });
  });
  close.addEventListener("click", function () { dialog.close(); });
  // Escape must not hide the time that is left.
  dialog.addEventListener("cancel", function (e) { if (!over) e.preventDefault(); });
  document.addEventListener("visibilitychange", function () { if (!document.hidden) tick(); });
  window.addEventListener("pageshow", function (e) { if (e.persisted) tick(); });
  if (tabs) {
    tabs.onmessage = function () {
      if (over) { over = false; hardEnd = Infinity; } // signed in again in another tab
      longer();
      tick();
    };
    tabs.postMessage("longer");
  }
  tick();
})();
