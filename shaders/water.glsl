// Water: a calm surface that mirrors the sky. Needs face.glsl, pattern.glsl, mirror.glsl.
// Uniforms: waterTime (seconds; constant when nothing plays).
const vec3 WATER_DEEP = vec3(0.290, 0.430, 0.460);
const int WAVES = 5;

Surface water(Face f)
{
  // direction and wavelength (metres) of each wave; the long ones stay visible farther away
  const vec3 WAVE[5] = vec3[5](
    vec3(0.82, 0.57, 9.7), vec3(-0.42, 0.91, 5.3), vec3(0.97, -0.24, 3.1), vec3(0.34, 0.94, 1.7), vec3(-0.77, 0.64, 0.95));
  vec2 slope = vec2(0.0);
  float px = f.pixel / max(f.toEye.z, 0.12);
  for (int i = 0; i < WAVES; ++i) {
    float k = 6.2831853 / WAVE[i].z;
    float phase = k * dot(WAVE[i].xy, f.at.xy) + sqrt(9.81 * k) * waterTime + 1.7 * float(i);
    slope += WAVE[i].xy * cos(phase) * 0.022 * seen(WAVE[i].z, px);
  }
  vec3 n = normalize(vec3(-slope, 1.0));
  float mirrored = min(fresnel(0.04, n, f.toEye), 0.75);
  vec3 sky = surroundings(reflect(-f.toEye, n)) * mirrored;
  vec3 deep = WATER_DEEP * (1.0 + 0.05 * humps(f.at.xy, 37.0, px));
  return Surface(deep * (1.0 - mirrored), sky * sky, 1.0, n);
}
