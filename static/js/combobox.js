// Type-ahead, after the ARIA Authoring Practices' combobox with a list.
//
// <input data-combobox data-url="/customers/options/" data-target="customer">: asks `?q=` and gets
// [{"value", "label", "hint"}]; the chosen value goes into the hidden field named by data-target, and typing on empties it.
// <select data-combobox>: the same over its own options; the select stays in the form and keeps the value.
// Choosing sends the event "combobox:chosen" with the option as detail. Without this script the form still works.

const PAUSE = 150;
const MOST = 50;
let made = 0;

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function optionsOfServer(url) {
  let waiting;
  return async (typed) => {
    waiting?.abort();
    waiting = new AbortController();
    const address = new URL(url, location.href);
    address.searchParams.set("q", typed);
    const answer = await fetch(address, { signal: waiting.signal, headers: { Accept: "application/json" } });
    return answer.ok ? answer.json() : [];
  };
}

function optionsOfSelect(select) {
  const all = [...select.options]
    .filter((option) => option.value)
    .map((option) => ({ value: option.value, label: option.text, hint: option.dataset.hint ?? "" }));
  return async (typed) => all.filter((option) => plain(option.label).includes(plain(typed))).slice(0, MOST);
}

function enhance(input, find, choose) {
  made += 1;
  const hadFocus = document.activeElement === input; // moving a field takes its focus away
  const box = document.createElement("div");
  box.className = "combo";
  input.replaceWith(box);
  const list = document.createElement("div");
  list.id = `options-${made}`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  const label = input.id && document.querySelector(`label[for="${CSS.escape(input.id)}"]`);
  if (label) {
    label.id ||= `${list.id}-label`;
    list.setAttribute("aria-labelledby", label.id);
  } else {
    list.setAttribute("aria-label", input.getAttribute("aria-label") ?? "");
  }
  box.append(input, list);
  if (hadFocus) input.focus();
  for (const [name, value] of Object.entries({
    role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  })) input.setAttribute(name, value);

  let shown = [];
  let active = -1;
  let timer;
  let asked = 0;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function point(index) {
    active = index;
    [...list.children].forEach((row, other) => row.setAttribute("aria-selected", String(other === index)));
    if (index < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[index].id);
    list.children[index].scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    const option = shown[index];
    input.value = option.label;
    choose(option);
    close();
    input.dispatchEvent(new CustomEvent("combobox:chosen", { bubbles: true, detail: option }));
  }

  function show(options) {
    shown = options;
    list.replaceChildren(...options.map((option, index) => {
      const row = document.createElement("div");
      row.id = `${list.id}-${index}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", "false");
      row.append(option.label);
      if (option.hint) {
        const hint = document.createElement("small");
        hint.textContent = option.hint;
        row.append(hint);
      }
      row.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
      row.addEventListener("click", () => take(index));
      return row;
    }));
    if (!options.length) return close();
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    point(input.value.trim() ? 0 : -1);
  }

  async function ask() {
    const mine = ++asked;
    try {
      const options = await find(input.value.trim());
      if (mine === asked && document.activeElement === input) show(options);
    } catch (problem) {
      if (problem.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    choose(null);
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("blur", () => { clearTimeout(timer); asked += 1; close(); });
  input.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    const isOpen = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) return void ask();
      const step = event.key === "ArrowDown" ? 1 : -1;
      point((active + step + shown.length) % shown.length);
    } else if (event.key === "Enter" && isOpen && active >= 0) {
      event.preventDefault();
      take(active);
    } else if (event.key === "Tab" && isOpen && active >= 0) {
      take(active);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
}

function start(root) {
  for (const input of root.querySelectorAll("input[data-combobox]:not([role])")) {
    const form = input.form ?? document;
    const target = form.querySelector(`[name="${CSS.escape(input.dataset.target)}"]`);
    const choose = (option) => {
      if (!target) return;
      target.value = option?.value ?? "";
      target.dispatchEvent(new Event("change", { bubbles: true }));
    };
    enhance(input, optionsOfServer(input.dataset.url), choose);
  }
  for (const select of root.querySelectorAll("select[data-combobox]")) {
    const input = document.createElement("input");
    input.type = "text";
    input.className = select.className;
    input.id = select.id;
    for (const name of ["aria-describedby", "aria-invalid", "required"]) {
      if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    }
    input.value = select.selectedOptions[0]?.value ? select.selectedOptions[0].text : "";
    select.removeAttribute("data-combobox");
    select.removeAttribute("id");
    select.removeAttribute("required");
    select.hidden = true;
    select.before(input);
    enhance(input, optionsOfSelect(select), (option) => {
      select.value = option?.value ?? "";
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}

start(document);
document.addEventListener("htmx:load", (event) => start(event.target.parentElement ?? document));
