// Uncertain values: the colour and a lighter version of it take turns, so that it stays the class that it is.
// Needs face.glsl, style.glsl.
const float HATCH_PIXELS = 9.0;

vec3 hatched(vec3 rgb, Face f)
{
  if ((f.flags & FLAG_UNCERTAIN) == 0) return rgb;
  float x = (gl_FragCoord.x + gl_FragCoord.y) / HATCH_PIXELS;
  float stripe = clamp((0.25 - abs(fract(x) - 0.5)) * HATCH_PIXELS + 0.5, 0.0, 1.0);
  return mix(rgb, vec3(1.0), 0.34 * stripe);
}
