// Single keys: "/" goes to search, "n" records feedback, "?" lists them. An element says its key with data-key.
// They do nothing in fields, with a modifier, or when <html data-shortcuts="off"> (WCAG 2.1.4).

const isTyping = (element) =>
  element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

document.addEventListener("keydown", (event) => {
  if (document.documentElement.dataset.shortcuts === "off") return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;

  if (event.key === "?") {
    event.preventDefault();
    document.getElementById("shortcuts")?.showModal();
    return;
  }
  const found = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!found) return;
  event.preventDefault();
  if (isTyping(found)) {
    found.focus();
    found.select?.();
  } else {
    found.click();
  }
});
