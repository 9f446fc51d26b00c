// Roofs: tiles, standing seams or gravel by use and slope, in a few tones. Needs finish.glsl.

vec3 pitchedTone(Face f)
{
  const vec3 TONES[6] = vec3[6](
    vec3(0.690, 0.455, 0.375), vec3(0.640, 0.430, 0.360), vec3(0.715, 0.500, 0.415), vec3(0.535, 0.525, 0.520),
    vec3(0.610, 0.470, 0.410), vec3(0.470, 0.470, 0.475));
  vec3 tone = TONES[int(fract(f.random * 5.17) * 5.999)];
  if (f.use == 2) tone = mix(tone, TONES[0], 0.55);
  else if (f.use == 3) tone = vec3(0.52, 0.53, 0.54);
  else if (f.use == 5) tone = mix(vec3(0.66, 0.68, 0.69), vec3(0.60, 0.55, 0.52), f.random);
  else if (f.use == 6) tone = f.random > 0.5 ? vec3(0.50, 0.51, 0.52) : TONES[1];
  else if (f.use == 7) tone = vec3(0.45, 0.475, 0.49);
  else if (f.use >= 48) tone = vec3(0.655, 0.665, 0.670);   // tanks and silos, not houses
  return tone;
}

void roof(Face f, inout Finish m)
{
  float up = abs(f.n.z), steep = sqrt(max(1.0 - up * up, 1e-4));
  float pitched = 1.0 - smoothstep(0.965, 0.990, up);
  vec2 along = vec2(-f.n.y, f.n.x) / steep;
  vec3 flat_ = mix(vec3(0.695, 0.680, 0.655), vec3(0.770, 0.765, 0.745), fract(f.random * 4.3));
  m.tone = mix(flat_, pitchedTone(f), pitched);
  m.joint = m.tone;
  m.humps = vec2(4.3, 0.22);
  m.rough = vec2(0.012, 0.020);
  if (f.use == 8) {
    // panes between bars
    m.tone = m.joint = vec3(0.80, 0.86, 0.85);
    m.share = 0.8;
    m.pane = vec3(0.62, 0.70, 0.70);
    m.lamp = 0.25 * night;
  } else if (pitched > 0.5) {
    // tiles in courses, or seams that run down the roof; metres along the eaves, and down the slope
    bool seams = f.use == 3 || f.use == 5 || f.use >= 48;
    m.at = vec2(dot(f.at.xy, along), f.at.z / steep);
    m.slab = seams ? vec2(0.62, ENDLESS) : vec2(0.26, 0.34);
    m.gap = seams ? 0.06 : 0.05;
    m.joint = m.tone * (seams ? 1.09 : 0.925);
    m.vary = seams ? 0.0 : 0.024;
    m.rough = vec2(0.015, 0.0);
  }
}
