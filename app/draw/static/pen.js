"use strict";

// The canvas: strokes are kept as points between 0 and 1, so that they can be taken back, drawn
// again at any size, and drawn in white on black for the models.

class Pen {
  static READING = 280; // pixels a side of the drawing that is read
  static MARGIN = 10; // of them, around it: its border is paper whatever was drawn
  static STEP = 0.04; // of the side, for an arrow key

  constructor(canvas, { began, lifted }) {
    this.canvas = canvas;
    this.strokes = [];
    this.width = 20 / Pen.READING;
    this.active = null; // the pointer that draws
    this.cursor = null; // where the keyboard's pen is
    this.began = began;
    this.lifted = lifted;
    this.reading = document.createElement("canvas");
    this.reading.width = this.reading.height = Pen.READING + 2 * Pen.MARGIN;
    this.readingInk = this.reading.getContext("2d", { willReadFrequently: true });

    canvas.addEventListener("pointerdown", (event) => this.lower(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.lift(event));
    canvas.addEventListener("pointercancel", (event) => this.cancel(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.leave());
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  get empty() {
    return this.strokes.length === 0;
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  lower(event) {
    if (this.active !== null || event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.cursor = null;
    this.began();
    this.active = event.pointerId;
    this.strokes.push({ width: this.width, points: [this.place(event)] });
    this.draw();
  }

  move(event) {
    if (event.pointerId !== this.active) return;
    const points = this.strokes.at(-1).points;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) points.push(this.place(each));
    this.draw();
  }

  lift(event) {
    if (event.pointerId !== this.active) return;
    this.active = null;
    this.lifted();
  }

  cancel(event) {
    if (event.pointerId !== this.active) return;
    this.active = null;
    this.undo(); // the system took the pointer: what it drew was not meant
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if ((!step && event.key !== " ") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (this.active !== null && this.active !== "keys") return;
    this.cursor ??= [0.5, 0.5];
    if (step) {
      const size = event.shiftKey ? Pen.STEP / 4 : Pen.STEP;
      this.cursor = this.cursor.map((at, axis) => Math.min(1, Math.max(0, at + size * step[axis])));
      if (this.active) this.strokes.at(-1).points.push(this.cursor);
    } else if (this.active) {
      this.leave();
    } else {
      this.began();
      this.active = "keys";
      this.strokes.push({ width: this.width, points: [this.cursor] });
    }
    this.draw();
  }

  leave() {
    if (this.active !== "keys") return;
    this.active = null;
    this.lifted();
  }

  undo() {
    this.active = null;
    this.strokes.pop();
    this.draw();
    this.lifted();
  }

  clear() {
    this.active = null;
    this.strokes = [];
    this.draw();
  }

  draw() {
    const { canvas } = this;
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const ink = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    ink.clearRect(0, 0, side, side);
    this.trace(ink, side, style.color);
    if (this.cursor && document.activeElement === canvas) {
      const [x, y] = this.cursor.map((at) => at * side);
      ink.strokeStyle = style.accentColor;
      ink.lineWidth = 2 * devicePixelRatio;
      ink.beginPath();
      ink.arc(x, y, Math.max(8, (this.width * side) / 2 + 4), 0, 7);
      ink.stroke();
    }
  }

  trace(ink, side, colour) {
    ink.strokeStyle = colour;
    ink.lineCap = ink.lineJoin = "round";
    for (const { width, points } of this.strokes) {
      ink.lineWidth = width * side;
      ink.beginPath();
      ink.moveTo(points[0][0] * side, points[0][1] * side);
      for (let i = 1; i < points.length; i++) {
        const [x, y] = points[i - 1];
        const [nextX, nextY] = points[i];
        // Curves through the middles of the segments smooth the pointer's steps.
        ink.quadraticCurveTo(x * side, y * side, ((x + nextX) / 2) * side, ((y + nextY) / 2) * side);
      }
      const [lastX, lastY] = points.at(-1);
      ink.lineTo(lastX * side, lastY * side);
      ink.stroke();
    }
  }

  // The drawing as grey levels, white on black: { width, height, levels }.
  levels() {
    const { width, height } = this.reading;
    const ink = this.readingInk;
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.fillStyle = "#000";
    ink.fillRect(0, 0, width, height);
    ink.translate(Pen.MARGIN, Pen.MARGIN);
    this.trace(ink, Pen.READING, "#fff");
    const { data } = ink.getImageData(0, 0, width, height);
    const levels = new Uint8Array(width * height);
    for (let i = 0; i < levels.length; i++) levels[i] = data[4 * i];
    return { width, height, levels };
  }
}
