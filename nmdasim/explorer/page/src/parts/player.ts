// Plays spikes that were computed: in real time or slowed, with a click a spike if wanted.

import { S } from "../strings";
import { h, shown } from "./dom";

export interface Beat {
  time: number; // s
  row: number;
  index: number;
}

interface Hooks {
  beat: (beat: Beat) => void;
  at: (time: number, jumped: boolean) => void;
}

export class Player {
  readonly element: HTMLElement;
  private beats: Beat[] = [];
  private length = 1;
  private time = 0;
  private next = 0;
  private playing = false;
  private stamp = 0;
  private sound: AudioContext | null = null;
  private readonly button: HTMLButtonElement;
  private readonly bar: HTMLInputElement;
  private readonly speed: HTMLSelectElement;
  private readonly noise: HTMLInputElement;
  private readonly clock: HTMLElement;

  constructor(
    id: string,
    private readonly hooks: Hooks,
  ) {
    this.button = h("button", { type: "button", class: "play", onclick: () => this.toggle() }, S.play.play);
    this.bar = h("input", { type: "range", min: 0, max: 1000, value: 0, "aria-label": S.play.position });
    this.bar.addEventListener("input", () => this.jump((Number(this.bar.value) / 1000) * this.length));
    this.speed = h("select", { id: `${id}-speed` }, S.play.speeds.map(([value, label]) => h("option", { value }, label)));
    this.noise = h("input", { type: "checkbox", id: `${id}-sound` });
    this.clock = h("span", { class: "clock" }, "0 s");
    this.element = h(
      "div",
      { class: "player", role: "group", "aria-label": S.play.group },
      this.button,
      this.bar,
      this.clock,
      h("label", { for: `${id}-speed` }, S.play.speed),
      this.speed,
      this.noise,
      h("label", { for: `${id}-sound` }, S.play.sound),
    );
  }

  load(beats: Beat[], length: number): void {
    this.beats = beats.sort((a, b) => a.time - b.time);
    this.length = length;
    if (this.time > length) this.time = 0;
    this.jump(this.playing ? this.time : 0);
  }

  begin(): void {
    this.jump(0);
    if (!this.playing) this.toggle();
  }

  private toggle(): void {
    this.playing = !this.playing;
    this.button.textContent = this.playing ? S.play.pause : S.play.play;
    if (!this.playing) return;
    if (this.time >= this.length) this.jump(0);
    if (this.noise.checked) this.sound ??= new AudioContext();
    this.stamp = performance.now();
    requestAnimationFrame((now) => this.frame(now));
  }

  private jump(time: number): void {
    this.time = time;
    this.next = this.beats.findIndex((beat) => beat.time >= time);
    if (this.next < 0) this.next = this.beats.length;
    this.hooks.at(time, true);
    this.tell();
  }

  private tell(): void {
    this.bar.value = String(Math.round((1000 * this.time) / this.length));
    this.bar.setAttribute("aria-valuetext", `${shown(this.time)} s`);
    this.clock.textContent = `${this.time.toFixed(2)} s`;
  }

  private frame(now: number): void {
    if (!this.playing) return;
    this.time += (Math.max(now - this.stamp, 0) / 1000) * Number(this.speed.value);
    this.stamp = now;
    for (; this.next < this.beats.length && this.beats[this.next].time <= this.time; this.next++) {
      this.hooks.beat(this.beats[this.next]);
      if (this.noise.checked) this.click(this.beats[this.next].row);
    }
    this.hooks.at(this.time, false);
    this.tell();
    if (this.time < this.length) requestAnimationFrame((later) => this.frame(later));
    else this.toggle();
  }

  private click(row: number): void {
    this.sound ??= new AudioContext();
    const { currentTime, destination } = this.sound;
    const tone = this.sound.createOscillator();
    const loud = this.sound.createGain();
    tone.frequency.value = row ? 440 : 880;
    loud.gain.setValueAtTime(0.15, currentTime);
    loud.gain.exponentialRampToValueAtTime(1e-3, currentTime + 0.02);
    tone.connect(loud).connect(destination);
    tone.start(currentTime);
    tone.stop(currentTime + 0.025);
  }
}
