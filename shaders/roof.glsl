// Roofs: tiles, standing seams or gravel by use and slope, in a few tones. Needs face.glsl, pattern.glsl, mirror.glsl.

vec3 pitchedTone(Face f)
{
  const vec3 TONES[6] = vec3[6](
    vec3(0.690, 0.455, 0.375), vec3(0.640, 0.430, 0.360), vec3(0.715, 0.500, 0.415), vec3(0.535, 0.525, 0.520),
    vec3(0.610, 0.470, 0.410), vec3(0.470, 0.470, 0.475));
  if (f.use == 3 || f.use == 6) return mix(vec3(0.52, 0.53, 0.54), TONES[0], f.use == 6 ? 0.35 * f.random : 0.0);
  if (f.use == 5) return mix(vec3(0.66, 0.68, 0.69), vec3(0.60, 0.55, 0.52), f.random);
  if (f.use == 7) return vec3(0.45, 0.475, 0.49);
  vec3 tone = TONES[int(fract(f.random * 5.17) * 5.999)];
  return f.use == 2 ? mix(tone, TONES[0], 0.55) : tone;
}

vec3 flatTone(Face f)
{
  return mix(vec3(0.695, 0.680, 0.655), vec3(0.770, 0.765, 0.745), fract(f.random * 4.3));
}

Surface roof(Face f)
{
  float up = abs(f.n.z);
  float foot = f.pixel / max(dot(f.n, f.toEye), 0.08);
  float pitched = 1.0 - smoothstep(0.965, 0.990, up);
  vec3 tone = mix(flatTone(f), pitchedTone(f), pitched);
  if (f.use == 8) {
    Surface s = Surface(vec3(0.80, 0.86, 0.85), vec3(0.0), 0.0, f.n);
    vec2 across = normalize(vec2(-f.n.y, f.n.x) + 1e-6);
    float bars = 1.0 - pulse(dot(f.at.xy, across) / 1.2, 0.05, 1.0, foot / 1.2);
    addGlass(s, f, vec3(0.62, 0.70, 0.70), 0.85 * (1.0 - bars), 0.25 * night);
    return s;
  }
  if (pitched > 0.0) {
    float steep = sqrt(max(1.0 - up * up, 1e-4));
    vec2 along = vec2(-f.n.y, f.n.x) / steep;
    if (f.use == 3 || f.use == 5 || f.use == 6) {
      // seams run down the roof
      float seam = pulse(dot(f.at.xy, along) / 0.62, 0.0, 0.10, foot / 0.62);
      tone *= 1.0 + pitched * 0.10 * (seam - 0.10);
    } else {
      // courses of tiles, each shading the next; 0.34 m along the slope
      float course = pulse(f.at.z / steep / 0.34, 0.0, 0.22, foot / 0.34);
      float column = pulse(dot(f.at.xy, along) / 0.26, 0.0, 0.25, foot / 0.26);
      tone *= 1.0 - pitched * (0.09 * (course - 0.22) + 0.035 * (column - 0.25));
      tone *= 1.0 + pitched * 0.035 * humps(vec2(dot(f.at.xy, along), f.at.z / steep), 0.9, foot);
    }
  }
  if (pitched < 1.0) {
    float grain = 0.7 * humps(f.at.xy, 0.22, foot) + 0.3 * humps(f.at.xy, 5.3, foot);
    tone *= 1.0 + (1.0 - pitched) * 0.030 * grain;
  }
  return Surface(tone, vec3(0.0), 0.0, f.n);
}
