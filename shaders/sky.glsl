// Colour of the sky (sRGB) in a direction, for the background and for the air in front of far things.
// Uniforms: skyTop, skyBottom, skyGlow (overhead, at the horizon, at the horizon under the sun), sunTrue (unit vector
//           to the sun, also below the horizon).
vec3 skyColour(vec3 way)
{
  float up = clamp(way.z, 0.0, 1.0);
  float low = (1.0 - up) * (1.0 - up);
  low *= low;
  vec3 rgb = mix(skyTop, skyBottom, low);
  // warm light gathers around the sun: wide along the horizon, narrow above it
  float toward = 0.5 + 0.5 * dot(way, sunTrue);
  float wide = toward * toward;
  wide *= wide;
  float narrow = wide * wide;
  return mix(rgb, skyGlow, clamp(0.85 * wide * low + 0.5 * narrow * narrow * narrow * (1.0 - 0.5 * up), 0.0, 1.0));
}
