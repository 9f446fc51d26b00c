// Sun and sky of an architectural model. Normals are unit vectors in world axes (x east, y north, z up).
// Uniforms: hazeMetres (distance at which a third of the colour is air), skyBottom.
const vec3 SUN_DIRECTION = vec3(-0.288, -0.618, 0.731);   // from the south-south-west, 47 degrees high
const vec3 SUN_LIGHT     = vec3(0.66, 0.615, 0.54);
const vec3 SKY_LIGHT     = vec3(0.49, 0.53, 0.60);
const vec3 GROUND_LIGHT  = vec3(0.35, 0.325, 0.30);

// Light that falls on a face; never black. Linear.
vec3 irradiance(vec3 n)
{
  float sun = max(dot(n, SUN_DIRECTION), 0.0);
  // a little light from the east keeps faces in the shade apart from each other
  float side = 0.03 + 0.03 * n.x;
  return SUN_LIGHT * sun + mix(GROUND_LIGHT, SKY_LIGHT, 0.5 + 0.5 * n.z) + side;
}

// How bright the eye finds a light: 0 in the deepest shade, 1 in the sun.
float brightness(vec3 light) { return smoothstep(0.25, 1.05, dot(light, vec3(0.30, 0.55, 0.15))); }

// Walls darken towards the foot, where streets and neighbours take the sky away.
float footShade(Face f)
{
  return mix(1.0, mix(0.74, 1.0, smoothstep(-0.5, 7.0, f.above)), 1.0 - smoothstep(0.35, 0.75, abs(f.n.z)));
}

// Air between the viewer and the city: far things fade towards the horizon.
vec3 throughAir(vec3 rgb, float metres)
{
  float d2 = 0.4 * metres * metres / (hazeMetres * hazeMetres);
  return mix(rgb, skyBottom, min(0.55, d2 / (1.0 + d2)));
}

// A surface under sun and sky, as the screen shows it.
// The screen's gamma is taken as 2, so that colour * colour * light becomes colour * sqrt(light).
vec3 lit(Surface s, Face f)
{
  return throughAir(min(s.rgb * sqrt(irradiance(s.n)) * footShade(f) + sqrt(s.glow), vec3(1.0)), f.distance);
}

// A colour that means something: hue kept, between 0.80 and 1 of itself.
vec3 shadeData(vec3 srgb, Face f)
{
  return srgb * mix(0.80, 1.0, brightness(irradiance(f.n))) * mix(1.0, footShade(f), 0.35);
}

// An object without data: a plaster model in the legend's grey, in which roads, water and walls differ a little.
// s: what the face is in the default look
vec3 shadeNoData(vec3 grey, Surface s, Face f)
{
  float tone = dot(s.rgb, vec3(0.30, 0.59, 0.11)) / max(grey.g, 0.01);
  return min(grey * mix(1.04, tone, 0.5) * (0.32 + 0.68 * irradiance(f.n)), vec3(1.0)) * footShade(f);
}

// A photo has its own light and shade: add little.
vec3 shadePhoto(Surface s, Face f)
{
  return min(s.rgb * sqrt(mix(vec3(0.95), irradiance(f.n), 0.35)), vec3(1.0));
}
