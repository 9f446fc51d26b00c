// Selection and hover. The accent differs from the materials in hue and in lightness, so that it also reads in grey.
const vec3 ACCENT = vec3(0.05, 0.47, 0.98);

vec3 highlighted(vec3 rgb, int flags, vec3 n)
{
  if ((flags & FLAG_SELECTED) != 0) {
    float light = dot(irradiance(n), vec3(0.30, 0.55, 0.15));
    rgb = mix(rgb, ACCENT * mix(0.62, 1.12, smoothstep(0.25, 1.05, light)), 0.86);
  }
  if ((flags & FLAG_HOVER) != 0)
    rgb = mix(rgb, vec3(1.0), 0.30) + vec3(0.02, 0.03, 0.05);
  return clamp(rgb, 0.0, 1.0);
}
