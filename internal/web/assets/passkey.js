// Passkeys. Each [data-passkey] block holds the server's options, a hidden
// field for the answer and a button; it stays hidden where the browser has no
// passkeys. The answer travels with the form around it, like any other field.
(function () {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  function bytes(text) {
    var raw = atob(text.replace(/-/g, "+").replace(/_/g, "/")), out = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out.buffer;
  }

  function text(buffer) {
    var raw = "", view = new Uint8Array(buffer);
    for (var i = 0; i < view.length; i++) raw += String.fromCharCode(view[i]);
    return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function listed(list) {
    return (list || []).map(function (c) { return Object.assign({}, c, { id: bytes(c.id) }); });
  }

  function options(block) {
    var o = JSON.parse(block.querySelector("script").textContent);
    o = Object.assign({}, o.publicKey || o);
    o.challenge = bytes(o.challenge);
    if (o.user) o.user = Object.assign({}, o.user, { id: bytes(o.user.id) });
    if (o.excludeCredentials) o.excludeCredentials = listed(o.excludeCredentials);
    if (o.allowCredentials) o.allowCredentials = listed(o.allowCredentials);
    return o;
  }

  function answer(c) {
    var r = c.response, out = { clientDataJSON: text(r.clientDataJSON) };
    if (r.attestationObject) {
      out.attestationObject = text(r.attestationObject);
      out.transports = r.getTransports ? r.getTransports() : [];
    } else {
      out.authenticatorData = text(r.authenticatorData);
      out.signature = text(r.signature);
      if (r.userHandle) out.userHandle = text(r.userHandle);
    }
    return JSON.stringify({
      id: c.id, rawId: text(c.rawId), type: c.type, response: out,
      authenticatorAttachment: c.authenticatorAttachment || undefined,
      clientExtensionResults: c.getClientExtensionResults()
    });
  }

  var words = {
    NotAllowedError: "Your device did not finish, so nothing has changed. Try again, or use another way.",
    InvalidStateError: "This device already has a passkey for this account.",
    SecurityError: "Passkeys do not work at this address. Use another way.",
    NotSupportedError: "This device cannot make the kind of passkey we need. Use another way."
  };

  var waiting = null; // the offer in the username field, until a button is pressed

  function setUp(block) {
    var button = block.querySelector("button"), field = block.querySelector("input[type=hidden]");
    var error = block.querySelector("[role=alert]"), create = block.dataset.passkey === "create";

    function send(credential) {
      field.value = answer(credential);
      field.form.submit();
    }

    button.addEventListener("click", function () {
      if (field.form.reportValidity && !block.hasAttribute("data-alone") && !field.form.reportValidity()) return;
      if (waiting) { waiting.abort(); waiting = null; }
      error.textContent = "";
      button.disabled = true;
      var asked = { publicKey: options(block) };
      (create ? navigator.credentials.create(asked) : navigator.credentials.get(asked)).then(send).catch(function (e) {
        button.disabled = false;
        error.textContent = words[e.name] || "That did not work, and nothing has changed. Try again, or use another way.";
      });
    });
    window.addEventListener("pageshow", function () { button.disabled = false; field.value = ""; });

    if (block.hasAttribute("data-offer") && PublicKeyCredential.isConditionalMediationAvailable) {
      PublicKeyCredential.isConditionalMediationAvailable().then(function (can) {
        if (!can) return;
        waiting = new AbortController();
        return navigator.credentials.get({ publicKey: options(block), mediation: "conditional", signal: waiting.signal }).then(send);
      }).catch(function () { /* nobody took the offer; the button is still there */ });
    }
    block.hidden = false;
    var without = block.nextElementSibling;
    if (without && without.hasAttribute("data-no-passkey")) without.hidden = true;
  }

  document.querySelectorAll("[data-passkey]").forEach(setUp);
})();
