// Speaks to the passkeys of the device for the pages to sign in, to make a passkey and to confirm.
// Nothing is kept in the browser, and what is shown stands in the page already, in its language.

const said = document.getElementById("said");

function say(remark) {
  const found = document.querySelector(`#remarks [data-remark="${remark}"]`);
  said.replaceChildren(...(found ? [found.cloneNode(true)] : []));
}

function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const letters = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function post(path, csrf, body) {
  const headers = csrf ? { "X-Truceline-CSRF": csrf } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method: "POST", headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin",
  }).catch(() => null);
  if (answer === null || answer.status >= 500) throw new Error("away");
  if (answer.status === 429) throw new Error("often");
  if (!answer.ok) throw new Error("refused");
  return answer.status === 204 ? null : answer.json();
}

function known(list) {
  return (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
}

async function answered(kind, asked) {
  const publicKey = { ...asked, challenge: bytes(asked.challenge) };
  if (kind === "create") {
    publicKey.user = { ...asked.user, id: bytes(asked.user.id) };
    publicKey.excludeCredentials = known(asked.excludeCredentials);
  } else {
    publicKey.allowCredentials = known(asked.allowCredentials);
  }
  const made = await navigator.credentials[kind]({ publicKey }).catch(() => null);
  if (made === null) throw new Error("cancelled");
  const response = { clientDataJSON: text(made.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = text(made.response[name]);
  }
  return { id: made.id, rawId: text(made.rawId), type: made.type, response };
}

async function passkey(form) {
  if (!window.PublicKeyCredential) throw new Error("unable");
  const { passkey: kind, ask, answer, csrf } = form.dataset;
  const code = form.elements.code ? { code: form.elements.code.value.trim() } : {};
  const asked = await post(ask, csrf, form.elements.code ? code : undefined);
  await post(answer, csrf, { ...code, credential: await answered(kind, asked.publicKey) });
}

async function sent(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  say("busy");
  try {
    await (form.dataset.passkey ? passkey(form) : post(form.dataset.post, form.dataset.csrf));
    say("done");
    if (form.dataset.next) location.replace(form.dataset.next);
  } catch (error) {
    say(error.message);
  } finally {
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey], form[data-post]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sent(form);
  });
  // Until here the button is disabled: a form that left by itself would carry its code into the address.
  form.querySelector("button").disabled = false;
}
