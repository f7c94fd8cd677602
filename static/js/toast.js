// Messages that go away by themselves: after ten seconds, never while pointed at or focused, errors not at all.
// Without this script they stand in the flow of the page.

const LIFE = 10_000;
const MOST = 2;

function begin(toast) {
  toast.querySelector("[data-dismiss]")?.addEventListener("click", () => toast.remove());
  if (toast.classList.contains("error") || toast.classList.contains("warning")) return;

  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), LIFE); };
  const pause = () => clearTimeout(timer);
  toast.addEventListener("mouseenter", pause);
  toast.addEventListener("focusin", pause);
  toast.addEventListener("mouseleave", () => { if (!toast.contains(document.activeElement)) start(); });
  toast.addEventListener("focusout", (event) => { if (!toast.contains(event.relatedTarget)) start(); });
  start();
}

const region = document.getElementById("toasts");
if (region) {
  region.querySelectorAll("[data-toast]").forEach(begin);
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.matches?.("[data-toast]")) begin(node);
    }
    const quiet = region.querySelectorAll("[data-toast]:not(.error, .warning)");
    [...quiet].slice(0, Math.max(0, quiet.length - MOST)).forEach((toast) => toast.remove());
  }).observe(region, { childList: true });
}
