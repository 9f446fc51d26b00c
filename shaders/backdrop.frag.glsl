//VTK::System::Dec
//VTK::Output::Dec
// Sky with sun, moon and stars, and a quiet ground plane that fades into it. Nothing here has depth or an id.
// Defined by the program: LIGHTING (as in light.glsl), DATED (1: sun, moon and stars are drawn).
// Uniforms: place (lower left corner of the picture in the window, pixels; 2 / its width, 2 / its height),
//           rayRight, rayUp, rayAhead (view ray = ahead + ndc.x right + ndc.y up, world axes), eye (scene coordinates),
//           groundDisc (centre x, y, height z, radius), gridStep (metres), groundTone, lineTone (sRGB), moonTrue (unit vector to the moon), night,
//           pixelAngle (radians per pixel), idPass; those of light.glsl
//VTK::CustomUniforms::Dec
#include "face.glsl"
#include "light.glsl"

// footprint: metres of ground under a pixel
float gridLine(vec2 p, vec2 footprint, float stepSize)
{
  vec2 q = p / stepSize;
  vec2 width = footprint / stepSize;
  vec2 d = abs(fract(q - 0.5) - 0.5) / max(width, vec2(1e-6));
  float seen = 1.0 - smoothstep(0.12, 0.45, max(width.x, width.y));
  return (1.0 - smoothstep(0.5, 1.5, min(d.x, d.y))) * seen;
}

#if DATED == 1
const float SUN_RADIUS = 0.0075, MOON_RADIUS = 0.0085;   // radians, larger than life so that they are found

// Round disc around a body: 1 inside, soft by a pixel.
float disc(vec3 ray, vec3 body, float radius)
{
  float apart = length(ray - body);
  return 1.0 - smoothstep(radius - pixelAngle, radius + pixelAngle, apart);
}

// Few quiet points that keep their places.
float stars(vec3 ray)
{
  vec3 cell = floor(ray * 70.0);
  vec3 chance = fract(sin(vec3(dot(cell, vec3(12.99, 78.23, 37.72)), dot(cell, vec3(39.35, 11.14, 83.16)),
                               dot(cell, vec3(73.16, 52.24, 9.15)))) * 43758.55);
  vec3 place = normalize((cell + 0.2 + 0.6 * chance) / 70.0);
  float size = max(0.0009, 0.8 * pixelAngle);
  return step(0.90, chance.x) * chance.y * (1.0 - smoothstep(0.4 * size, size, length(ray - place)));
}

vec3 bodies(vec3 rgb, vec3 ray)
{
  float up = smoothstep(0.0, 0.15, ray.z);
  rgb += vec3(0.85, 0.88, 1.0) * stars(ray) * up * smoothstep(0.45, 1.0, night);
  if (sunTrue.z > -0.02) {
    float halo = max(dot(ray, sunTrue), 0.0);
    float bright = (0.55 * pow(halo, 2400.0) + 0.25 * pow(halo, 240.0)) * (1.0 - night);
    rgb = mix(rgb, 0.5 + 0.5 * skyGlow, bright);
    rgb = mix(rgb, vec3(1.0, 1.0, 0.975), disc(ray, sunTrue, SUN_RADIUS));
  }
  // the moon is a ball lit by the sun: so it has its phase, the right way round
  vec3 off = (ray - moonTrue) / MOON_RADIUS;
  vec3 ball = off - moonTrue * sqrt(max(1.0 - dot(off, off), 0.0));
  float lit = smoothstep(-0.1, 0.15, dot(ball, sunTrue));
  float seen = disc(ray, moonTrue, MOON_RADIUS) * mix(0.12, 1.0, night) * smoothstep(-0.02, 0.02, moonTrue.z);
  return mix(rgb, max(rgb, mix(rgb, vec3(0.93, 0.94, 0.90), 0.08 + 0.92 * lit)), seen);
}
#endif

// Ground at a place, lit as everything else. solid: how far it is from the sky behind it, 0..1.
vec3 groundColour(vec3 at, vec2 footprint)
{
  vec2 p = at.xy - groundDisc.xy;
  float line = max(gridLine(p, footprint, gridStep) * 0.4, gridLine(p, footprint, gridStep * 10.0) * 0.8);
  line *= 1.0 - smoothstep(0.8, 2.2, length(p) / groundDisc.w);
  vec3 n = vec3(0.0, 0.0, 1.0);
  findShade(at, n);
  vec3 tone = mix(groundTone, lineTone, line);
  return toneMapped(exposure * tone * tone * irradiance(n));
}

void main()
{
  // the same for a pixel in whichever band of rows it is drawn
  vec2 ndc = (gl_FragCoord.xy - place.xy) * place.zw - 1.0;
  vec3 ray = normalize(rayAhead + ndc.x * rayRight + ndc.y * rayUp);
  vec3 rgb = skyColour(ray);
#if DATED == 1
  rgb = bodies(rgb, ray);
#endif
  float down = min(ray.z, -1e-4);
  float away = (groundDisc.z - eye.z) / down;
  vec3 at = eye + ray * away;
  vec2 footprint = fwidth(at.xy);
  if (ray.z < -1e-4 && eye.z > groundDisc.z) {
    // beside a city the eye wants a horizon, not a plain without end
    float far = length(at.xy - eye.xy) / (0.4 * hazeMetres);
    float air = 1.0 - exp(-far * far);
    rgb = mix(groundColour(at, footprint), skyColour(vec3(ray.xy, 0.0)), air);
  } else if (ray.z < 0.0) {
    rgb = skyColour(vec3(ray.xy, 0.0)) * mix(1.0, 0.92, smoothstep(0.0, 0.6, -ray.z));
  }
  gl_FragData[0] = idPass == 1 ? vec4(0.0, 0.0, 0.0, 1.0) : vec4(rgb + dither(gl_FragCoord.xy), 1.0);
}
