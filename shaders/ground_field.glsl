// A raster drawn on the ground. Needs field.glsl, sides.glsl, face.glsl.
// Defined by the program: GROUND_FIELD (1 side A, 2 side B, 3 both), GROUND_SMOOTH (values run between centres of cells),
//                         GROUND_MARKS (as GROUND_FIELD: which sides tell where values are uncertain).
// Uniforms: groundTex, groundTexB (R32F, NaN = no data, -inf = not modelled, inf = nothing is drawn), groundMarks, groundMarksB (R8, > 0 =
//           uncertain), groundAcross, groundDown, groundAcrossB, groundDownB (column and row of a place: scene x, y, 1)
#if (GROUND_FIELD & 1) != 0
uniform sampler2D groundTex;
#endif
#if (GROUND_FIELD & 2) != 0
uniform sampler2D groundTexB;
#endif
#ifdef GROUND_MARKS
#if (GROUND_MARKS & 1) != 0
uniform sampler2D groundMarks;
#endif
#if (GROUND_MARKS & 2) != 0
uniform sampler2D groundMarksB;
#endif
#endif

// Terrain, land use, ways, water: not what stands on them or crosses over them.
bool isGround(Face f)
{
  bool land = f.use >= 16 && f.use <= 44;
  bool surface = f.use < 48 && f.code >= 12 && f.code <= 17;
  return (land || surface) && (f.flags & FLAG_BUILDING) == 0 && abs(f.n.z) > 0.25;
}

#include "cells.glsl"

struct Ground { int kind; vec3 rgb; bool uncertain; };

Ground groundOf(sampler2D tex, vec2 cell)
{
  ivec2 size = textureSize(tex, 0);
  bool inside = all(greaterThanEqual(cell, vec2(0.0))) && all(lessThan(cell, vec2(size)));
  float value = texelFetch(tex, clamp(ivec2(cell), ivec2(0), size - 1), 0).r;
  int kind = inside && !(isinf(value) && value > 0.0) ? kindOf(value) : NOTHING;
#ifdef GROUND_SMOOTH
  if (kind == VALUE) value = smoothAt(tex, cell, size);
#endif
  return Ground(kind, kindColour(kind, value), false);
}

#ifdef GROUND_MARKS
bool groundMarked(sampler2D marks, vec2 cell)
{
  ivec2 size = textureSize(marks, 0);
  bool inside = all(greaterThanEqual(cell, vec2(0.0))) && all(lessThan(cell, vec2(size)));
#ifdef GROUND_SMOOTH
  return inside && markedAt(marks, cell, size);
#else
  return inside && texelFetch(marks, clamp(ivec2(cell), ivec2(0), size - 1), 0).r > 0.0;
#endif
}
#endif

#if (GROUND_FIELD & 1) != 0
Ground groundOfA(vec3 at)
{
  vec2 cell = vec2(dot(groundAcross, vec3(at.xy, 1.0)), dot(groundDown, vec3(at.xy, 1.0)));
  Ground g = groundOf(groundTex, cell);
#ifdef GROUND_MARKS
#if (GROUND_MARKS & 1) != 0
  g.uncertain = groundMarked(groundMarks, cell);
#endif
#endif
  return g;
}
#endif
#if (GROUND_FIELD & 2) != 0
Ground groundOfB(vec3 at)
{
  vec2 cell = vec2(dot(groundAcrossB, vec3(at.xy, 1.0)), dot(groundDownB, vec3(at.xy, 1.0)));
  Ground g = groundOf(groundTexB, cell);
#ifdef GROUND_MARKS
#if (GROUND_MARKS & 2) != 0
  g.uncertain = groundMarked(groundMarksB, cell);
#endif
#endif
  return g;
}
#endif

vec3 shownGround(Ground g, vec3 rgb, Surface s, Face f)
{
  if (g.kind == NOTHING) return rgb;
  if (g.kind == NO_DATA) return shadeNoData(g.rgb, s, f);
  if (g.kind == ZERO) return paleModel(g.rgb, s, f);
  if (g.kind == NOT_MODELLED) return notModelled(g.rgb, s, f);
  // ways and fields can still be told apart, without leaving the colour's class
  float tone = clamp(1.0 + 0.45 * (dot(s.rgb, vec3(0.30, 0.59, 0.11)) - 0.70), 0.91, 1.0);
  return shadeData(g.rgb * tone, f);
}

// 1 where the value of the raster is uncertain; own: the same for what lies under it.
float unsureGround(Ground g, float own)
{
  if (g.kind == NOTHING) return g.uncertain ? 1.0 : own;
  return g.uncertain && (g.kind == VALUE || g.kind == ZERO) ? 1.0 : 0.0;
}

// The colour of a face, and the raster on it where it is ground; tells in f.unsure if that is uncertain.
vec3 grounded(vec3 rgb, Surface s, inout Face f)
{
  if (!isGround(f)) return rgb;
  float own = f.unsure;
#if GROUND_FIELD == 1
  Ground g = groundOfA(f.at);
#if defined(SIDES)
  float a = 1.0 - shareOfB();
#else
  const float a = 1.0;
#endif
  f.unsure = mix(own, unsureGround(g, own), a);
  return mix(rgb, shownGround(g, rgb, s, f), a);
#elif GROUND_FIELD == 2
  float b = shareOfB();
  Ground g = groundOfB(f.at);
  f.unsure = mix(own, unsureGround(g, own), b);
  return mix(rgb, shownGround(g, rgb, s, f), b);
#else
  float b = shareOfB();
  Ground g = groundOfA(f.at), h = groundOfB(f.at);
  f.unsure = mix(unsureGround(g, own), unsureGround(h, own), b);
#if SIDES == 1
  if (b > 0.5) g = h;
  return shownGround(g, rgb, s, f);
#else
  return mix(shownGround(g, rgb, s, f), shownGround(h, rgb, s, f), b);
#endif
#endif
}
