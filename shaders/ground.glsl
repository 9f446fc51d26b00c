// Ground, by use: quiet patterns laid on the world's axes. Needs finish.glsl.
const vec3 GRASS = vec3(0.640, 0.715, 0.520);
const vec3 ASPHALT = vec3(0.565, 0.570, 0.580);
const vec3 STONE = vec3(0.700, 0.685, 0.655);
const vec3 SLABS = vec3(0.738, 0.722, 0.688);
const vec3 KERB = vec3(0.690, 0.680, 0.660);

void turn(inout Finish m, vec2 along) { m.at = vec2(dot(m.at, along), dot(m.at, vec2(-along.y, along.x))); }

void rows(inout Finish m, float width, float gap, vec3 between)
{
  m.slab = vec2(ENDLESS, width);
  m.gap = gap;
  m.joint = between;
}

void green(Face f, inout Finish m)
{
  m.tone = m.joint = GRASS;
  m.humps = vec2(23.0, 2.3);
  m.rough = vec2(0.026, 0.020);
  float angle = 6.2831853 * f.random;
  if (f.use == 17) { m.tone = m.joint = vec3(0.500, 0.580, 0.410); m.rough = vec2(0.06, 0.06); }
  else if (f.use == 18) m.tone = m.joint = GRASS * vec3(1.0, 0.985, 0.96);
  else if (f.use == 19) {
    // beds with paths between them
    m.slab = vec2(11.0, 7.0);
    m.gap = 0.7;
    m.joint = vec3(0.74, 0.71, 0.64);
    m.vary = 0.16;
  } else if (f.use == 20) {
    m.tone = mix(vec3(0.735, 0.730, 0.500), vec3(0.600, 0.690, 0.460), fract(f.random * 5.7));
    turn(m, vec2(cos(angle), sin(angle)));
    rows(m, 1.3, 0.5, 0.92 * m.tone);
  } else if (f.use == 21) {
    // rows run up the slope
    m.tone = vec3(0.500, 0.600, 0.385);
    turn(m, dot(f.n.xy, f.n.xy) > 1e-4 ? normalize(f.n.xy) : vec2(1.0, 0.0));
    rows(m, 2.2, 1.2, vec3(0.705, 0.665, 0.540));
  } else if (f.use == 22) {
    m.tone = vec3(0.575, 0.705, 0.515);
    rows(m, 10.0, 5.0, vec3(0.545, 0.675, 0.485));
    m.rough = vec2(0.01, 0.01);
  }
}

void slabs(inout Finish m, vec3 tone, vec2 size, float gap, float dark)
{
  m.tone = tone;
  m.slab = size;
  m.gap = gap;
  m.joint = (1.0 - dark) * tone;
}

void paved(Face f, inout Finish m)
{
  m.humps = vec2(4.0, 0.35);
  m.rough = vec2(0.008, 0.010);
  m.tone = m.joint = ASPHALT;
  if (f.use == 23) m.tone = m.joint = vec3(0.800, 0.765, 0.680);
  else if (f.use == 24) slabs(m, STONE, vec2(0.9, 0.6), 0.02, 0.11);
  else if (f.use == 25) slabs(m, vec3(0.670, 0.665, 0.650), vec2(5.0), 0.06, 0.11);
  else if (f.use == 33) { slabs(m, vec3(0.665, 0.640, 0.605), vec2(0.22, 0.16), 0.02, 0.15); m.vary = 0.09; }
  else if (f.use == 34) slabs(m, SLABS, vec2(0.6, 0.4), 0.02, 0.12);
  else if (f.use == 35) m.tone = m.joint = vec3(0.92, 0.92, 0.90);
  else if (f.use == 36) m.tone = m.joint = vec3(0.600, 0.595, 0.580);
}

// Open land: grass, drier higher up, bare where it is steep.
void terrain(Face f, inout Finish m)
{
  vec3 tone = mix(vec3(0.665, 0.725, 0.545), vec3(0.720, 0.715, 0.585), smoothstep(5.0, 120.0, f.above));
  m.tone = m.joint = mix(tone, vec3(0.690, 0.660, 0.600), smoothstep(0.90, 0.70, f.n.z));
  m.humps = vec2(61.0, 5.3);
  m.rough = vec2(0.03, 0.02);
}

void ground(Face f, inout Finish m)
{
  if (f.code == 16) slabs(m, SLABS, vec2(0.6, 0.4), 0.02, 0.12);
  else if (f.code == 17) m.tone = m.joint = vec3(0.92, 0.92, 0.90);
  else if (f.use == 44) terrain(f, m);
  else if (f.use <= 22) green(f, m);
  else if (f.use <= 36) paved(f, m);
}
