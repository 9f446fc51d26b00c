// Colours of the lines round objects. Selection is blue and solid, proposals are orange and dashed; neither is a colour
// of a material, and they differ in lightness too. What a scenario changes is amber, what it adds green, what it removes
// red and dashed.
const int TAPS = 13;
const vec2 TAP[13] = vec2[13](
  vec2(0.0), vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0),
  vec2(2.0, 0.0), vec2(-2.0, 0.0), vec2(0.0, 2.0), vec2(0.0, -2.0),
  vec2(1.4, 1.4), vec2(-1.4, 1.4), vec2(1.4, -1.4), vec2(-1.4, -1.4));
const vec3 LINE_SELECTED = vec3(0.02, 0.38, 0.92);
const vec3 LINE_HOVERED = vec3(0.16, 0.52, 0.95);
const vec3 LINE_PROPOSED = vec3(0.93, 0.47, 0.05);
const vec3 LINE_CHANGED = vec3(0.97, 0.74, 0.10);
const vec3 LINE_ADDED = vec3(0.02, 0.62, 0.34);
const vec3 LINE_REMOVED = vec3(0.80, 0.07, 0.20);

// inside: share of the surroundings that the mask covers; half on the edge itself
vec4 outlineColour(int code, float inside, bool hidden)
{
  float edge = smoothstep(0.02, 0.30, inside) * (1.0 - smoothstep(0.70, 0.98, inside));
  float dash = step(0.42, fract((gl_FragCoord.x - gl_FragCoord.y) / (10.0 * lineScale)));
  if (code == 2) return vec4(LINE_CHANGED, hidden ? 0.0 : edge);
  if (code == 3) return vec4(LINE_ADDED, hidden ? 0.0 : edge);
  if (code == 4) return vec4(LINE_REMOVED, hidden ? 0.0 : edge * step(0.30, fract((gl_FragCoord.x + gl_FragCoord.y) / (9.0 * lineScale))));
  if (code == 6) return vec4(LINE_SELECTED, edge * (hidden ? 0.30 * dash : 1.0));
  if (code == 5) return vec4(LINE_HOVERED, hidden ? 0.0 : 0.75 * edge);
  return vec4(LINE_PROPOSED, edge * (hidden ? 0.0 : dash));
}
