// What the server cannot do: tick clocks, open dialogs, upload photos, keep what is being typed. No framework, no eval.
"use strict";
(() => {
  const words = JSON.parse(document.body.dataset.words || "{}");
  const say = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // -- remaining time: the same words and limits as times.py ------------------------------------------------------
  const MINUTE = 60, HOUR = 3600, DAY = 86400;
  function span(seconds) {
    seconds = Math.max(Math.floor(seconds), MINUTE);
    if (seconds < HOUR) return say(words.minutes, { n: Math.floor(seconds / MINUTE) });
    if (seconds < DAY) {
      const h = Math.floor(seconds / HOUR), m = Math.floor((seconds % HOUR) / MINUTE);
      return m ? say(words.hoursMinutes, { h, m }) : say(words.hours, { n: h });
    }
    const d = Math.floor(seconds / DAY), h = Math.floor((seconds % DAY) / HOUR);
    return h ? say(words.daysHours, { d, h }) : say(words.days, { n: d });
  }
  function tick() {
    const now = Date.now();
    for (const chip of all("[data-due]")) {
      const left = (Date.parse(chip.dataset.due) - now) / 1000;
      const tone = left < 0 ? "bad" : now >= Date.parse(chip.dataset.warn) ? "warn" : "good";
      chip.className = "chip " + tone;
      chip.lastElementChild.textContent = say(left < 0 ? words.over : words.left, { span: span(Math.abs(left)) });
    }
  }
  setInterval(tick, 10000);

  function toast(text, bad) {
    const line = document.createElement("p");
    line.className = bad ? "toast bad" : "toast";
    line.setAttribute("role", "status");
    line.textContent = text;
    $("#toasts").append(line);
    tidyToasts();
  }
  function tidyToasts() {
    for (const line of all("#toasts .toast")) {
      if (!line.dataset.seen) { line.dataset.seen = "1"; setTimeout(() => line.remove(), 3800); }
    }
  }

  // -- live updates: refresh everything but what somebody is filling in -------------------------------------------
  let fromLive = false;
  const isBusy = (part) =>
    all("form[data-dirty]", part).length > 0 || all("dialog[open]", part).length > 0 ||
    (part.contains(document.activeElement) && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName));

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-act]");
    if (form) form.dataset.dirty = "1";
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, xhr } = event.detail;
    fromLive = Boolean(requestConfig && requestConfig.elt.matches("[data-live]"));
    const form = requestConfig && requestConfig.elt;
    if (form && form.matches("form[data-act]") && xhr.status < 300) {
      delete form.dataset.dirty;
      all("dialog[open]").forEach((dialog) => dialog.close());
    }
    if (fromLive && xhr.status >= 300) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const old = event.detail.target;
    if (old && ["notes", "side-status", "kin"].includes(old.id)) $("details", event.detail.fragment).open = $("details", old).open;
    if (!old || !fromLive) return;
    if (old.id === "kin" && isBusy(old)) event.detail.shouldSwap = false;
    if (old.id !== "work") return;
    const fresh = event.detail.fragment.querySelector("#work");
    if (fresh && fresh.dataset.print === old.dataset.print) { event.detail.shouldSwap = false; return; }
    if (isBusy(old)) {
      event.detail.shouldSwap = false;
      $("[data-stale]", old).hidden = false;
    }
  });
  document.addEventListener("htmx:afterSettle", () => { tick(); tidyToasts(); });

  let opened = 0;
  document.addEventListener("htmx:sseOpen", () => {
    all("[data-live-mark]").forEach((mark) => { mark.classList.add("on"); mark.classList.remove("off"); });
    // What changed while the line was down is fetched once it is back.
    if (opened++ > 0) all("[data-live]").forEach((part) => htmx.trigger(part, "refresh"));
  });
  document.addEventListener("htmx:sseError", () => all("[data-live-mark]").forEach((mark) => { mark.classList.add("off"); mark.classList.remove("on"); }));

  // -- forms ------------------------------------------------------------------------------------------------------
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt.closest("form");
    if (!form) return;
    if ($(".shot.busy", form)) { event.preventDefault(); toast(words.photoBusy, true); return; }
    all(".field-says, .says-slot", form).forEach((slot) => slot.replaceChildren());
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const wrong = $(".field-says:not(:empty)", event.detail.elt);
    const input = wrong && $("input:not([type=hidden]), textarea, select", wrong.parentElement);
    if (input && event.detail.xhr.status >= 400) input.focus();
  });
  document.addEventListener("htmx:sendError", () => toast(words.network, true));

  // The rooms behind 更多 go away when something else is touched, as a menu does.
  document.addEventListener("click", (event) => {
    const more = $(".nav .more[open]");
    if (more && !more.contains(event.target)) more.open = false;
  });

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    let hit;
    if ((hit = at("[data-opens]"))) {
      const dialog = document.getElementById(hit.dataset.opens);
      dialog.showModal();
      $("textarea, select, input:not([type=hidden])", dialog)?.focus();
    } else if (at("[data-shut]")) {
      const dialog = at("dialog");
      dialog.close();
      all("form", dialog).forEach((form) => { form.reset(); delete form.dataset.dirty; });
    } else if (event.target.matches("dialog")) {
      event.target.close();
    } else if (at("[data-refresh]")) {
      all("form[data-dirty]", $("#work")).forEach((form) => delete form.dataset.dirty);
      document.activeElement.blur();
      all("[data-live]").forEach((part) => htmx.trigger(part, "refresh"));
    } else if ((hit = at("[data-copy]"))) {
      navigator.clipboard?.writeText(hit.dataset.copy).then(() => toast(words.copied));
    } else if (at("[data-back]") && document.referrer.startsWith(location.origin + "/console/") && history.length > 1) {
      event.preventDefault();
      history.back();
    } else if ((hit = at(".shot .remove"))) {
      hit.closest(".shot").remove();
    } else if ((hit = at("button[data-photo]"))) {
      view(hit);
    } else if ((hit = at("[data-turn]"))) {
      turn(Number(hit.dataset.turn));
    } else if ((hit = at("[data-pick]"))) {
      pick(hit);
    }
  });

  // -- the viewer of photos ---------------------------------------------------------------------------------------
  let album = [], shown = 0;
  function view(button) {
    album = all("button[data-photo]", button.closest("[data-album]") || document);
    shown = album.indexOf(button);
    turn(0);
    $("#viewer").showModal();
  }
  function turn(step) {
    shown = (shown + step + album.length) % album.length;
    $("#viewer img").src = album[shown].dataset.photo;
    all("#viewer [data-turn]").forEach((button) => { button.hidden = album.length < 2; });
  }
  document.addEventListener("keydown", (event) => {
    if (!$("#viewer")?.open) return;
    if (event.key === "ArrowLeft") turn(-1);
    if (event.key === "ArrowRight") turn(1);
  });

  // -- uploading photos -------------------------------------------------------------------------------------------
  const TYPES = ["image/jpeg", "image/png", "image/webp"], LARGEST = 10 * 1024 * 1024;
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file") return;
    const drop = input.closest(".drop");
    for (const file of input.files) {
      if (all(".shot", drop).length >= Number(drop.dataset.most)) break;
      if (!TYPES.includes(file.type)) toast(words.photoType, true);
      else if (file.size > LARGEST) toast(words.photoLarge, true);
      else send(drop, file);
    }
    input.value = "";
  });
  async function send(drop, file) {
    const shot = document.createElement("span");
    shot.className = "shot busy";
    const image = document.createElement("img");
    image.alt = file.name;
    image.src = URL.createObjectURL(file);
    shot.append(image);
    drop.insertBefore(shot, $(".add", drop));
    const body = new FormData();
    body.append("file", file);
    try {
      const answer = await fetch("/console/photos", { method: "POST", body, headers: { Accept: "application/json" } });
      const said = await answer.json();
      if (!answer.ok) throw new Error(said.detail);
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: drop.dataset.photos, value: said.photo_id });
      const remove = document.createElement("button");
      Object.assign(remove, { type: "button", className: "remove", textContent: "×" });
      remove.setAttribute("aria-label", words.photoRemove);
      shot.append(field, remove);
      shot.classList.remove("busy");
    } catch (error) {
      shot.remove();
      toast(error instanceof TypeError ? words.network : error.message || words.photoSend, true);
    }
  }

  // -- lines of a quote: rows more or fewer, and what they come to in fen -----------------------------------------
  const fenOf = (text) => {
    const found = /^[¥￥]?\s*(\d{1,9})(?:\.(\d{1,2}))?\s*元?$/.exec(text.trim().replaceAll(/[,，]/g, ""));
    return found ? Number(found[1]) * 100 + Number((found[2] || "0").padEnd(2, "0")) : 0;
  };
  function addUp(table) {
    const total = all(".line-row", table).reduce((sum, row) => sum + Number($(".number", row).value) * fenOf($(".fen", row).value), 0);
    $("[data-lines-total]", table).textContent = "¥" + ((total || 0) / 100).toLocaleString("zh-CN", { minimumFractionDigits: 2 });
  }
  document.addEventListener("input", (event) => {
    const table = event.target.closest("[data-lines]");
    if (table) addUp(table);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-line-add], [data-line-remove]");
    if (!button) return;
    const table = button.closest("[data-lines]"), rows = all(".line-row", table), last = rows[rows.length - 1];
    if (button.matches("[data-line-remove]")) {
      if (rows.length > 1) button.closest(".line-row").remove();
    } else if (rows.length < Number(table.dataset.most)) {
      const row = last.cloneNode(true);
      all("input", row).forEach((input) => { input.value = input.defaultValue; });
      last.after(row);
      $("input", row).focus();
    }
    addUp(table);
  });

  // -- choosing a house or a person that was looked for -----------------------------------------------------------
  function pick(button) {
    const choice = button.closest("[data-choice]");
    for (const [name, value] of Object.entries(JSON.parse(button.dataset.pick))) {
      const field = $(`[name="${name}"]`, choice);
      if (field) field.value = value;
    }
    $("[data-picked-words]", choice).textContent = button.dataset.words;
    chosen(choice, true, button.hasAttribute("data-other"));
    $("[data-unpick]", choice).focus();
  }
  function chosen(choice, is, isOther) {
    $("[data-picked]", choice).hidden = !is;
    $("[data-unpicked]", choice).hidden = is;
    all("[data-guest]", choice).forEach((part) => { part.hidden = !isOther; });
    choice.dispatchEvent(new CustomEvent("chosen", { bubbles: true }));
  }
  document.addEventListener("click", (event) => {
    const again = event.target.closest("[data-unpick]");
    if (!again) return;
    const choice = again.closest("[data-choice]");
    all("input[type=hidden]", choice).forEach((field) => { field.value = ""; });
    chosen(choice, false, false);
    $("[name=q]", choice).focus();
  });
  // Enter chooses the only one found, or goes to the first of several.
  const choose = (choice) => {
    const hits = all(".hits button, .hits a", choice);
    if (hits.length === 1) hits[0].click();
    else hits[0]?.focus();
  };
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (event.key !== "Enter" || event.isComposing || !input.matches("[data-choice] [name=q]")) return;
    event.preventDefault();
    if (input.dataset.found === input.value) choose(input.closest("[data-choice]"));
    else input.dataset.enter = "1";
  });
  document.addEventListener("input", (event) => { if (event.target.name === "q") delete event.target.dataset.enter; });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const input = event.detail.elt;
    if (input.matches("[data-choice] [name=q]")) input.dataset.asked = input.value;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const input = event.detail.requestConfig?.elt;
    if (!input?.matches("[data-choice] [name=q]")) return;
    input.dataset.found = input.dataset.asked;
    if (input.dataset.enter) { delete input.dataset.enter; choose(input.closest("[data-choice]")); }
  });
  tick();
})();
