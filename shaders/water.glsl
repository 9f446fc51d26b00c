// Water: a calm surface that mirrors the sky. Needs finish.glsl.
// Uniforms: waterTime (seconds; constant when nothing plays).
// Defined by the program: LIGHTING (1: the map of heights tells where the shore is).
#if LIGHTING == 1
vec2 heightsAt(vec2 at);   // skyview.glsl
#endif
const vec3 FOAM = vec3(0.780, 0.850, 0.855);
const vec3 WATER_DEEP = vec3(0.365, 0.520, 0.560);

// Slope of one wave: direction, length (metres).
vec2 wave(vec2 at, vec2 way, float metres, float px)
{
  float k = 6.2831853 / metres;
  return way * cos(k * dot(way, at) + sqrt(9.81 * k) * waterTime) * seen(metres, px);
}

void water(Face f, inout Finish m)
{
  float px = f.pixel / max(f.toEye.z, 0.12);
  // bent, so that straight crests do not cross in a chequered pattern
  vec2 at = f.at.xy + vec2(4.1 * sin(f.at.y / 9.0) + 1.3 * sin(f.at.x / 3.7), 3.6 * sin(f.at.x / 11.0 + f.at.y / 23.0));
  vec2 slope = wave(at, vec2(0.82, 0.57), 9.7, px) + wave(at, vec2(-0.42, 0.91), 5.3, px)
             + wave(at, vec2(0.97, -0.24), 3.1, px) + wave(at, vec2(0.34, 0.94), 1.7, px)
             + wave(at, vec2(-0.77, 0.64), 0.95, px);
  m.n = normalize(vec3(-0.019 * slope, 1.0));
  m.share = 1.0;
  m.pane = WATER_DEEP;
#if LIGHTING == 1
  // lighter along the shore, where the ground around rises; not below bridges
  vec2 heights = heightsAt(f.at.xy) - f.at.z;
  // (and not below what stands high over the water, such as a crane)
  float shore = smoothstep(0.05, 1.1, heights.y) * (1.0 - smoothstep(0.3, 0.8, heights.x))
              * (1.0 - smoothstep(7.0, 13.0, heights.y));
  float lap = 0.85 + 0.15 * sin(0.7 * waterTime + 0.9 * f.at.x + 1.3 * f.at.y) * seen(4.0, px);
  m.pane = mix(WATER_DEEP, FOAM, 0.22 * shore * lap);
#endif
  m.straight = 0.04;
}
