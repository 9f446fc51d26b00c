// Walls of buildings: plaster or brick by use, and windows in whole bays and storeys, so that none is cut.
// Needs finish.glsl. From the face: wall (metres along, length, metres up to the eaves and
// down to the foot), use, storey, random, pixel. Uniforms: night (0 day .. 1 night).
const vec3 GLASS = vec3(0.40, 0.47, 0.52);
const vec3 FRAME = vec3(0.955, 0.95, 0.935);
const float LIT_SHARE = 0.38;               // windows with light at night
const float LEAST_WALL = 2.4, LEAST_LENGTH = 1.5;

struct Bays {
  float bay;       // metres from window to window, about
  float storey;    // metres from floor to floor, about
  vec2 size;       // window: metres wide; share of the storey that it is high
  float sill;      // share of the storey below it
  float arch;      // 1: pointed
};

Bays baysOf(Face f)
{
  if (f.use == 2) return Bays(1.75, 3.1, vec2(0.95, 0.56), 0.24, 0.0);
  if (f.use == 3) return Bays(1.45, 3.5, vec2(1.28, 0.56), 0.27, 0.0);
  if (f.use == 4) return Bays(2.60, 3.3, vec2(1.30, 0.50), 0.28, 0.0);
  if (f.use == 5) return Bays(5.00, 6.0, vec2(4.20, 0.14), 0.70, 0.0);
  if (f.use == 6) return Bays(2.90, 3.7, vec2(1.60, 0.55), 0.26, 0.0);
  if (f.use == 7) return Bays(4.60, 14.0, vec2(1.25, 0.56), 0.24, 1.0);
  if (f.use == 8) return Bays(1.10, 1.6, vec2(1.04, 0.95), 0.025, 0.0);
  return Bays(2.75, 3.0, vec2(1.15, 0.48), 0.30, 0.0);
}

// Plaster and brick in a narrow range of tones, chosen by the object's random number.
vec3 wallTone(Face f)
{
  const vec3 TONES[8] = vec3[8](
    vec3(0.945, 0.930, 0.895), vec3(0.925, 0.890, 0.820), vec3(0.880, 0.855, 0.815), vec3(0.905, 0.865, 0.800),
    vec3(0.800, 0.665, 0.585), vec3(0.915, 0.905, 0.880), vec3(0.755, 0.610, 0.530), vec3(0.890, 0.820, 0.735));
  vec3 tone = TONES[int(fract(f.random * 7.31) * 7.999)];
  if (f.use == 3) tone = mix(vec3(0.90, 0.905, 0.90), tone, 0.18);
  else if (f.use == 5) tone = mix(vec3(0.815, 0.825, 0.83), tone, 0.30);
  else if (f.use == 6) tone = mix(vec3(0.905, 0.885, 0.84), tone, 0.35);
  else if (f.use == 7) tone = vec3(0.855, 0.825, 0.765);
  else if (f.use == 8) tone = vec3(0.90, 0.92, 0.91);
  else if (f.use == 2) tone = mix(tone, vec3(0.93, 0.88, 0.79), 0.25);
  return tone;
}

