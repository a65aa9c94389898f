// The particle in 3-D: WebGL 2, drawn when something changes.
(() => {
  const holder = document.getElementById("view-data"), view = document.getElementById("view");
  if (!holder || !view) return;
  const bodies = JSON.parse(holder.textContent), canvas = view.querySelector("canvas");
  const by = (name) => view.querySelector(`[data-control="${name}"]`);
  const gl = canvas.getContext("webgl2", { antialias: true, alpha: true, preserveDrawingBuffer: true });
  if (!gl) { by("missing").hidden = false; canvas.hidden = true; return; }
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const typed = { u2: Uint16Array, u4: Uint32Array, f4: Float32Array };
  const unpack = (packed) => new typed[packed.type](bytes(packed.data).buffer);
  const MAP = [[68, 1, 84], [72, 26, 108], [71, 47, 125], [65, 68, 135], [57, 86, 140], [49, 104, 142], [42, 120, 142], [35, 136, 142],
    [31, 152, 139], [34, 168, 132], [53, 183, 121], [84, 197, 104], [122, 209, 81], [165, 219, 54], [210, 226, 27], [253, 231, 37]];
  const vertex = `#version 300 es
    in vec3 place; in vec3 normal; in float value;
    uniform mat3 turn; uniform vec3 zoom;
    centroid out vec3 own; centroid out vec3 facing; centroid out float level;
    void main() {
      vec3 p = turn * place; own = place; facing = turn * normal; level = value;
      gl_Position = vec4(p * zoom, 1.0);
    }`;
  const fragment = `#version 300 es
    precision highp float;
    centroid in vec3 own; centroid in vec3 facing; centroid in float level;
    uniform sampler2D map; uniform vec3 cut; uniform float depth; uniform bool clipped; uniform bool lit; uniform vec3 bare;
    out vec4 colour;
    void main() {
      if (clipped && dot(own, cut) > depth) discard;
      vec3 c = level < -0.5 ? bare : texture(map, vec2((clamp(level, 0.0, 1.0) * 255.0 + 0.5) / 256.0, 0.5)).rgb;
      if (lit) {
        vec3 n = normalize(gl_FrontFacing ? facing : -facing);
        c *= 0.72 + 0.28 * max(dot(n, normalize(vec3(-0.4, 0.5, 0.8))), 0.0);
      }
      colour = vec4(c, 1.0);
    }`;
  const compile = (kind, text) => {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text); gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    return shader;
  };
  const program = gl.createProgram();
  gl.attachShader(program, compile(gl.VERTEX_SHADER, vertex));
  gl.attachShader(program, compile(gl.FRAGMENT_SHADER, fragment));
  gl.linkProgram(program); gl.useProgram(program); gl.enable(gl.DEPTH_TEST);
  const uniform = (name) => gl.getUniformLocation(program, name);
  const texels = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    const t = i / 255 * (MAP.length - 1), k = Math.min(Math.floor(t), MAP.length - 2);
    for (let c = 0; c < 3; c++) texels[4 * i + c] = Math.round(MAP[k][c] + (t - k) * (MAP[k + 1][c] - MAP[k][c]));
    texels[4 * i + 3] = 255;
  }
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
  for (const [key, value] of [[gl.TEXTURE_MIN_FILTER, gl.NEAREST], [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]]) gl.texParameteri(gl.TEXTURE_2D, key, value);
  const bar = by("bar").getContext("2d");
  const paint = bar.createImageData(256, 1);
  paint.data.set(texels); bar.putImageData(paint, 0, 0);

  const AROUND = 96;
  // A surface of points (n, 3), triangles and the place of each corner's value among the nodes.
  const turned = (profile) => {
    const own = unpack(profile.points), nodes = unpack(profile.nodes), chi = unpack(profile.contact), n = nodes.length;
    const points = new Float32Array(3 * n * AROUND), source = new Uint32Array(n * AROUND), touched = new Float32Array(n * AROUND), corners = [];
    for (let k = 0; k < AROUND; k++) {
      const a = 2 * Math.PI * k / AROUND, here = k * n, there = (k + 1) % AROUND * n;
      for (let i = 0; i < n; i++) {
        points.set([own[2 * i] * Math.cos(a), own[2 * i] * Math.sin(a), own[2 * i + 1]], 3 * (here + i));
        source[here + i] = nodes[i]; touched[here + i] = chi[i] / 65535;
      }
      for (let i = 0; i + 1 < n; i++) corners.push(here + i, there + i, here + i + 1, here + i + 1, there + i, there + i + 1);
    }
    return { points, source, touched, corners: Uint32Array.from(corners) };
  };
  const faceted = (skin) => ({ points: unpack(skin.points), source: Uint32Array.from(unpack(skin.nodes)),
    touched: Float32Array.from(unpack(skin.contact), (v) => v / 65535), corners: Uint32Array.from(unpack(skin.triangles)) });
  const cutFace = (cut) => {
    const flat = unpack(cut.points), first = unpack(cut.first), second = cut.second ? unpack(cut.second) : first;
    const share = cut.share ? unpack(cut.share) : null, triangles = unpack(cut.triangles), n = first.length, sides = cut.mirrored ? [1, -1] : [1];
    const points = new Float32Array(3 * n * sides.length), corners = new Uint32Array(triangles.length * sides.length);
    sides.forEach((side, s) => {
      for (let i = 0; i < n; i++) for (let c = 0; c < 3; c++) {
        points[3 * (s * n + i) + c] = cut.middle[c] + side * flat[2 * i] * cut.across[c] + flat[2 * i + 1] * cut.up[c];
      }
      for (let k = 0; k < triangles.length; k++) corners[s * triangles.length + k] = s * n + triangles[k];
    });
    return { points, corners, first, second, share, count: n, sides: sides.length };
  };
  const normals = ({ points, corners }) => {
    const out = new Float32Array(points.length);
    for (let t = 0; t < corners.length; t += 3) {
      const [a, b, c] = [3 * corners[t], 3 * corners[t + 1], 3 * corners[t + 2]];
      const u = [0, 1, 2].map((i) => points[b + i] - points[a + i]), v = [0, 1, 2].map((i) => points[c + i] - points[a + i]);
      const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
      for (const p of [a, b, c]) for (let i = 0; i < 3; i++) out[p + i] += n[i];
    }
    return out;
  };
  // Segments along which the share of contact passes a half, a little outside of the surface; several for their width.
  const edge = ({ points, corners, touched }) => {
    const out = [];
    for (let t = 0; t < corners.length; t += 3) {
      const ends = [];
      for (const [i, j] of [[0, 1], [1, 2], [2, 0]]) {
        const a = corners[t + i], b = corners[t + j], [u, v] = [touched[a] - 0.5, touched[b] - 0.5];
        if ((u < 0) !== (v < 0)) {
          const s = u / (u - v);
          ends.push([0, 1, 2].map((c) => points[3 * a + c] + s * (points[3 * b + c] - points[3 * a + c])));
        }
      }
      if (ends.length === 2) for (const away of [1.002, 1.005, 1.008]) out.push(...ends.flat().map((v) => v * away));
    }
    return Float32Array.from(out);
  };
  const table = (xs, ys, x) => {
    let low = 0, high = xs.length - 1;
    while (high - low > 1) { const middle = (low + high) >> 1; if (xs[middle] <= x) low = middle; else high = middle; }
    return ys[low] + (ys[high] - ys[low]) * (x - xs[low]) / (xs[high] - xs[low]);
  };
  const buffer = (name, size) => {
    const made = gl.createBuffer(), place = gl.getAttribLocation(program, name);
    return (data) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, made); gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
      gl.enableVertexAttribArray(place); gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
    };
  };
  const put = { place: buffer("place", 3), normal: buffer("normal", 3), value: buffer("value", 1) };
  const elements = gl.createBuffer();
  const ready = new Map();
  const prepared = (number) => {
    if (!ready.has(number)) {
      const body = bodies[number], skin = body.profile ? turned(body.profile) : faceted(body.skin), cut = cutFace(body.cut);
      ready.set(number, { body, skin, cut, edge: edge(skin), skinNormals: normals(skin), data: body.fields.map((f) => f.data ? unpack(f.data) : null) });
    }
    return ready.get(number);
  };
  // Values of a field at its nodes, in the unit shown; NaN where there is none.
  const valuesOf = ({ body, data }, field, moment) => {
    const about = body.fields[field];
    if (about.of !== undefined) {
      const base = valuesOf({ body, data }, about.of, moment);
      return Float32Array.from(base, (x) => table(about.xs, about.ys, x));
    }
    const from = (about.still ? 0 : moment) * about.nodes, out = new Float32Array(about.nodes);
    for (let i = 0; i < about.nodes; i++) {
      const q = data[field][from + i];
      out[i] = q === 65535 ? NaN : about.low + (about.high - about.low) * q / 65534;
    }
    return out;
  };
  let azimuth = 0, elevation = 0, size = 0.8;
  // Seen from the side that is cut away, a little from above.
  const home = (body) => {
    const [x, y, z] = body.cut.normal, flat = Math.hypot(x, y);
    azimuth = (flat > 1e-6 ? Math.atan2(y, x) : 0) + 0.55; size = 0.8;
    elevation = Math.min(Math.max(Math.asin(z) + (z > 0.7 ? -0.3 : 0.3), -1.4), 1.4);
  };
  const rgb = (name) => {
    const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16) / 255);
  };
  const shown = (v) => Number(v.toPrecision(4)).toString();
  const draw = () => {
    const one = prepared(Number(by("body").value)), { body, skin, cut } = one;
    const field = Number(by("field").value), moment = Number(by("time").value), about = body.fields[field];
    const values = valuesOf(one, field, moment);
    let low = Infinity, high = -Infinity;
    for (const v of values) if (v < low) low = v;
    for (const v of values) if (v > high) high = v;
    const present = low <= high, [least, most] = [low, high];
    if (by("scale").value === "run" && about.range) [low, high] = about.range;
    if (!(high > low)) high = low + Math.max(Math.abs(low), 1e-9) * 1e-3;
    const level = (v) => Number.isNaN(v) || v === undefined ? -1 : (v - low) / (high - low);
    const width = Math.round(canvas.clientWidth * devicePixelRatio), height = Math.round(canvas.clientHeight * devicePixelRatio);
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0); gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const [ca, sa, ce, se] = [Math.cos(azimuth), Math.sin(azimuth), Math.cos(elevation), Math.sin(elevation)];
    const rows = [[-sa, ca, 0], [-se * ca, -se * sa, ce], [ce * ca, ce * sa, se]];
    gl.uniformMatrix3fv(uniform("turn"), false, [0, 1, 2].flatMap((c) => rows.map((row) => row[c])));
    const reach = size / body.extent, ratio = width / height;
    gl.uniform3f(uniform("zoom"), reach / Math.max(ratio, 1), reach * Math.min(ratio, 1), -0.5 / body.extent);
    const open = by("section").checked;
    gl.uniform1i(uniform("clipped"), open ? 1 : 0);
    gl.uniform3fv(uniform("cut"), body.cut.normal);
    gl.uniform1f(uniform("depth"), body.cut.normal.reduce((sum, n, i) => sum + n * body.cut.middle[i], 0));
    gl.uniform3fv(uniform("bare"), rgb("--empty"));
    const elementsOf = (corners) => {
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, elements); gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, corners, gl.DYNAMIC_DRAW);
      gl.drawElements(gl.TRIANGLES, corners.length, gl.UNSIGNED_INT, 0);
    };
    gl.uniform1i(uniform("lit"), 1);
    put.place(skin.points); put.normal(one.skinNormals);
    put.value(Float32Array.from(skin.source, (node) => level(values[node])));
    elementsOf(skin.corners);
    if (one.edge.length) {
      gl.uniform1i(uniform("lit"), 0); gl.uniform3fv(uniform("bare"), rgb("--ink"));
      put.place(one.edge); put.normal(new Float32Array(one.edge.length)); put.value(new Float32Array(one.edge.length / 3).fill(-1));
      gl.drawArrays(gl.LINES, 0, one.edge.length / 3);
      gl.uniform3fv(uniform("bare"), rgb("--empty"));
    }
    if (open) {
      const inside = new Float32Array(cut.count * cut.sides);
      for (let i = 0; i < cut.count; i++) {
        const a = values[cut.first[i]], b = values[cut.second[i]], s = cut.share ? cut.share[i] / 65535 : 0;
        const v = about.surface ? -1 : level((1 - s) * a + s * b);
        for (let side = 0; side < cut.sides; side++) inside[side * cut.count + i] = v;
      }
      gl.uniform1i(uniform("lit"), 0); gl.uniform1i(uniform("clipped"), 0);
      put.place(cut.points); put.normal(new Float32Array(cut.points.length)); put.value(inside);
      elementsOf(cut.corners);
    }
    by("low").textContent = present ? shown(low) : ""; by("high").textContent = present ? shown(high) : "";
    by("unit").textContent = about.label;
    by("now").textContent = present
      ? `${body.moments[moment]}: ${shown(least)} to ${shown(most)}`
      : `${body.moments[moment]}: no value at this moment`;
    by("time").setAttribute("aria-valuetext", body.moments[moment]);
    by("about").textContent = body.note + (open && about.surface ? " This quantity exists on the surface only: the section is grey." : "");
    canvas.setAttribute("aria-label", `Particle ${body.name}, ${about.label}, at ${by("now").textContent}`);
    view.dataset.drawn = String(Number(view.dataset.drawn || 0) + 1);
  };
  const choose = () => {
    const { body } = prepared(Number(by("body").value)), field = by("field"), kept = field.selectedOptions[0]?.textContent;
    field.replaceChildren(...body.fields.map((f, i) => new Option(f.label, String(i), false, f.label === kept)));
    const share = Number(by("time").value) / Math.max(Number(by("time").max), 1);
    by("time").max = String(body.moments.length - 1);
    by("time").value = String(Math.round(share * (body.moments.length - 1)));
    home(body);
    draw();
  };
  bodies.forEach((body, i) => by("body").append(new Option(body.name, String(i))));
  by("body").closest("label").hidden = bodies.length < 2;
  by("body").addEventListener("change", choose);
  for (const name of ["field", "time", "scale", "section"]) by(name).addEventListener("input", draw);
  by("reset").addEventListener("click", () => { home(prepared(Number(by("body").value)).body); draw(); });
  const turn = (right, up) => {
    azimuth -= right; elevation = Math.min(Math.max(elevation + up, -Math.PI / 2), Math.PI / 2); draw();
  };
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => { if (event.buttons) turn(event.movementX / 150, event.movementY / 150); });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (event.key === "+" || event.key === "-") size *= event.key === "+" ? 1.1 : 1 / 1.1;
    else if (!step) return;
    event.preventDefault();
    turn(...(step || [0, 0]));
  });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault(); size *= Math.exp(-event.deltaY / 300); draw();
  }, { passive: false });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  choose();
  by("time").value = by("time").max;
  draw();
  new ResizeObserver(draw).observe(canvas);
})();
