// Trees and street furniture. Needs face.glsl.
const vec3 BARK = vec3(0.480, 0.405, 0.335);
const vec3 METAL = vec3(0.365, 0.385, 0.400);   // posts of lamps and wires
const vec3 TIMBER = vec3(0.600, 0.535, 0.465);

vec3 thing(Face f)
{
  if (f.use == 50) return f.top > 4.2 ? METAL : mix(TIMBER, f.own, 0.25);
  float crown = smoothstep(0.13, 0.15, f.above / max(f.top, 0.1));
  vec3 leaves = mix(vec3(0.455, 0.570, 0.375), vec3(0.560, 0.625, 0.420), f.random);
  if (f.use == 49) leaves = mix(vec3(0.330, 0.460, 0.365), vec3(0.400, 0.510, 0.390), f.random);
  // the crown is darker inside and below
  leaves *= mix(0.86, 1.05, clamp(f.above / max(f.top, 0.1), 0.0, 1.0));
  return mix(BARK, leaves, crown);
}
