// Sun and sky of an architectural model. Normals are unit vectors in world axes (x east, y north, z up).
const vec3 SUN_DIRECTION = vec3(0.312, -0.604, 0.733);   // from the south-south-east, 47 degrees high
const vec3 SUN_LIGHT     = vec3(0.80, 0.755, 0.675);
const vec3 SKY_LIGHT     = vec3(0.40, 0.435, 0.49);
const vec3 GROUND_LIGHT  = vec3(0.245, 0.225, 0.205);

vec3 toLinear(vec3 srgb) { return pow(srgb, vec3(2.2)); }
vec3 toScreen(vec3 linear) { return pow(clamp(linear, 0.0, 1.0), vec3(1.0 / 2.2)); }

// light that falls on a face, linear; never black
vec3 irradiance(vec3 n)
{
  float sun = max(dot(n, SUN_DIRECTION), 0.0);
  float sky = 0.5 + 0.5 * n.z;
  // a little light from the west keeps faces in the shade apart from each other
  float side = 0.05 * (0.5 - 0.5 * n.x);
  return SUN_LIGHT * sun + mix(GROUND_LIGHT, SKY_LIGHT, sky) + side;
}

// a model's material in full light and shade
vec3 shadeMaterial(vec3 srgb, vec3 n) { return toScreen(toLinear(srgb) * irradiance(n)); }

// a colour that means something: hue kept, brightness between 0.80 and 1 of itself
vec3 shadeData(vec3 srgb, vec3 n)
{
  float light = dot(irradiance(n), vec3(0.30, 0.55, 0.15));
  return srgb * mix(0.80, 1.0, smoothstep(0.25, 1.05, light));
}
