// Selection and hover. The accent differs from the materials in hue and in lightness, so that it also reads in grey.
const vec3 ACCENT = vec3(0.05, 0.47, 0.98);

vec3 highlighted(vec3 rgb, int flags, float bright)
{
  float selected = (flags & FLAG_SELECTED) != 0 ? 0.48 : 0.0;
  rgb = mix(rgb, ACCENT * mix(0.40, 1.15, bright), selected);
  float hover = (flags & FLAG_HOVER) != 0 ? 1.0 : 0.0;
  return clamp(mix(rgb, vec3(1.0), 0.30 * hover) + hover * vec3(0.02, 0.03, 0.05), 0.0, 1.0);
}
