// Colours (sRGB) of semantic surfaces, by the surface code of CityData. Needs face.glsl, style.glsl.
// Defined by the program: REALISM (0 plain, 1 shaded, 2 textured: patterns, windows and water besides).
#if REALISM == 2
#include "pattern.glsl"
#include "mirror.glsl"
#include "finish.glsl"
#include "facade.glsl"
#include "roof.glsl"
#include "water.glsl"
#include "ground.glsl"
#include "thing.glsl"
#endif
const vec3 ROOF_PITCHED = vec3(0.755, 0.455, 0.35);
const vec3 ROOF_FLAT    = vec3(0.715, 0.645, 0.59);
const vec3 WALL         = vec3(0.955, 0.935, 0.895);
const vec3 GROUND       = vec3(0.66, 0.65, 0.62);
const vec3 CLOSURE      = vec3(0.80, 0.82, 0.84);
const vec3 CEILING      = vec3(0.86, 0.83, 0.78);
const vec3 FLOOR        = vec3(0.70, 0.66, 0.60);
const vec3 WINDOW       = vec3(0.42, 0.56, 0.67);
const vec3 DOOR         = vec3(0.50, 0.36, 0.26);
const vec3 WATER        = vec3(0.40, 0.60, 0.74);
const vec3 WATER_BED    = vec3(0.55, 0.58, 0.55);
const vec3 ROAD         = vec3(0.60, 0.605, 0.615);
const vec3 ROAD_EDGE    = vec3(0.68, 0.71, 0.63);
const vec3 MARKING      = vec3(0.92, 0.92, 0.90);

vec3 roofColour(float up) { return mix(ROOF_PITCHED, ROOF_FLAT, smoothstep(0.965, 0.995, up)); }

const vec3 CLAY = vec3(0.93, 0.925, 0.91);   // everything at REALISM 0

// Tone of a surface. up: |z| of the normal
vec3 surfaceTone(Face f, float up)
{
  if (f.code == 1) return roofColour(up);
  if (f.code == 2 || f.code == 9) return WALL;
  if (f.code == 3) return GROUND;
  if (f.code == 4) return CLOSURE;
  if (f.code == 5 || f.code == 10) return CEILING;
  if (f.code == 6 || f.code == 11) return FLOOR;
  if (f.code == 7) return WINDOW;
  if (f.code == 8) return DOOR;
  if (f.code == 12 || f.code == 14) return WATER;
  if (f.code == 13) return WATER_BED;
  if (f.code == 15) return ROAD;
  if (f.code == 16) return ROAD_EDGE;
  if (f.code == 17) return MARKING;
  if ((f.flags & FLAG_BUILDING) != 0) return up > 0.35 ? roofColour(up) : WALL;
  return f.own;
}

// What the face is made of.
Surface surfaceOf(Face f)
{
#if REALISM == 0
  return Surface(CLAY * (0.95 + 0.09 * f.random), vec3(0.0), 0.0, f.n);
#else
  float up = abs(f.n.z);
  vec3 tone = surfaceTone(f, up) * (0.95 + 0.09 * f.random);
#if REALISM == 2
  vec2 grain = max(fwidth(f.wall.xw), 1e-4);   // (in every pixel, so that neighbours know theirs)
  bool building = (f.flags & FLAG_BUILDING) != 0;
  bool open_ = f.code == 0 || f.code == 31;
  bool wet = f.code == 12 || f.code == 14 || (f.use == 40 && open_);
  bool roofed = f.code == 1 || (open_ && building && up > 0.35);
  bool walled = !roofed && (f.code == 2 || (open_ && building)) && f.use < 16;
  bool glazed = f.code == 7;
  bool land = !wet && !roofed && !walled && !glazed && f.use >= 16 && f.use <= 44 && up > 0.35;
  bool alone = !wet && f.use >= 48 && f.use <= 50 && open_;
  Finish m = plainFinish(f, f.code == 16 ? KERB : tone);
  if (wet && up > 0.7) water(f, m);
  if (roofed) roof(f, m);
  if (walled) facade(f, grain, m);
  if (glazed) pane(f, m);
  if (land) ground(f, m);
  if (alone) m.tone = m.joint = thing(f);
  return finished(m, f);
#else
  return Surface(tone, vec3(0.0), 0.0, f.n);
#endif
#endif
}
