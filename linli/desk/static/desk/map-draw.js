// An area on a map, for a choice of places: <div data-draw> around a map, tools and a text of corners.
// Drawn with mouse or touch (terra-draw), or typed: the text is the truth, and is what is sent. A click on a place picks it.
(() => {
  const { terraDraw, terraDrawMaplibreGlAdapter } = window;
  const token = (name) => window.linliLooks.token(name);

  function styles() {
    const line = { outlineColor: token('--ln-focus'), outlineWidth: 3, closingPointColor: token('--ln-focus'), closingPointWidth: 7, closingPointOutlineColor: token('--ln-card'), closingPointOutlineWidth: 2 };
    return { ...line, fillColor: token('--ln-focus'), fillOpacity: 0.15 };
  }

  function selectFlags() {
    return { polygon: { feature: { draggable: true, coordinates: { midpoints: true, draggable: true, deletable: true } } } };
  }

  // The click that closes an area comes after the area is done, by touch a moment later: it picks nothing below it.
  const CLOSING_MS = 400;

  class Drawing {
    constructor(box) {
      this.box = box;
      this.text = box.querySelector('[data-draw-text]');
      this.map = null;
      this.draw = null;
      this.mode = 'pick';
      this.closedAt = -Infinity;
      box.addEventListener('linli:map', (event) => this.begin(event.detail));
      box.addEventListener('linli:click', (event) => this.click(event));
      box.addEventListener('click', (event) => this.press(event));
      box.addEventListener('change', (event) => { if (event.target.matches('[data-draw-level]')) this.level(event.target.value); });
      this.text.addEventListener('change', () => this.fromText());
      document.addEventListener('linli:chosen', (event) => this.show(event.detail));
    }

    begin(placeMap) {
      this.places = placeMap;
      this.map = placeMap.map;
      const look = styles();
      this.draw = new terraDraw.TerraDraw({
        adapter: new terraDrawMaplibreGlAdapter.TerraDrawMapLibreGLAdapter({ map: this.map }),
        modes: [
          new terraDraw.TerraDrawPolygonMode({ styles: look, pointerDistance: 24 }),
          new terraDraw.TerraDrawSelectMode({ flags: selectFlags(), styles: { selectedPolygonColor: look.fillColor, selectedPolygonFillOpacity: 0.15, selectedPolygonOutlineColor: look.outlineColor, selectedPolygonOutlineWidth: 3, selectionPointWidth: 7, selectionPointColor: look.outlineColor, midPointColor: look.outlineColor, midPointWidth: 4 } }),
          new terraDraw.TerraDrawRenderMode({ modeName: 'pick', styles: { polygonFillColor: look.fillColor, polygonFillOpacity: 0.15, polygonOutlineColor: look.outlineColor, polygonOutlineWidth: 3 } }),
        ],
      });
      this.draw.start();
      this.set('pick');
      this.draw.on('finish', (id, context) => {
        if (context.action === 'draw') {
          this.draw.getSnapshot().filter((one) => one.geometry.type === 'Polygon' && one.id !== id).forEach((one) => this.draw.removeFeatures([one.id]));
          this.set('pick');
          this.closedAt = performance.now();
        }
        this.toText();
        this.ask();
      });
      if (this.text.value.trim()) this.fromText();
      document.dispatchEvent(new CustomEvent('linli:draw-ready'));
    }

    set(mode) {
      this.mode = mode;
      this.draw.setMode(mode);
      this.box.querySelectorAll('[data-draw-mode]').forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.drawMode === mode)));
      this.box.dataset.mode = mode;
    }

    drawn() {
      return this.draw.getSnapshot().find((one) => one.geometry.type === 'Polygon' && one.properties.mode === 'polygon');
    }

    toText() {
      const area = this.drawn();
      this.text.value = area ? area.geometry.coordinates[0].slice(0, -1).map(([lon, lat]) => `${lon.toFixed(6)}, ${lat.toFixed(6)}`).join('\n') : '';
    }

    // What was typed is drawn too, if it can be read; whether it can, the server says.
    fromText() {
      if (!this.draw) return;
      this.draw.clear();
      const ring = this.text.value.split(/[\n;；]+/).map((line) => (line.match(/[-+]?\d+(\.\d+)?/g) || []).map(Number)).filter((pair) => pair.length === 2);
      if (ring.length < 3) return;
      const rounded = [...ring, ring[0]].map((pair) => pair.map((value) => Number(value.toFixed(6))));
      this.draw.addFeatures([{ type: 'Feature', properties: { mode: 'polygon' }, geometry: { type: 'Polygon', coordinates: [rounded] } }]);
    }

    ask() {
      this.box.querySelector('[data-draw-ask]').click();
    }

    press(event) {
      const tool = event.target.closest('[data-draw-mode], [data-draw-clear]');
      if (!tool || !this.draw) return;
      if ('drawClear' in tool.dataset) {
        this.draw.clear();
        this.text.value = '';
        this.box.querySelector('[data-draw-answer]').replaceChildren();
        this.set('pick');
        return;
      }
      this.set(tool.dataset.drawMode);
      const area = this.drawn();
      if (this.mode === 'select' && area) this.draw.selectFeature(area.id);
    }

    // In the middle of drawing a click is a corner, not a choice; so is the last one.
    click(event) {
      event.preventDefault();
      if (this.mode === 'pick' && performance.now() - this.closedAt > CLOSING_MS) document.dispatchEvent(new CustomEvent('linli:choose', { detail: { ...event.detail, toggle: true } }));
    }

    show(codes) {
      if (this.places) this.places.pick(codes);
    }

    level(address) {
      if (this.places) this.places.reload(address);
    }
  }

  document.addEventListener('DOMContentLoaded', () => document.querySelectorAll('[data-draw]').forEach((box) => new Drawing(box)));
})();
