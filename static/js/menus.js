// Menus made of <details data-menu>: a press outside or Escape closes them, and focus goes back to where it was.

const close = (menu) => { menu.open = false; };

document.addEventListener("click", (event) => {
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    if (!menu.contains(event.target)) close(menu);
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    close(menu);
    menu.querySelector("summary").focus();
  });
});
