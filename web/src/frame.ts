// Menus, explanations and dialogs of the frame. Menus and explanations are
// <details>: without this they open and close as well.

const folds = "details.menu, details.q";

function fold(except: Element | null): void {
  document.querySelectorAll<HTMLDetailsElement>(folds).forEach((d) => {
    if (d.open && d !== except) d.open = false;
  });
}

export function frame(): void {
  document.addEventListener("click", (e) => {
    const at = e.target as Element;
    fold(at.closest(folds));
    const id = at.closest<HTMLElement>("[data-dialog]")?.dataset.dialog;
    if (id) document.querySelector<HTMLDialogElement>("#" + CSS.escape(id))?.showModal();
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    const open = document.querySelector<HTMLDetailsElement>("details.menu[open], details.q[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary")?.focus();
  });
}
