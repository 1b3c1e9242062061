/** `data-copy="text"`: a button that puts the text on the clipboard and says so. */
import { on } from "./dom";
import { toast } from "./toasts";

export function startCopying(): void {
  on("click", "[data-copy]", (button) => {
    void navigator.clipboard.writeText(button.dataset["copy"] ?? "").then(
      () => toast("Copied."),
      () => toast("The browser does not let this page copy.", { failed: true }),
    );
  });
}
