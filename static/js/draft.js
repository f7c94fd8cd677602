// Keeps a draft of a form with data-draft-url on the server, a moment after the typing stops. The status line,
// [data-draft-status], says so in the words of its data-words, where {time} stands for the hour.

const PAUSE = 1_500;

function keep(form) {
  const status = form.querySelector("[data-draft-status]");
  let timer;
  let kept = "";
  let isSent = false;

  const send = async () => {
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    const now = new URLSearchParams(body).toString();
    if (now === kept || isSent) return;
    let answer;
    try {
      answer = await fetch(form.dataset.draftUrl, {
        method: "POST",
        body,
        headers: { "X-Requested-With": "XMLHttpRequest", Accept: "application/json" },
      });
    } catch {
      answer = null;
    }
    if (!answer?.ok) {
      if (status) status.textContent = status.dataset.failed ?? "";
      return;
    }
    kept = now;
    if (status && !isSent) {
      const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      status.textContent = (status.dataset.words ?? "").replace("{time}", time);
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(send, PAUSE);
  });
  form.addEventListener("submit", () => {
    isSent = true;
    clearTimeout(timer);
  });
}

document.querySelectorAll("form[data-draft-url]").forEach(keep);
