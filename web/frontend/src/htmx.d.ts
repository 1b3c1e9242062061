declare module "htmx.org/dist/htmx.esm.js" {
  interface Ajax {
    target?: string | Element;
    select?: string;
    selectOOB?: string;
    swap?: string;
    push?: string;
  }
  const htmx: {
    process(root: Element): void;
    ajax(verb: string, path: string, context?: Ajax): Promise<void>;
  };
  export default htmx;
}
