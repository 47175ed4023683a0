// What is measured within a page. Times are milliseconds.
({
  /** The first element of such a name, in whatever shadow it stands. */
  find(name, root = document) {
    const found = root.querySelector(name);
    if (found) return found;
    for (const element of root.querySelectorAll("*")) {
      const inner = element.shadowRoot && this.find(name, element.shadowRoot);
      if (inner) return inner;
    }
    return null;
  },

  frame: () => new Promise(requestAnimationFrame),

  rows() {
    return this.find("antminer-monitor-fleet-card")?.shadowRoot?.querySelectorAll(".row[data-id]").length ?? 0;
  },

  /** How long after a click on the page's tab the table is on the screen. */
  async opening(title, deadline) {
    const tab = [...this.find("ha-tab-group").querySelectorAll("[role=tab]")].find((one) => one.textContent.trim() === title);
    const start = performance.now();
    tab.click();
    while (!this.rows()) {
      if (performance.now() - start > deadline) return null;
      await this.frame();
    }
    // Once more: then it is painted.
    await this.frame();
    return performance.now() - start;
  },

  /** How far apart frames are while the whole table is scrolled through, so many pixels a frame. */
  async scrolling(step) {
    const table = this.find("antminer-monitor-fleet-card").shadowRoot.querySelector(".table");
    table.scrollTop = 0;
    await this.frame();
    let last = await this.frame();
    const gaps = [];
    const end = table.scrollHeight - table.clientHeight;
    for (let top = step; top < end; top += step) {
      table.scrollTop = top;
      const now = await this.frame();
      gaps.push(now - last);
      last = now;
    }
    return gaps;
  },
})
