"use strict";

// The result's side of the page.

const NONE = "–";
const byId = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)}%`;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Paint base64 bytes, side × side grey levels, on a canvas.
function paint(canvas, side, base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  canvas.width = canvas.height = side;
  const pixels = new ImageData(side, side);
  bytes.forEach((level, i) => pixels.data.set([level, level, level, 255], 4 * i));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

class Result {
  constructor(about) {
    this.about = about;
    byId("bars").replaceChildren(
      ...about.classes.map((label) => {
        const bar = element("div", { className: "bar" }, element("div"));
        bar.setAttribute("role", "meter");
        bar.setAttribute("aria-label", `Probability of ${label}`);
        bar.setAttribute("aria-valuemin", "0");
        bar.setAttribute("aria-valuemax", "1");
        const name = element("span", { className: "name", textContent: label });
        return element("li", {}, name, bar, element("span", { className: "share" }));
      }),
    );
    byId("bars").hidden = !about.classes.length; // a value has no shares
    byId("near-caption").textContent = about.neighbours
      ? "Nearest training images"
      : "The training images are not here";
    this.clear();
  }

  clear(sentence = "Nothing drawn.") {
    this.say(NONE, sentence);
    this.fill(this.about.classes.map(() => 0));
    byId("digits").hidden = true;
    byId("neighbours").replaceChildren();
    const seen = byId("seen");
    seen.width = seen.height = this.about.side;
  }

  say(label, sentence) {
    byId("label").textContent = label;
    byId("label").classList.toggle("none", label === NONE);
    byId("label").classList.toggle("long", label.length > 3);
    byId("said").textContent = sentence;
    byId("timing").textContent = "";
  }

  fill(shares, label) {
    [...byId("bars").children].forEach((row, i) => {
      const [, bar, share] = row.children;
      bar.firstChild.style.width = percent(shares[i]);
      bar.setAttribute("aria-valuenow", shares[i]);
      bar.setAttribute("aria-valuetext", percent(shares[i]));
      share.textContent = label === undefined ? "" : percent(shares[i]);
      row.classList.toggle("best", this.about.classes[i] === label);
    });
  }

  digit(reading) {
    this.say(reading.label, reading.said);
    this.details(reading);
    byId("digits").hidden = true;
  }

  details(reading) {
    this.fill(reading.probabilities, reading.label);
    paint(byId("seen"), this.about.side, reading.image);
    byId("neighbours").replaceChildren(
      ...reading.neighbours.map(({ row, label, same, image }) => {
        const canvas = paint(element("canvas"), this.about.side, image);
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `Training image of row ${row}, labelled ${label}`);
        const className = same === null ? "" : same ? "same" : "other";
        const title = `Row ${row} of the training data, labelled ${label}`;
        return element("li", { className, title }, canvas, element("span", { textContent: label }));
      }),
    );
  }

  // All digits of a picture: the text they make, and a button for each.
  digits(readings) {
    const lines = [];
    for (const { line, label } of readings) (lines[line] ??= []).push(label);
    const text = lines.map((line) => line.join(" ")).join(" / ");
    const count = readings.length === 1 ? "One digit" : `${readings.length} digits`;
    this.say(readings.length === 1 ? readings[0].label : "", `${count}: ${text}`);
    const buttons = readings.map((reading, i) => {
      const canvas = paint(element("canvas"), this.about.side, reading.image);
      const made = element("button", { type: "button", onclick: () => this.choose(i) }, canvas,
        element("span", { textContent: reading.label }));
      made.setAttribute("aria-label", `Digit ${i + 1}: ${reading.label}. ${reading.said}`);
      return made;
    });
    byId("digits").replaceChildren(...buttons);
    byId("digits").hidden = readings.length < 2;
    byId("boxes").replaceChildren(...readings.map(({ box, label }) => {
      const made = element("div", {}, element("span", { textContent: label }));
      ["left", "top", "width", "height"].forEach((side, i) => (made.style[side] = percent(box[i])));
      return made;
    }));
    this.readings = readings;
    this.choose(0);
  }

  choose(index) {
    for (const id of ["digits", "boxes"]) {
      [...byId(id).children].forEach((child, i) => child.classList.toggle("chosen", i === index));
    }
    [...byId("digits").children].forEach((child, i) =>
      child.setAttribute("aria-pressed", i === index));
    this.details(this.readings[index]);
  }
}
