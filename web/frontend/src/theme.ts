/** Auto, light or dark: in a cookie, so that the server writes it into the page and nothing flashes. */
import { on } from "./dom";

export type Theme = "auto" | "light" | "dark";
const YEAR = 31_536_000;

export function setTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  document.cookie = `mt_theme=${theme}; path=/; max-age=${YEAR}; samesite=lax`;
  for (const button of document.querySelectorAll<HTMLElement>("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset["themeSet"] === theme));
  }
  document.dispatchEvent(new CustomEvent("mt:theme", { detail: { theme } }));
}

export function startTheme(): void {
  on("click", "[data-theme-set]", (button, event) => {
    event.preventDefault();
    setTheme(button.dataset["themeSet"] as Theme);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.dispatchEvent(new CustomEvent("mt:theme", { detail: {} }));
  });
}
