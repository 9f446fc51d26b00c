// Uncertain values: thin lines of a lighter version of the colour lie on it (of a darker one where it is pale), so that
// it stays the class that it is. Where two sides are mixed, lines of what is uncertain in one are as faint as that side.
// Needs face.glsl; pixelAngle.
const float HATCH_PIXELS = 8.0;
const float HATCH_ANGLE = 0.0064;   // radians that lines are apart at least: in large pictures they are as far apart as in small
const float HATCH_SHARE = 0.32;     // of the place that is under lines

vec3 hatched(vec3 rgb, Face f)
{
  if (f.unsure <= 0.0) return rgb;
  float apart = max(HATCH_PIXELS, HATCH_ANGLE / pixelAngle);
  float x = (gl_FragCoord.x - gl_FragCoord.y) / apart;   // rising, as in the legend
  float stripe = clamp((0.5 * HATCH_SHARE - abs(fract(x) - 0.5)) * apart / 1.4142 + 0.5, 0.0, 1.0);
  float pale = smoothstep(0.70, 0.86, dot(rgb, vec3(0.30, 0.59, 0.11)));
  return mix(rgb, mix(vec3(1.0), 0.5 * rgb, pale), f.unsure * mix(0.45, 0.32, pale) * stripe);
}
