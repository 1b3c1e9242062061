/**
 * The first page that a browser sees: it is drawn before scripts, fonts and further sheets are asked for
 * (first_view.py). A classic script of its own, so small that nothing waits for it.
 */
{
  const { main = "", sheets = "" } = document.currentScript?.dataset ?? {};
  const load = (): void => {
    for (const href of sheets.split(" ")) {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = href;
      document.head.append(link);
    }
    const script = document.createElement("script");
    script.type = "module";
    script.src = main;
    document.head.append(script);
  };
  // A frame is asked for, drawn, and only then comes what was put off; a tab that is hidden draws none.
  if (document.hidden) load();
  else requestAnimationFrame(() => setTimeout(load));
}
