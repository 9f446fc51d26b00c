// Sun or moon, sky and ground of an architectural model. Normals are unit vectors in world axes (x east, y north, z up).
// Defined by the program: LIGHTING (0 without shadows, 1 with shadows and shade under the sky).
// Uniforms: sunDir (unit vector to the sun or moon that lights), sunLight, skyLight, groundLight (linear), exposure,
//           hazeMetres (distance at which a third of the colour is air); those of sky, shadow and skyview.
// Needs face.glsl.
#include "tone.glsl"
#include "sky.glsl"
#if LIGHTING == 1
#include "shadow.glsl"
#include "skyview.glsl"
#endif

float sunShare = 1.0;   // of the sun that reaches this place
float skyShare = 1.0;   // of the sky that this place sees

// Find the shade that a place lies in; before anything else here is called.
void findShade(vec3 at, vec3 n)
{
#if LIGHTING == 1
  skyShare = skyOpen(at, n);
  if (sunDir.z > 0.0) sunShare = sunlit(at, n);
#endif
}

// Light that falls on a face with normal n here; linear, before exposure.
vec3 irradiance(vec3 n)
{
  float up = 0.5 + 0.5 * n.z;
  // the sky is brighter around the sun, which keeps faces in the shade apart from each other
  vec3 sky = skyLight * up * (1.0 + 0.22 * dot(n.xy, sunDir.xy));
  return sunLight * max(dot(n, sunDir), 0.0) * sunShare + (sky + groundLight * (1.0 - up)) * skyShare;
}

// How bright the eye finds a light: 0 in the deepest shade, 1 in the sun, at any time of the day.
float brightness(vec3 light)
{
  const vec3 LUMA = vec3(0.21, 0.72, 0.07);
  float floorLight = dot(sunLight * max(sunDir.z, 0.0) + skyLight, LUMA);
  return smoothstep(0.12, 1.0, dot(light, LUMA) / max(floorLight, 1e-6));
}

// Air between the viewer and the city: far things fade towards the sky behind them.
vec3 throughAir(vec3 rgb, vec3 way, float metres)
{
  float d2 = 0.4 * metres * metres / (hazeMetres * hazeMetres);
  return mix(rgb, skyColour(vec3(way.xy, max(way.z, 0.0))), min(0.7, d2 / (1.0 + d2)));
}

// A surface under sun and sky, as the screen shows it.
vec3 lit(Surface s, Face f)
{
  vec3 light = s.rgb * s.rgb * irradiance(s.n);
  vec3 mirrored = reflect(-f.toEye, s.n);
  float glint = pow(max(dot(mirrored, sunDir), 0.0), 80.0) * s.gloss * sunShare;
  vec3 rgb = toneMapped(exposure * (light + 0.85 * glint * sunLight) + s.glow);
  return throughAir(rgb, -f.toEye, f.distance) + dither(gl_FragCoord.xy);
}

// A colour that means something: hue kept, between 0.85 and 1 of itself by day and by night, so that the
// nearest colour of the legend stays its own (tests/render/test_light.py).
vec3 shadeData(vec3 srgb, Face f)
{
  return srgb * mix(0.85, 1.0, brightness(irradiance(f.n)));
}

// An object without data: a plaster model in the legend's grey, in which roads, water and walls differ a little; darker
// than a value of zero that is none.
// s: what the face is in the default look
vec3 shadeNoData(vec3 grey, Surface s, Face f)
{
  float tone = dot(s.rgb, vec3(0.30, 0.59, 0.11)) / max(grey.g, 0.01);
  return min(grey * mix(1.04, tone, 0.5) * mix(0.62, 0.96, brightness(irradiance(f.n))), vec3(1.0));
}

// The model in a pale tone, in which roads, fields and walls can still be told apart: a value of zero that is none.
vec3 paleModel(vec3 pale, Surface s, Face f)
{
  float tone = dot(s.rgb, vec3(0.30, 0.59, 0.11)) / max(pale.g, 0.01);
  return min(pale * mix(1.0, tone, 0.22) * mix(0.80, 1.06, brightness(irradiance(f.n))), vec3(1.0));
}

// A place that the simulation did not cover: pale under fine diagonal lines, which fall the other way than the hatching
// of what is uncertain. s: what the face is in the default look
vec3 notModelled(vec3 pale, Surface s, Face f)
{
  float x = fract((gl_FragCoord.x + gl_FragCoord.y) / 6.0);   // falling, as in the legend
  float line = clamp((0.12 - abs(x - 0.5)) * 6.0 + 0.5, 0.0, 1.0);
  return paleModel(pale, s, f) * (1.0 - 0.22 * line);
}

// A photo has its own light and shade: add little by day; by night it is as dark as the rest.
vec3 shadePhoto(Surface s, Face f)
{
  vec3 light = exposure * irradiance(f.n);
  return toneMapped(s.rgb * s.rgb * mix(vec3(0.95 * min(1.0, 1.2 * exposure * dot(skyLight + sunLight * max(sunDir.z, 0.0), vec3(0.33)))), light, 0.45));
}
