/**
 * Reads a barcode with the camera, where the browser offers both a detector and a camera; elsewhere
 * nothing is shown. What is read goes into the form of this element, which is sent.
 */
import { icon, make } from "./dom";

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

const FORMATS = ["ean_13", "ean_8", "upc_a", "upc_e"];
const LOOK_EVERY = 150;

const detectorClass = (window as { BarcodeDetector?: DetectorClass }).BarcodeDetector;

class Scan extends HTMLElement {
  private stream: MediaStream | undefined;
  private timer = 0;
  private view: HTMLElement | undefined;
  private button: HTMLButtonElement | undefined;
  private note: HTMLElement | undefined;

  connectedCallback(): void {
    void this.offer();
  }

  disconnectedCallback(): void {
    this.stop();
  }

  /** Show the button, if there is anything behind it. */
  private async offer(): Promise<void> {
    if (!detectorClass || !navigator.mediaDevices?.getUserMedia || this.button) return;
    const known = await detectorClass.getSupportedFormats().catch((): string[] => []);
    const formats = FORMATS.filter((each) => known.includes(each));
    const form = this.querySelector("form");
    if (!formats.length || !form || this.button) return;
    this.button = make("button", { class: "btn btn-i", type: "button", "aria-label": "Scan a barcode", title: "Scan a barcode" }, icon("scan-barcode", 20));
    this.button.addEventListener("click", () => void (this.view ? this.stop() : this.start(formats)));
    form.append(this.button);
    this.note = make("p", { class: "q2", role: "status" });
    this.append(this.note);
  }

  private async start(formats: string[]): Promise<void> {
    if (!detectorClass) return;
    const video = make("video", { playsinline: true, muted: true, "aria-label": "Camera" });
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      this.say("The camera cannot be used. Type the number below the bars.");
      return;
    }
    this.say("Hold the barcode into the frame.");
    this.view = make("div", { class: "scan" }, video, make("div", { class: "scan-frame" }));
    this.prepend(this.view);
    video.srcObject = this.stream;
    // Not waited for: some cameras take seconds to show their first picture.
    void video.play().catch(() => undefined);
    const detector = new detectorClass({ formats });
    const look = async (): Promise<void> => {
      const found = await detector.detect(video).catch((): { rawValue: string }[] => []);
      if (!this.view) return;
      const code = found[0]?.rawValue;
      if (code) this.send(code);
      else this.timer = window.setTimeout(() => void look(), LOOK_EVERY);
    };
    void look();
  }

  private send(code: string): void {
    const field = this.querySelector<HTMLInputElement>("input[name=code]");
    this.stop();
    if (!field) return;
    field.value = code;
    navigator.vibrate?.(60);
    field.form?.requestSubmit();
  }

  private say(text: string): void {
    if (this.note) this.note.textContent = text;
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = undefined;
    this.view?.remove();
    this.view = undefined;
    this.say("");
  }
}

customElements.define("mt-scan", Scan);
