"use strict";

// Joins the canvas, the server and the result.

class Page {
  constructor(about) {
    this.about = about;
    this.result = new Result(about);
    this.pen = new Pen(byId("canvas"), {
      began: () => this.began(),
      lifted: () => this.read(),
    });
    this.picture = null; // the file that is shown in place of a drawing
    this.request = null; // the one under way; a newer one takes its place

    byId("undo").onclick = () => this.undo();
    byId("clear").onclick = () => this.clear();
    byId("width").oninput = () => this.setWidth(Number(byId("width").value));
    byId("model").onchange = () => this.read();
    byId("file").onchange = (event) => {
      const [file] = event.target.files;
      event.target.value = ""; // so that the same file can be chosen again
      if (file) this.open(file);
    };
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("paste", (event) => this.take(event, event.clipboardData));
    addEventListener("drop", (event) => this.take(event, event.dataTransfer));
    addEventListener("dragover", (event) => {
      event.preventDefault();
      byId("sheet").classList.add("dropping");
    });
    addEventListener("dragleave", () => byId("sheet").classList.remove("dropping"));
    this.setWidth(Number(byId("width").value));
    this.tidy();
  }

  key(event) {
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "z" && !event.shiftKey) this.undo();
    else if (event.key === "Escape") this.clear();
    else if (!command && event.key === "[") this.setWidth(Number(byId("width").value) - 2);
    else if (!command && event.key === "]") this.setWidth(Number(byId("width").value) + 2);
    else return;
    event.preventDefault();
  }

  setWidth(pixels) {
    byId("width").value = pixels;
    this.pen.width = Number(byId("width").value) / Pen.READING;
    byId("dot").setAttribute("r", Number(byId("width").value) / 2);
  }

  began() {
    if (this.picture) this.clear();
    this.request?.abort();
    this.tidy();
  }

  undo() {
    if (this.picture) this.clear();
    else if (!this.pen.empty) this.pen.undo();
  }

  clear() {
    this.request?.abort();
    this.picture = null;
    this.pen.clear();
    this.result.clear();
    byId("boxes").replaceChildren();
    this.tidy();
  }

  // What the page shows beside the strokes.
  tidy(complaint = "") {
    byId("complaint").textContent = complaint;
    byId("hint").hidden = !this.pen.empty || this.picture !== null;
    byId("undo").disabled = byId("clear").disabled = this.pen.empty && this.picture === null;
    byId("sheet").querySelector("img")?.remove();
    byId("sheet").classList.toggle("showing", this.picture !== null);
    if (this.picture) byId("sheet").prepend(this.picture.image);
  }

  take(event, carried) {
    byId("sheet").classList.remove("dropping");
    const [file] = carried?.files ?? [];
    if (!file) {
      if (event.type === "drop") event.preventDefault();
      return;
    }
    event.preventDefault();
    this.open(file);
  }

  open(file) {
    this.clear();
    if (file.size > this.about.most_bytes) {
      this.result.clear("Nothing read.");
      this.tidy(this.about.too_large);
      return;
    }
    const image = new Image();
    image.alt = `Picture ${file.name}`;
    image.src = URL.createObjectURL(file);
    image.onload = () => {
      URL.revokeObjectURL(image.src);
      // The boxes lie over the picture, which keeps its proportions inside the square sheet.
      const longer = Math.max(image.naturalWidth, image.naturalHeight);
      for (const each of [image, byId("boxes")]) {
        each.style.width = percent(image.naturalWidth / longer);
        each.style.height = percent(image.naturalHeight / longer);
      }
    };
    this.picture = { file, image };
    this.tidy();
    this.read();
  }

  async read() {
    this.request?.abort();
    this.tidy();
    if (!this.picture && this.pen.empty) {
      this.result.clear();
      return;
    }
    performance.mark("lifted");
    const request = (this.request = new AbortController());
    const model = encodeURIComponent(byId("model").value);
    try {
      const answer = this.picture
        ? await this.ask(`picture?model=${model}`, this.picture.file, request)
        : await this.askOfDrawing(model, request);
      if (!request.signal.aborted) this.show(answer);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.result.clear("Nothing read.");
      if (this.picture) this.picture = null;
      this.tidy(error instanceof Complaint
        ? error.message
        : "The server does not answer; see whether make app is still running.");
    }
  }

  askOfDrawing(model, request) {
    const { width, height, levels } = this.pen.levels();
    return this.ask(`drawing?model=${model}&width=${width}&height=${height}`, levels, request);
  }

  async ask(path, body, request) {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body,
      signal: request.signal,
    });
    const answer = await response.json();
    if (!response.ok) throw new Complaint(answer.sentence);
    return answer;
  }

  show(answer) {
    if ("digit" in answer) {
      if (answer.digit) this.result.digit(answer.digit);
      else this.result.clear();
    } else if (answer.digits.length) this.result.digits(answer.digits);
    else this.result.clear("No digit was found in the picture.");
    performance.measure("lifted to read", "lifted");
    const { duration } = performance.getEntriesByName("lifted to read").at(-1);
    byId("timing").textContent = `${Math.max(1, Math.round(duration))} ms after lifting`;
    if (this.picture) byId("timing").textContent = "";
  }
}

class Complaint extends Error {}

async function begin() {
  const about = await (await fetch("about")).json();
  byId("competition").textContent = about.title;
  byId("model").replaceChildren(
    ...about.models.map(({ name, title, ready, note }) => {
      const text = ready ? title : `${title}: not available`;
      return element("option", { value: name, textContent: text, disabled: !ready, title: note });
    }),
  );
  byId("model").value = about.models.find(({ ready }) => ready).name;
  new Page(about);
  document.documentElement.dataset.ready = "true";
}

begin().catch(() => {
  byId("complaint").textContent = "The server does not answer; see whether make app is still running.";
});
