// Maps of places: <section data-map data-shapes="..." data-rows="#rows">. Outlines come once; figures are read from the table beside
// (tr[data-place][data-shade][data-figure]), again whenever it is refreshed, so that map and table cannot say different things.
// No base map, no glyphs, nothing from elsewhere; raster tiles only where the installation names some (data-tiles).
(() => {
  const looks = window.linliLooks;
  const NO_FEATURES = { type: 'FeatureCollection', features: [] };
  const maps = new Map();

  const absolute = (address) => new URL(address, window.location.href).href;
  const wait = (address, zoom) => fetch(address + (address.includes('?') ? '&' : '?') + `zoom=${zoom}`, { credentials: 'same-origin' });

  function boxOf(collection) {
    const box = [180, 90, -180, -90];
    const take = (point) => {
      if (typeof point[0] !== 'number') return point.forEach(take);
      box[0] = Math.min(box[0], point[0]);
      box[1] = Math.min(box[1], point[1]);
      box[2] = Math.max(box[2], point[0]);
      box[3] = Math.max(box[3], point[1]);
      return undefined;
    };
    collection.features.forEach((feature) => take(feature.geometry.coordinates));
    return box;
  }

  // The zoom level at which a box fills so many pixels: outlines are asked for as coarse as it lets them be.
  function zoomOf(box, width) {
    return Math.max(3, Math.min(18, Math.round(Math.log2((360 * width) / (512 * Math.max(1e-4, box[2] - box[0]))))));
  }

  function styleOf(section) {
    const style = { version: 8, sources: {}, layers: [{ id: 'ground', type: 'background', paint: { 'background-color': looks.token('--ln-paper') } }] };
    if (section.dataset.tiles) {
      style.sources.tiles = { type: 'raster', tiles: [section.dataset.tiles], tileSize: 256, attribution: section.dataset.attribution };
      style.layers.push({ id: 'tiles', type: 'raster', source: 'tiles' });
    }
    return style;
  }

  class PlaceMap {
    constructor(section, library, shapes, around) {
      this.section = section;
      this.shapes = shapes;
      this.around = around;
      this.chosen = null;
      this.pointed = null;
      const box = boxOf(shapes.features.length ? shapes : around);
      const canvas = section.querySelector('[data-map-canvas]');
      this.zoom = zoomOf(box, canvas.clientWidth);
      this.map = new library.Map({
        container: canvas, style: styleOf(section), bounds: [[box[0], box[1]], [box[2], box[3]]], fitBoundsOptions: { padding: 24 },
        attributionControl: section.dataset.tiles ? {} : false, fadeDuration: 0, dragRotate: false, pitchWithRotate: false, touchPitch: false, maxZoom: 19,
        canvasContextAttributes: { preserveDrawingBuffer: true }, // or paper would show an empty frame
        locale: { 'Map.Title': section.dataset.wordCanvas, 'NavigationControl.ZoomIn': section.dataset.wordZoomIn, 'NavigationControl.ZoomOut': section.dataset.wordZoomOut },
      });
      this.map.touchZoomRotate.disableRotation();
      this.map.addControl(new library.NavigationControl({ showCompass: false }), 'top-right');
      this.map.addControl(new library.ScaleControl({ unit: 'metric' }), 'bottom-left');
      this.map.on('load', () => this.build());
    }

    rows() {
      return this.section.dataset.rows ? [...document.querySelectorAll(`${this.section.dataset.rows} tr[data-place]`)] : [];
    }

    build() {
      const { map } = this;
      looks.images().forEach((image, number) => map.addImage(`look-${number}`, image, { pixelRatio: 2 }));
      map.addImage('plate', looks.plate(), { pixelRatio: 2, stretchX: [[8, 16]], stretchY: [[8, 16]], content: [6, 4, 18, 20] });
      map.addSource('around', { type: 'geojson', data: this.around });
      map.addSource('places', { type: 'geojson', data: NO_FEATURES, promoteId: 'code' });
      map.addSource('labels', { type: 'geojson', data: NO_FEATURES });
      map.addLayer({ id: 'around', type: 'line', source: 'around', paint: {} });
      map.addLayer({ id: 'fill', type: 'fill', source: 'places', paint: { 'fill-pattern': ['concat', 'look-', ['get', 'shade']] } });
      map.addLayer({ id: 'edge', type: 'line', source: 'places', filter: ['!=', ['get', 'shade'], 5], paint: {} });
      map.addLayer({ id: 'edge-blank', type: 'line', source: 'places', filter: ['==', ['get', 'shade'], 5], paint: { 'line-dasharray': [2, 2] } });
      map.addLayer({ id: 'chosen', type: 'line', source: 'places', filter: ['==', ['get', 'code'], ''], layout: { 'line-join': 'round' }, paint: { 'line-width': 3.5 } });
      map.addLayer({ id: 'label', type: 'symbol', source: 'labels', layout: {
        'text-field': ['get', 'text'], 'text-font': ['Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', 'sans-serif'], 'text-size': 13,
        'text-max-width': 8, 'icon-image': ['case', ['==', ['get', 'text'], ''], '', 'plate'], 'icon-text-fit': 'both', 'symbol-sort-key': ['-', 0, ['get', 'figure']] }, paint: {} });
      this.paint();
      this.fill();
      map.on('mousemove', 'fill', (event) => this.point(event.features[0].properties.code, false));
      map.on('mouseleave', 'fill', () => this.point(null, false));
      map.on('click', 'fill', (event) => this.click(event.features[0].properties));
      map.on('zoomend', () => this.refine());
      map.once('idle', () => { this.section.dataset.drawn = String(Math.round(performance.now())); });
      this.section.dispatchEvent(new CustomEvent('linli:map', { bubbles: true, detail: this }));
    }

    // Colours that follow light and dark.
    paint() {
      const { map } = this;
      const ink = looks.token('--ln-ink');
      map.setPaintProperty('ground', 'background-color', looks.token('--ln-paper'));
      map.setPaintProperty('around', 'line-color', looks.token('--ln-muted'));
      map.setPaintProperty('edge', 'line-color', ink);
      map.setPaintProperty('edge', 'line-width', 0.8);
      map.setPaintProperty('edge-blank', 'line-color', looks.token('--ln-muted'));
      map.setPaintProperty('chosen', 'line-color', looks.token('--ln-focus'));
      map.setPaintProperty('label', 'text-color', ink);
    }

    recolour() {
      looks.images().forEach((image, number) => this.map.updateImage(`look-${number}`, image));
      this.map.updateImage('plate', looks.plate());
      this.paint();
    }

    // Figures from the table onto the outlines.
    fill() {
      const rows = new Map(this.rows().map((row) => [row.dataset.place, row]));
      const bare = !this.section.dataset.rows;
      const places = [];
      const labels = [];
      for (const feature of this.shapes.features) {
        const { code, name, label } = feature.properties;
        const row = rows.get(code);
        if (!row && !bare) continue;
        const shade = row ? Number(row.dataset.shade) : 6;
        places.push({ ...feature, properties: { code, name, shade } });
        const figure = row ? Number(row.dataset.figure) : 0;
        const text = row && !('plain' in row.dataset) ? (shade === 5 ? '' : figure.toLocaleString('en-US')) : name;
        labels.push({ type: 'Feature', geometry: { type: 'Point', coordinates: label }, properties: { text, figure } });
      }
      const shown = new Set(places.map((one) => one.properties.code));
      for (const [code, row] of rows) {
        const mark = row.querySelector('.mp-bare');
        if (mark) mark.hidden = shown.has(code);
      }
      this.map.getSource('places').setData({ type: 'FeatureCollection', features: places });
      this.map.getSource('labels').setData({ type: 'FeatureCollection', features: labels });
      this.section.dataset.shown = String(places.length);
      this.tell(bare ? '' : places.length ? this.section.dataset.wordShown.replace('{shown}', places.length).replace('{all}', rows.size) : this.section.dataset.wordNone);
      this.mark();
      this.show();
    }

    tell(text) {
      const note = this.section.querySelector('[data-map-note]');
      note.textContent = text;
      note.hidden = !text;
    }

    rowOf(code) {
      return this.rows().find((row) => row.dataset.place === code);
    }

    point(code, fromTable) {
      if (this.pointed === code) return;
      this.pointed = code;
      this.map.getCanvas().style.cursor = code && !fromTable ? 'pointer' : '';
      this.mark();
      this.show();
    }

    // A click keeps a place in the panel; where the map chooses places, it chooses.
    click(properties) {
      const asked = new CustomEvent('linli:click', { bubbles: true, cancelable: true, detail: properties });
      if (!this.section.dispatchEvent(asked)) return;
      if (this.section.dataset.link) {
        window.location.assign(this.section.dataset.link.replace('CODE', encodeURIComponent(properties.code)));
        return;
      }
      this.chosen = this.chosen === properties.code ? null : properties.code;
      this.mark();
      this.show();
    }

    mark() {
      this.map.setFilter('chosen', ['in', ['get', 'code'], ['literal', [this.pointed, this.chosen, ...(this.picked || [])].filter(Boolean)]]);
      this.rows().forEach((row) => row.classList.toggle('is-pointed', row.dataset.place === (this.pointed || this.chosen)));
    }

    // The panel holds what the row of the table holds, in the same words.
    show() {
      const panel = this.section.querySelector('[data-map-panel]');
      if (!panel) return;
      const row = this.rowOf(this.pointed || this.chosen);
      if (!row) {
        panel.replaceChildren(Object.assign(document.createElement('p'), { className: 'ln-muted', textContent: this.section.dataset.wordHint }));
        return;
      }
      const name = document.createElement('p');
      name.className = 'ln-strong';
      name.append(...[...row.querySelector('th').cloneNode(true).childNodes]);
      const list = document.createElement('dl');
      for (const cell of row.querySelectorAll('td[data-label]')) {
        const term = document.createElement('dt');
        term.textContent = cell.dataset.label;
        const value = document.createElement('dd');
        value.append(...[...cell.cloneNode(true).childNodes]);
        list.append(term, value);
      }
      panel.replaceChildren(name, list);
    }

    // Much closer than the outlines were asked for: ask again, finer.
    async refine() {
      const zoom = Math.min(18, Math.ceil(this.map.getZoom()));
      if (zoom < this.zoom + 2 || !this.section.dataset.shapes) return;
      this.zoom = zoom;
      const answer = await wait(this.section.dataset.shapes, zoom);
      if (!answer.ok) return;
      this.shapes = await answer.json();
      this.fill();
    }

    // Places that are marked for good: those of a choice.
    pick(codes) {
      this.picked = codes;
      if (this.map.getLayer('chosen')) this.mark();
    }

    // Other outlines on the same map (another level, say).
    async reload(address) {
      this.section.dataset.shapes = address;
      const answer = await wait(address, this.zoom);
      this.shapes = answer.ok ? await answer.json() : NO_FEATURES;
      this.fill();
    }
  }

  async function begin(section) {
    for (const [old, one] of maps) { // of a part of the page that was replaced
      if (old.isConnected) continue;
      if (one) one.map.remove();
      maps.delete(old);
    }
    if (maps.has(section)) return;
    maps.set(section, null);
    const { library, worker, shapes, around } = section.dataset;
    const width = section.querySelector('[data-map-canvas]').clientWidth || 600;
    try {
      const answers = await Promise.all([import(absolute(library)), ...[shapes, around].map(async (address) => {
        if (!address) return NO_FEATURES;
        const answer = await wait(address, width < 500 ? 13 : 14);
        return answer.ok ? answer.json() : NO_FEATURES;
      })]);
      answers[0].setWorkerUrl(absolute(worker));
      if (!answers[1].features.length && !answers[2].features.length) {
        section.classList.add('is-empty');
        section.hidden = 'quiet' in section.dataset;
        section.querySelector('[data-map-note]').textContent = section.dataset.wordNone;
        document.querySelectorAll(`${section.dataset.rows || '#none'} .mp-bare`).forEach((mark) => { mark.hidden = false; });
        section.dataset.shown = '0';
        return;
      }
      if (!section.isConnected) return; // replaced while its outlines were fetched
      maps.set(section, new PlaceMap(section, ...answers));
      const replaced = section.dataset.replaces && document.querySelector(section.dataset.replaces);
      if (replaced) replaced.hidden = true;
    } catch (error) {
      // No WebGL, or a browser without modules: the table stands beside.
      section.classList.add('is-empty');
      section.querySelector('[data-map-note]').textContent = section.dataset.wordFailed;
      section.dataset.failed = String(error);
    }
  }

  const mapAt = (element) => [...maps.values()].filter(Boolean).find((one) => one.section.dataset.rows && element.closest(one.section.dataset.rows));
  function fromTable(event, leaving) {
    const row = event.target instanceof Element && event.target.closest('tr[data-place]');
    const one = row && mapAt(row);
    if (one) one.point(leaving ? null : row.dataset.place, true);
  }
  document.addEventListener('mouseover', (event) => fromTable(event, false));
  document.addEventListener('focusin', (event) => fromTable(event, false));
  document.addEventListener('focusout', (event) => fromTable(event, true));
  document.addEventListener('htmx:afterSettle', (event) => {
    maps.forEach((one) => { if (one && one.section.dataset.rows && event.target.matches(one.section.dataset.rows)) one.fill(); });
  });
  looks.onTheme(() => maps.forEach((one) => one && one.recolour()));
  // A map in a closed <details> begins when it is opened: before, it has no size.
  function beginAll() {
    document.querySelectorAll('[data-map]').forEach((section) => {
      const box = section.closest('details');
      if (!box || box.open) begin(section);
      else box.addEventListener('toggle', () => begin(section), { once: true });
    });
  }
  document.addEventListener('DOMContentLoaded', beginAll);
  window.linliMaps = { of: (section) => maps.get(section), begin };
})();
