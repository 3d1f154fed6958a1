// The phone is fetched again every two seconds, but never while somebody types or decides in it.
const phone = document.getElementById("phone");

async function refresh() {
  if (phone.contains(document.activeElement) && document.activeElement.matches("input:not([type=hidden])")) return;
  const answer = await fetch(`/page/phone?person=${encodeURIComponent(phone.dataset.person)}`);
  if (!answer.ok) return;
  const html = await answer.text();
  if (html === phone.dataset.shown) return;
  const prompt = phone.querySelector(".sheet input[name=prompt]")?.value;
  const top = phone.querySelector(".chat")?.scrollTop ?? 0;
  const next = document.createElement("template");
  next.innerHTML = html;
  // A popup that is already open keeps its ticks.
  const sheet = phone.querySelector(".sheet");
  const fresh = next.content.querySelector(".sheet");
  if (sheet && fresh && fresh.querySelector("input[name=prompt]").value === prompt) fresh.replaceWith(sheet);
  phone.replaceChildren(next.content);
  phone.dataset.shown = html;
  phone.querySelector(".chat").scrollTop = top;
}

phone.addEventListener("click", (event) => {
  if (!event.target.matches("[data-clear]")) return;
  event.target.form.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = false; });
});

setInterval(() => refresh().catch(() => {}), 2000);
