// Ground, by use: quiet patterns laid on the world's axes. Needs face.glsl, pattern.glsl.
const vec3 GRASS = vec3(0.640, 0.715, 0.520);
const vec3 SOIL = vec3(0.660, 0.590, 0.490);
const vec3 ASPHALT = vec3(0.565, 0.570, 0.580);
const vec3 KERB = vec3(0.690, 0.680, 0.660);
const vec3 STONE = vec3(0.700, 0.685, 0.655);

// Mown or sown in strips of that width (metres), along a direction.
float strips(vec2 at, vec2 along, float width, float px) { return pulse(dot(at, along) / width, 0.0, 0.5, px / width) - 0.5; }

vec3 green(Face f, float px)
{
  vec2 p = f.at.xy;
  float patchy = 0.5 * humps(p, 23.0, px) + 0.3 * humps(p, 5.3, px) + 0.2 * humps(p, 0.7, px);
  if (f.use == 17) return mix(vec3(0.470, 0.560, 0.400), vec3(0.55, 0.60, 0.42), 0.5 + 0.5 * patchy);
  if (f.use == 18) return GRASS * (1.0 + 0.06 * patchy) * vec3(1.0, 0.985, 0.96);
  if (f.use == 19) {
    // beds with paths between them
    float bed = pulse(p.x / 7.0, 0.10, 1.0, px / 7.0) * pulse(p.y / 11.0, 0.08, 1.0, px / 11.0);
    vec3 tone = mix(GRASS, SOIL, 0.55 * hash1(floor(p / vec2(7.0, 11.0))) * seen(9.0, px));
    return mix(vec3(0.74, 0.71, 0.64), tone * (1.0 + 0.05 * strips(p, vec2(0.0, 1.0), 0.9, px)), bed);
  }
  if (f.use == 20) {
    float turn = 6.2831853 * f.random;
    vec2 along = vec2(cos(turn), sin(turn));
    vec3 crop = mix(vec3(0.735, 0.730, 0.500), vec3(0.600, 0.690, 0.460), fract(f.random * 5.7));
    return crop * (1.0 + 0.045 * strips(p, along, 9.0, px) + 0.05 * strips(p, along, 1.1, px) + 0.03 * patchy);
  }
  if (f.use == 21) {
    // rows run up the slope
    vec2 across = dot(f.n.xy, f.n.xy) > 1e-4 ? normalize(vec2(-f.n.y, f.n.x)) : vec2(1.0, 0.0);
    float row = pulse(dot(p, across) / 2.2, 0.0, 0.45, px / 2.2);
    return mix(vec3(0.705, 0.665, 0.540), vec3(0.500, 0.600, 0.385), row);
  }
  if (f.use == 22) return vec3(0.560, 0.690, 0.500) * (1.0 + 0.05 * strips(p, vec2(1.0, 0.0), 10.0, px));
  return GRASS * (1.0 + 0.055 * patchy);
}

vec3 paved(Face f, float px)
{
  vec2 p = f.at.xy;
  float grain = 0.5 * humps(p, 0.35, px) + 0.5 * humps(p, 4.0, px);
  if (f.use == 23) return vec3(0.800, 0.765, 0.680) * (1.0 + 0.03 * grain);
  if (f.use == 24) return STONE * (1.0 - 0.10 * (joints(p, vec2(0.9, 0.6), 0.02, px) - 0.05) + 0.02 * grain);
  if (f.use == 25) return vec3(0.670, 0.665, 0.650) * (1.0 - 0.10 * (joints(p, vec2(5.0, 5.0), 0.06, px) - 0.02) + 0.02 * grain);
  if (f.use == 33) {
    float chance = hash1(floor(vec2(p.x / 0.22 + 0.5 * mod(floor(p.y / 0.16), 2.0), p.y / 0.16)));
    vec3 sett = vec3(0.655, 0.630, 0.595) * (1.0 + 0.10 * (chance - 0.5) * seen(0.2, px));
    return sett * (1.0 - 0.18 * (joints(p, vec2(0.22, 0.16), 0.02, px) - 0.2) + 0.02 * grain);
  }
  if (f.use == 34) return vec3(0.745, 0.725, 0.685) * (1.0 - 0.12 * (joints(p, vec2(0.6, 0.4), 0.02, px) - 0.08) + 0.015 * grain);
  if (f.use == 35) return vec3(0.92, 0.92, 0.90);
  if (f.use == 36) return vec3(0.600, 0.595, 0.580) * (1.0 + 0.03 * grain);
  return ASPHALT * (1.0 + 0.025 * grain);
}

// Open land: grass, drier higher up, bare where it is steep.
vec3 terrain(Face f, float px)
{
  vec2 p = f.at.xy;
  float patchy = 0.5 * humps(p, 61.0, px) + 0.3 * humps(p, 14.0, px) + 0.2 * humps(p, 1.9, px);
  vec3 tone = mix(vec3(0.665, 0.725, 0.545), vec3(0.720, 0.715, 0.585), smoothstep(5.0, 120.0, f.above));
  tone = mix(tone, vec3(0.690, 0.660, 0.600), smoothstep(0.90, 0.70, f.n.z));
  return tone * (1.0 + 0.05 * patchy);
}

// rgb: the tone that the face has without its pattern, for uses that have none
Surface ground(Face f, vec3 rgb)
{
  float px = f.pixel / max(dot(f.n, f.toEye), 0.06);
  if (f.code == 16) rgb = vec3(0.730, 0.715, 0.685) * (1.0 - 0.12 * (joints(f.at.xy, vec2(0.6, 0.4), 0.02, px) - 0.08));
  else if (f.code == 17) rgb = vec3(0.92, 0.92, 0.90);
  else if (f.use == 44) rgb = terrain(f, px);
  else if (f.use >= 16 && f.use <= 22) rgb = green(f, px);
  else if (f.use >= 23 && f.use <= 36) rgb = paved(f, px);
  return Surface(rgb, vec3(0.0), 0.0, f.n);
}
