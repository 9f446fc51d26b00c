// Sun and sky of an architectural model. Normals are unit vectors in world axes (x east, y north, z up).
const vec3 SUN_DIRECTION = vec3(-0.288, -0.618, 0.731);   // from the south-south-west, 47 degrees high
const vec3 SUN_LIGHT     = vec3(0.66, 0.615, 0.54);
const vec3 SKY_LIGHT     = vec3(0.49, 0.53, 0.60);
const vec3 GROUND_LIGHT  = vec3(0.35, 0.325, 0.30);

vec3 toLinear(vec3 srgb) { return pow(srgb, vec3(2.2)); }
vec3 toScreen(vec3 linear) { return pow(clamp(linear, 0.0, 1.0), vec3(1.0 / 2.2)); }

// light that falls on a face, linear; never black
vec3 irradiance(vec3 n)
{
  float sun = max(dot(n, SUN_DIRECTION), 0.0);
  float sky = 0.5 + 0.5 * n.z;
  // a little light from the east keeps faces in the shade apart from each other
  float side = 0.06 * (0.5 + 0.5 * n.x);
  return SUN_LIGHT * sun + mix(GROUND_LIGHT, SKY_LIGHT, sky) + side;
}

// Walls darken towards the foot, where streets and neighbours take the sky away. above: metres over the object's base
float footShade(float above, vec3 n)
{
  return mix(1.0, mix(0.74, 1.0, smoothstep(-0.5, 7.0, above)), 1.0 - smoothstep(0.35, 0.75, abs(n.z)));
}

// a model's material in full light and shade
vec3 shadeMaterial(vec3 srgb, vec3 n) { return toScreen(toLinear(srgb) * irradiance(n)); }

// a colour that means something: hue kept, brightness between 0.80 and 1 of itself
vec3 shadeData(vec3 srgb, vec3 n)
{
  float light = dot(irradiance(n), vec3(0.30, 0.55, 0.15));
  return srgb * mix(0.80, 1.0, smoothstep(0.25, 1.05, light));
}
