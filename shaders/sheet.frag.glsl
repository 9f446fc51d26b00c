//VTK::System::Dec
//VTK::Output::Dec
// Water of a simulation: the colour tells its value, waves and sky that it is water. Dry places are not drawn.
// Defined by the program: REALISM, LIGHTING (as in city.frag.glsl), SIDES (as in sides.glsl), SIDE (1 = B),
//                         NEXT (1: between two steps), MARKS (1: some values are uncertain).
// Uniforms: depthTex, depthTexNext (R32F, dry where not > 0), waterMix, marksTex (R8), eye, pixelAngle; those of light,
//           water, field and sides
uniform sampler2D depthTex;
#ifdef NEXT
uniform sampler2D depthTexNext;
#endif
#ifdef MARKS
uniform sampler2D marksTex;
#endif
in vec3 fromEye;
in vec2 cell;
//VTK::CustomUniforms::Dec
#include "style.glsl"
#include "face.glsl"
#include "light.glsl"
#include "pattern.glsl"
#include "mirror.glsl"
#include "finish.glsl"
#include "water.glsl"
#include "field.glsl"
#include "hatch.glsl"
#ifdef MARKS
#include "cells.glsl"
#endif
#ifdef SIDES
#include "door.glsl"
#include "sides.glsl"
#endif

// Share of the four nearest cells (by bilinear weight) that are wet, and their mean value.
vec2 wetAt(sampler2D tex, ivec2 size)
{
  vec2 p = cell - 0.5, low = floor(p), q = p - low;
  ivec2 a = clamp(ivec2(low), ivec2(0), size - 1), b = clamp(ivec2(low) + 1, ivec2(0), size - 1);
  vec4 v = vec4(texelFetch(tex, a, 0).r, texelFetch(tex, ivec2(b.x, a.y), 0).r,
                texelFetch(tex, ivec2(a.x, b.y), 0).r, texelFetch(tex, b, 0).r);
  vec4 weight = vec4((1.0 - q.x) * (1.0 - q.y), q.x * (1.0 - q.y), (1.0 - q.x) * q.y, q.x * q.y);
  float wet = 0.0, sum = 0.0;
  for (int i = 0; i < 4; ++i) {
    bool ok = v[i] > 0.0 && v[i] < 1e30;
    wet += ok ? weight[i] : 0.0;
    sum += ok ? weight[i] * v[i] : 0.0;
  }
  return vec2(wet, sum / max(wet, 1e-6));
}

Face faceHere()
{
  Face f;
  f.code = 12;
  f.use = 40;
  f.flags = 0;
  f.own = vec3(0.5);
  f.n = vec3(0.0, 0.0, 1.0);
  f.at = eye + fromEye;
  f.distance = length(fromEye);
  f.toEye = -fromEye / max(f.distance, 1e-6);
  if (f.toEye.z < 0.0) f.n = -f.n;
  f.above = f.top = f.storey = f.random = f.unsure = 0.0;
  f.wall = vec4(0.0);
  f.pixel = f.distance * pixelAngle;
  return f;
}

void main()
{
#ifdef SIDES
#ifdef SIDE
  if (!throughDoor(shareOfB(), false)) discard;
#else
  if (!throughDoorOfA(1.0 - shareOfB(), false)) discard;
#endif
#endif
  ivec2 size = textureSize(depthTex, 0);
  vec2 here = wetAt(depthTex, size);
#ifdef NEXT
  vec2 next = wetAt(depthTexNext, size);
  vec2 share = vec2(here.x * (1.0 - waterMix), next.x * waterMix);
  float wet = share.x + share.y, value = dot(share, vec2(here.y, next.y)) / max(wet, 1e-6);
#else
  float wet = here.x, value = here.y;
#endif
  float px = max(fwidth(wet), 1e-4);
  bool outside = any(lessThan(cell, vec2(0.0))) || any(greaterThan(cell, vec2(size)));
  if (wet < 0.5 || outside) discard;
  Face f = faceHere();
  findShade(f.at, f.n);
  Finish m = plainFinish(f, vec3(0.5));
#if REALISM > 0
  water(f, m);
#endif
  int kind = kindOf(value);
  vec3 own = kindColour(kind, value);
  // slopes of waves that face the sun are a little brighter; the class stays what it is
  float wave = clamp(1.0 + 1.6 * dot(m.n - vec3(0.0, 0.0, 1.0), vec3(sunDir.xy, 0.0)), 0.95, 1.05);
  vec3 rgb = shadeData(own, f) * wave;
#if REALISM > 0
  float mirrored = 0.45 * min(fresnel(0.02, m.n, f.toEye), 0.4);
  vec3 way = reflect(-f.toEye, m.n);
  rgb = mix(rgb, surroundings(way), mirrored);
  rgb += 0.30 * pow(max(dot(way, sunDir), 0.0), 90.0) * sunShare * min(exposure * sunLight, vec3(1.0));
#endif
  // the water's edge: a light line, one and a half pixels wide
  float edge = 1.0 - clamp((wet - 0.5) / (1.5 * px), 0.0, 1.0);
  if (wet < 0.999) rgb = mix(rgb, vec3(0.96, 0.98, 1.0) * mix(0.5, 1.0, brightness(irradiance(f.n))), 0.75 * edge);
#ifdef MARKS
  f.unsure = markedAt(marksTex, cell, size) ? 1.0 : 0.0;
#endif
  gl_FragData[0] = vec4(hatched(clamp(rgb, 0.0, 1.0), f), 1.0);
}