// Windows of a wall. m comes with the wall's tone; grain: metres per pixel along and up the wall
void addWindows(inout Finish m, Face f, vec2 grain)
{
  float foot = f.above - f.wall.w, height = f.wall.z + f.wall.w;  // foot: metres over the object's base
  if (height < LEAST_WALL || f.wall.y < LEAST_LENGTH) return;
  Bays b = baysOf(f);
  float nominal = f.storey > 0.0 && f.use != 5 && f.use < 7 ? f.storey : b.storey;
  float storeys = max(1.0, floor(height / nominal + 0.35));
  float margin = min(0.55, 0.12 * f.wall.y), inner = f.wall.y - 2.0 * margin;
  float bays = max(1.0, floor(inner / b.bay + 0.5));
  float bay = inner / bays, storey = height / storeys;
  vec2 at = vec2((f.wall.x - margin) / bay, f.wall.w / storey);
  vec2 px = max(grain / vec2(bay, storey), 1e-4);
  if (at.x < 0.0 || at.x > bays || at.y > storeys || f.wall.w < 0.0) return;
  vec2 cell = floor(at);
  bool street = cell.y < 0.5 && foot < 1.2 && f.use != 5 && f.use < 7;
  vec2 half_ = vec2(min(0.5 * b.size.x / bay, 0.44), 0.5 * b.size.y);
  float middle = b.sill + half_.y;
  bool shop = street && (f.use == 4 || (f.use == 2 && f.random > 0.55));
  if (shop) { half_ = vec2(max(0.40, 0.5 - 0.22 / bay), 0.34); middle = 0.42; }
  // one door to a wall, on the ground floor
  bool door = street && !shop && bays > 1.5 && abs(cell.x - floor(bays * fract(f.random * 3.7 + f.wall.y))) < 0.5;
  if (door) { half_ = vec2(min(0.55 / bay, 0.4), 0.39); middle = 0.39; }
  if (b.arch > 0.5) {
    // the opening narrows towards a point
    float rise = clamp((fract(at.y) - (middle + 0.45 * half_.y)) / (0.55 * half_.y), 0.0, 1.0);
    half_.x *= sqrt(max(1.0 - rise * rise, 0.0));
  }
  vec2 edge = vec2(0.07 / bay, 0.07 / storey);
  vec2 low = vec2(0.5, middle) - half_, high = vec2(0.5, middle) + half_;
  vec2 inLow = low + edge, inHigh = high - edge;
  float opening = pulse(at.x, low.x, high.x, px.x) * pulse(at.y, low.y, high.y, px.y);
  float pane = pulse(at.x, inLow.x, inHigh.x, px.x) * pulse(at.y, inLow.y, inHigh.y, px.y);
  if (door && fract(at.y) > 0.9) opening = pane = 0.0;   // (the pixel at the ceiling reaches into the next storey)
  vec3 frame = door ? mix(vec3(0.44, 0.33, 0.26), vec3(0.26, 0.34, 0.36), step(0.5, fract(f.random * 9.1))) : FRAME;
  vec3 tone = GLASS;
  float near = seen(0.6, max(grain.x, grain.y));
  if (near > 0.0) {
    // a bar in the middle of a wide window
    bool wide = half_.x * bay > 0.34 && !door && b.arch < 0.5;
    pane *= wide ? 1.0 - near * pulse(at.x, 0.5 - 0.4 * edge.x, 0.5 + 0.4 * edge.x, px.x) : 1.0;
    // sill below and lintel above catch and hold back a little light; the reveal shades the top of the pane
    float across = near * pulse(at.x, low.x - edge.x, high.x + edge.x, px.x);
    float sill = street && (door || shop) ? 0.0 : across * pulse(at.y, low.y - 1.3 * edge.y, low.y, px.y);
    float lintel = across * pulse(at.y, high.y, high.y + 2.2 * edge.y, px.y);
    float reveal = near * pulse(at.y, inHigh.y - 0.16 / storey, inHigh.y, px.y);
    m.tone = mix(m.tone, FRAME, 0.55 * sill) * (1.0 - 0.07 * lintel);
    tone *= (1.0 - 0.35 * reveal) * (1.0 + 0.30 * near * (middle - fract(at.y)));
  }
  m.tone = m.joint = mix(m.tone, frame, opening);
  if (door) return;
  float kept = seen(2.0, max(grain.x, grain.y));
  float chance = hash1(cell + vec2(61.0 * f.random, 7.0 * floor(f.wall.y + 0.5)));
  tone *= 1.0 + kept * (0.20 * chance - 0.10);
  m.lamp = 0.8 * night * mix(LIT_SHARE, step(chance, LIT_SHARE) * (0.6 + 0.8 * fract(chance * 17.0)), kept);
  m.pane = tone;
  m.share = pane;
  m.straight = 0.10;
}

// grain: metres per pixel along and up the wall
void facade(Face f, vec2 grain, inout Finish m)
{
  m.tone = wallTone(f);
  if (f.wall.y > 0.0 && f.use != 8) {
    // a darker plinth, and a line below the eaves
    m.tone *= 1.0 - 0.10 * (1.0 - beyond(f.wall.w, 0.45, grain.y));
    m.tone = mix(m.tone, FRAME, 0.30 * (beyond(-f.wall.z, -0.24, grain.y) - beyond(-f.wall.z, -0.02, grain.y)));
  }
  m.joint = m.tone;
  if (f.wall.y > 0.0 && f.storey >= 0.0) addWindows(m, f, grain);   // (-1: the model has its own)
}

// A window that the model itself has.
void pane(Face f, inout Finish m)
{
  m.pane = GLASS;
  m.share = 1.0;
  m.straight = 0.10;
  m.lamp = 0.8 * night * step(fract(f.random * 23.0 + 0.31 * floor(f.at.z / 2.5)), LIT_SHARE);
}
