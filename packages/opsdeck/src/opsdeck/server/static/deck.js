// Small help for server-rendered pages: local times, live polling that rests, theme, keyboard. All pages work without it.
(() => {
  "use strict";
  const live = document.getElementById("live");
  const pulse = document.getElementById("pulse");
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });

  // Times stand in the page in UTC; the reader sees the own zone, and UTC on hover.
  function localise(root) {
    const today = new Date().toDateString();
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      const local = time.dataset.as === "full" ? full.format(at) : (at.toDateString() === today ? "" : day.format(at) + ", ") + clock.format(at);
      time.title = `${time.dateTime.replace("T", " ").replace("Z", "")} UTC`;
      if (time.dataset.as === "ago") time.title = `${full.format(at)} · ${time.title}`;
      else if (time.textContent !== local) time.textContent = local;
    }
  }

  let paused = false;
  let lost = false;
  function show() {
    if (!pulse) return;
    const state = lost ? "lost" : paused ? "paused" : "live";
    pulse.dataset.state = state;
    pulse.setAttribute("aria-pressed", String(paused));
    pulse.lastElementChild.textContent = { live: "Live", paused: "Paused", lost: "No connection" }[state];
  }
  const wake = () => live && !document.hidden && !paused && live.dispatchEvent(new Event("wake"));

  if (live) {
    live.addEventListener("htmx:config:request", (event) => {
      if (event.target === live && (document.hidden || paused)) event.preventDefault();
    });
    live.addEventListener("htmx:error", () => { lost = true; show(); });
    live.addEventListener("htmx:after:request", (event) => {
      lost = event.detail.ctx.response.status >= 500;
      if (event.detail.ctx.response.status === 401) location.reload();
      show();
    });
    document.addEventListener("htmx:after:swap", () => { localise(document); document.dispatchEvent(new Event("deck:fresh")); });
    document.addEventListener("visibilitychange", wake);
  }
  pulse?.addEventListener("click", () => { paused = !paused; show(); wake(); });

  document.getElementById("theme")?.addEventListener("click", (event) => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    event.currentTarget.setAttribute("aria-pressed", String(!dark));
    try { localStorage.setItem("opsdeck-theme", root.dataset.theme); } catch { /* lasts for this page */ }
    document.dispatchEvent(new Event("deck:theme"));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const field = document.querySelector("[data-focus]");
    if (field) { event.preventDefault(); field.focus(); field.select?.(); }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });

  // On a narrow screen the pages are one row that scrolls: where the reader is must be in sight.
  const here = document.querySelector(".side nav [aria-current]");
  const row = here?.parentElement;
  if (row) row.scrollLeft += here.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - here.offsetWidth) / 2;

  localise(document);
  show();
})();
