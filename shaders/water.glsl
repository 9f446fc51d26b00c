// Water: a calm surface that mirrors the sky. Needs finish.glsl.
// Uniforms: waterTime (seconds; constant when nothing plays).
const vec3 WATER_DEEP = vec3(0.290, 0.430, 0.460);

// Slope of one wave: direction, length (metres).
vec2 wave(vec2 at, vec2 way, float metres, float px)
{
  float k = 6.2831853 / metres;
  return way * cos(k * dot(way, at) + sqrt(9.81 * k) * waterTime) * seen(metres, px);
}

void water(Face f, inout Finish m)
{
  float px = f.pixel / max(f.toEye.z, 0.12);
  vec2 slope = wave(f.at.xy, vec2(0.82, 0.57), 9.7, px) + wave(f.at.xy, vec2(-0.42, 0.91), 5.3, px)
             + wave(f.at.xy, vec2(0.97, -0.24), 3.1, px) + wave(f.at.xy, vec2(0.34, 0.94), 1.7, px)
             + wave(f.at.xy, vec2(-0.77, 0.64), 0.95, px);
  m.n = normalize(vec3(-0.022 * slope, 1.0));
  m.share = 1.0;
  m.pane = WATER_DEEP;
  m.straight = 0.04;
}
